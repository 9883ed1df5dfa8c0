package server

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"myfsio/adminapi"
	"myfsio/kms"
	"myfsio/work"
	"myfsio/work/reclaim"
	"myfsio/work/rewrap"
	"myfsio/work/scrub"
)

// openJobs prepares the work that is done from time to time, or when an administrator asks for it.
func (s *server) openJobs(ctx context.Context) (err error) {
	s.jobs = adminapi.Jobs{GCSettings: s.cfg.GC, IntegritySettings: s.cfg.Integrity}
	if s.cfg.GC.Enabled {
		s.jobs.GC, err = s.openGC()
	}
	if s.cfg.Integrity.Enabled && err == nil {
		s.jobs.Integrity, err = s.openScrub()
	}
	if s.data.Master != nil && err == nil {
		err = s.openRewrap()
	}
	return err
}

// configFile is a file beside the JSON stores.
func (s *server) configFile(name string) string {
	return filepath.Join(s.cfg.StorageRoot, SystemDir, "config", name)
}

func hours(h float64) time.Duration { return time.Duration(h * float64(time.Hour)) }

func (s *server) openGC() (*work.Job[reclaim.Collection], error) {
	c, sys := &s.cfg.GC, filepath.Join(s.cfg.StorageRoot, SystemDir)
	docs := func(dir string) reclaim.TempFiles { return reclaim.TempFiles{Dir: dir, Prefix: ".", Suffix: ".tmp"} }
	g := &reclaim.Garbage{
		Store: s.data.Store, Blobs: s.data.Blobs, Born: s.data.Store.NewMark(), Tree: s.data.Tree, Root: s.cfg.StorageRoot,
		Temp: []reclaim.TempFiles{
			docs(filepath.Join(sys, "config")), docs(filepath.Join(sys, "keys")),
			{Dir: filepath.Join(sys, "config"), Prefix: ".secret-"}, {Dir: sys, Prefix: ".writable-"},
		},
		TempAge: hours(c.TempMaxAgeHours), UploadAge: time.Duration(c.MultipartAgeDays) * 24 * time.Hour,
		Load: s.load, Log: s.log, Now: time.Now,
	}
	if s.data.Tree == nil { // else it is the view's, emptied at each start; its links on their way are as old as the blobs
		g.Temp = append(g.Temp, reclaim.TempFiles{Dir: filepath.Join(sys, "tmp")})
	}
	return work.NewJob(work.JobOptions[reclaim.Collection]{
		Name: "garbage collection", History: s.configFile("gc_history.json"), Every: hours(c.IntervalHours),
		Ask: work.Ask{DryRun: c.DryRun}, Do: g.Collect, Log: s.log,
	})
}

// suspects examines what readers could not read, also where there are no scans.
func (s *server) suspects() *work.Worker {
	return scrub.Suspects(scrub.Config{Store: s.data.Store, Blobs: s.data.Blobs, Tree: s.data.Tree, Load: s.load, Log: s.log})
}

func (s *server) openScrub() (*work.Job[scrub.Report], error) {
	c := &s.cfg.Integrity
	sc := scrub.Config{
		Store: s.data.Store, Blobs: s.data.Blobs, Tree: s.data.Tree,
		Quarantine: filepath.Join(s.cfg.StorageRoot, SystemDir, "quarantine"), Cursor: s.configFile("integrity_cursor.json"),
		Batch: c.BatchSize, Load: s.load, Log: s.log,
	}
	if s.data.Projector != nil {
		sc.Show, sc.Flush = s.data.Projector.Key, s.data.Projector.Flush
	}
	scrubber, err := scrub.New(sc)
	if err != nil {
		return nil, err
	}
	return work.NewJob(work.JobOptions[scrub.Report]{
		Name: "integrity scan", History: s.configFile("integrity_history.json"), Every: hours(c.IntervalHours),
		Ask: work.Ask{DryRun: c.DryRun, AutoHeal: c.AutoHeal}, Do: scrubber.Scrub, Log: s.log,
	})
}

// idleKeyring opens the keys of a KMS that is off, which are wrapped with a master key all the same; nil when there are none.
func (s *server) idleKeyring() (rewrap.Keyring, error) {
	path := s.cfg.Encryption.KMSKeysPath
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	ring, err := kms.Open(kms.Options{Path: path, Master: s.data.Master, Log: s.log})
	if err != nil {
		return rewrap.Unknown{Err: err}, err
	}
	return ring, nil
}

func (s *server) openRewrap() (err error) {
	c := rewrap.Config{Store: s.data.Store, Masters: s.data.Master, State: s.configFile("rewrap_state.json"), Load: s.load, Log: s.log}
	if s.data.Keyring != nil {
		c.Keyring = s.data.Keyring
	} else if c.Keyring, err = s.idleKeyring(); err != nil {
		s.log.Error("the keys of the KMS, which is off, cannot be opened: no former master key is told to be removable", "error", err)
	}
	if s.jobs.Rewrapper, err = rewrap.New(c); err != nil {
		return err
	}
	s.jobs.Rewrap, err = work.NewJob(work.JobOptions[rewrap.Report]{
		Name: "re-wrapping", History: s.configFile("rewrap_history.json"), Do: s.jobs.Rewrapper.Run, Log: s.log,
	})
	return err
}

// runJobs runs the jobs until ctx ends.
func (s *server) runJobs(ctx context.Context, wg *sync.WaitGroup) {
	if s.jobs.GC != nil {
		wg.Go(func() { s.jobs.GC.Run(ctx) })
	}
	if s.jobs.Integrity != nil {
		wg.Go(func() { s.jobs.Integrity.Run(ctx) })
	}
	if s.jobs.Rewrap != nil {
		wg.Go(func() { s.jobs.Rewrap.Run(ctx) })
	}
}
