package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"myfsio/accesslog"
	"myfsio/adminapi"
	"myfsio/config"
	"myfsio/gz"
	"myfsio/logs"
	"myfsio/work"
	"myfsio/work/assemble"
	"myfsio/work/inventory"
	"myfsio/work/lifecycle"
	"myfsio/work/reclaim"
)

// Run serves until ctx ends, then drains: running requests finish, the plain-file view is brought up to date, the
// data directory is closed. out gets what a person at the terminal should see.
//
// worker is the command of a process that runs one SQL query, see package query; without one the server has no SQL.
func Run(ctx context.Context, cfg *config.Config, version string, out io.Writer, worker ...string) error {
	log, err := openLog(cfg, out)
	if err != nil {
		return err
	}
	defer log.Close()
	// Little of what lives does so for long: with a few megabytes alive the collector would run many times a second. These
	// bytes, which are never touched and so take no memory, let it wait until as many were allocated.
	ballast := make([]byte, ballastBytes)
	defer runtime.KeepAlive(ballast)
	s := &server{cfg: cfg, version: version, out: out, log: log.Logger, worker: worker}
	if err := s.run(ctx); err != nil {
		s.log.Error("stopped", "error", err)
		return err
	}
	s.log.Info("stopped")
	return nil
}

const ballastBytes = 32 << 20

type server struct {
	cfg       *config.Config
	version   string
	out       io.Writer
	log       *slog.Logger
	worker    []string // command that runs one query
	data      *Data
	load      *work.Load
	jobs      adminapi.Jobs
	notices   notices
	lifecycle *lifecycle.Worker
	inventory *inventory.Worker
	logs      *accesslog.Log // of buckets
}

func openLog(cfg *config.Config, out io.Writer) (*logs.Log, error) {
	o := logs.Options{Level: cfg.Log.Level, JSON: cfg.Log.Format == "json", Stdout: out, MaxBytes: cfg.Log.MaxBytes, Backups: cfg.Log.Backups}
	if cfg.Log.ToFile {
		if err := os.MkdirAll(cfg.Log.Dir, 0o755); err != nil {
			return nil, fmt.Errorf("the directory for logs cannot be made: %w; set LOG_DIR, or LOG_TO_FILE=false", err)
		}
		o.File = filepath.Join(cfg.Log.Dir, cfg.Log.File)
	}
	return logs.Open(o)
}

func (s *server) run(ctx context.Context) (err error) {
	s.load = &work.Load{}
	dc := DataConfigOf(s.cfg, s.log)
	dc.Load = s.load
	if s.data, err = OpenData(ctx, dc); err != nil {
		return err
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.Background(), drainTimeout)
		defer cancel()
		err = errors.Join(err, s.data.Close(closing))
	}()
	users, err := openUsers(s.cfg, s.log, s.out)
	if err != nil {
		return err
	}
	if s.notices, err = s.openNotices(ctx); err != nil {
		return err
	}
	defer s.notices.guard.Close()
	s.logs = s.openAccessLog()
	if s.lifecycle, err = s.openLifecycle(s.load); err != nil {
		return err
	}
	s.inventory, err = inventory.New(inventory.Config{Store: s.data.Store, Dir: filepath.Join(s.cfg.StorageRoot, SystemDir), Load: s.load, Log: s.log})
	if err != nil {
		return err
	}
	if err := s.openJobs(ctx); err != nil {
		return err
	}
	front, err := s.newFront(users)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, front.Close()) }()
	h := &health{version: s.version, check: s.data.ready, foreign: front.s3.VirtualHosted, next: s.load.Handler(gz.Handler(front.trust.Handler(front)))}
	ln, err := listen(ctx, listenConfig{
		host: s.cfg.Host, port: s.cfg.APIPort, connections: s.cfg.Server.ConnectionLimit, backlog: s.cfg.Server.Backlog,
		idle: time.Duration(s.cfg.Server.ChannelTimeout) * time.Second, handler: h, log: s.log,
	})
	if err != nil {
		return err
	}
	s.greet(ln)
	stopWorkers := s.work()
	defer stopWorkers()
	context.AfterFunc(ctx, func() { h.draining.Store(true) })
	return ln.serve(ctx)
}

func (s *server) greet(ln *listener) {
	if s.cfg.Durability == "async" {
		s.log.Warn("DURABILITY=async: the last writes before a power cut may be lost although they were answered")
	}
	if s.data.Crashed {
		s.log.Warn("the last run did not end orderly; recovering in the background")
	}
	s.log.Info("serving the S3 API", "address", ln.ln.Addr().String(), "storage", s.cfg.StorageRoot, "version", s.version, "durability", s.cfg.Durability)
}

// work starts the background workers and returns what stops them and waits.
func (s *server) work() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	workers := []*work.Worker{
		reclaim.New(reclaim.Config{Store: s.data.Store, Crashed: s.data.Crashed, Log: s.log}),
		assemble.New(assemble.Config{Store: s.data.Store, Log: s.log}),
		s.suspects(),
	}
	if s.data.Projector != nil {
		workers = append(workers, s.data.Projector.Worker(ctx))
	}
	var wg sync.WaitGroup
	for _, w := range workers {
		wg.Go(func() { w.Run(ctx) })
	}
	s.runJobs(ctx, &wg)
	wg.Go(func() { s.notices.Run(ctx) })
	wg.Go(func() { s.lifecycle.Run(ctx) })
	wg.Go(func() { s.inventory.Run(ctx) })
	wg.Go(func() { s.logs.Run(ctx, finalLogs) })
	return func() {
		cancel()
		wg.Wait()
	}
}

// openLifecycle makes what carries out the rules of buckets. It does nothing before Run.
func (s *server) openLifecycle(load *work.Load) (*lifecycle.Worker, error) {
	c := &s.cfg.Lifecycle
	return lifecycle.New(lifecycle.Config{
		Store: s.data.Store, Dir: filepath.Join(s.cfg.StorageRoot, SystemDir), Enabled: c.Enabled,
		Interval: time.Duration(c.IntervalSeconds) * time.Second, MaxHistory: c.MaxHistory, Load: load, Log: s.log, Done: s.ended,
	})
}

// DataConfigOf is the part of the configuration that concerns the data directory.
func DataConfigOf(cfg *config.Config, log *slog.Logger) DataConfig {
	return DataConfig{
		Root: cfg.StorageRoot, Sync: cfg.Durability != "async", PlainFiles: cfg.PlainFiles, MinPartSize: cfg.Limits.MinPart, Log: log,
		Keys: KeysConfig{cfg.Encryption, cfg.Limits.KMSDataKeyMin, cfg.Limits.KMSDataKeyMax},
	}
}
