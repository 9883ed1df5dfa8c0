//go:build linux

package compare

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"syscall"
	"time"

	"myfsio/bench/load"
)

// Config says what to compare and how long.
type Config struct {
	Servers  []string // names in [Servers]; the first is compared with the others
	Rounds   int
	Duration time.Duration  // of one turn of one item
	Items    *regexp.Regexp // nil: all
	Sizes    load.Sizes
	Features bool   // what features of ours cost, in place of what all servers do
	Dir      string // absolute and empty: the servers' data; the caller removes it, after the report perhaps
	Bin      string // where installed servers are kept
	Source   string // this module, to build our server from
	Strace   bool   // count syncs too
	Unsigned bool   // sign UNSIGNED-PAYLOAD in place of the body's hash
	Drop     bool   // let the kernel drop long bodies that are not compared
	Requests bool   // fill buckets to list by requests alone, never by copying on the disk
	Log      func(format string, args ...any)
}

// straceOps is how many operations each client does under strace.
const straceOps = 20

// Run carries the comparison out. The report is returned with an error as well, as
// far as it came. Failed operations make an error: a fast answer that is wrong is no result.
func Run(ctx context.Context, c Config) (*Report, error) {
	items := load.Items(c.Sizes)
	if c.Features {
		items = load.Features(c.Sizes)
	}
	items = choose(items, c.Items)
	if len(items) == 0 || len(c.Servers) == 0 || c.Rounds < 1 {
		return nil, errors.New("nothing to compare")
	}
	r := &run{Config: c, items: items, report: newReport(c)}
	defer r.stop()
	if err := r.startAll(ctx); err != nil {
		return nil, err
	}
	for round := range c.Rounds {
		if err := r.round(ctx, round); err != nil {
			return r.report, err
		}
	}
	if c.Strace {
		if err := r.strace(ctx); err != nil {
			return r.report, err
		}
	}
	return r.report, r.report.failures()
}

func choose(items []*load.Item, want *regexp.Regexp) []*load.Item {
	if want == nil {
		return items
	}
	return slices.DeleteFunc(items, func(it *load.Item) bool { return !want.MatchString(it.Name) })
}

// run is one comparison under way.
type run struct {
	Config
	items   []*load.Item
	servers []*server
	report  *Report
}

// startAll installs, starts and pauses each server.
func (r *run) startAll(ctx context.Context) error {
	for _, name := range r.Servers {
		i := slices.IndexFunc(Servers, func(s *Spec) bool { return s.Name == name })
		if i < 0 {
			return fmt.Errorf("no server named %q", name)
		}
		spec := Servers[i]
		program, err := Install(ctx, spec, r.Bin, r.Source, r.Log)
		if errors.Is(err, ErrMissing) {
			r.Log("%s is left out: %v", name, err)
			r.report.Notes = append(r.report.Notes, fmt.Sprintf("%s was left out: %v.", name, err))
			continue
		}
		if err != nil {
			return err
		}
		s, err := newServer(spec, program, filepath.Join(r.Dir, name), r.Sizes, r.Log)
		if err != nil {
			return err
		}
		s.target.UnsignedPayload, s.target.Drop = r.Unsigned, r.Drop
		if r.Requests {
			s.env.Seed = nil
		}
		if len(r.servers) > 0 {
			s.env.ShareBodies(r.servers[0].env)
		}
		r.servers = append(r.servers, s)
		if err := r.firstStart(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (r *run) firstStart(ctx context.Context, s *server) error {
	if err := s.start(ctx); err != nil {
		return err
	}
	if err := s.ready(ctx); err != nil {
		return err
	}
	if err := s.rest(ctx); err != nil {
		return err
	}
	u, err := usageOf(s.cmd.Process.Pid)
	s.idleRSS = u.RSS
	r.report.addServer(s)
	s.pause()
	return err
}

func (r *run) stop() {
	for _, s := range r.servers {
		if err := s.stop(); err != nil {
			r.Log("%s: %v", s.spec.Name, err)
		}
	}
}

// round gives each server a turn of each item, in an order that turns with both.
func (r *run) round(ctx context.Context, round int) error {
	for i, item := range r.items {
		for k := range r.servers {
			s := r.servers[(k+round+i)%len(r.servers)]
			if s.spec.Static && !item.Static {
				continue
			}
			t, err := r.turn(ctx, s, item)
			if errors.Is(err, load.ErrUnsupported) {
				continue
			}
			if err != nil {
				return fmt.Errorf("%s: %w", s.spec.Name, err)
			}
			t.Round = round + 1
			r.report.Turns = append(r.report.Turns, t)
			r.Log("round %d  %-20s %-10s %10.1f %-7s p50 %.2f ms  p99 %.2f ms%s", t.Round, item.Name, s.spec.Name, t.Value, t.Unit, t.P50, t.P99, failed(t))
		}
	}
	return nil
}

func failed(t Turn) string {
	if t.Errors == 0 {
		return ""
	}
	return fmt.Sprintf("  %d ERRORS: %s", t.Errors, t.Error)
}

// turn measures one item on one server, alone on the machine as far as it is ours.
func (r *run) turn(ctx context.Context, s *server, item *load.Item) (Turn, error) {
	s.resume()
	defer s.pause()
	var before usage
	var failed error
	probe := load.Probe{Before: func() {
		failed = s.rest(ctx) // of preparing and warming up
		syscall.Sync()
		resetPeak(s.cmd.Process.Pid)
		var err error
		before, err = usageOf(s.cmd.Process.Pid)
		failed = errors.Join(failed, err)
	}}
	res, err := load.Run(ctx, s.env, item, load.Bounds{Duration: r.Duration}, probe)
	if err = errors.Join(err, failed); err != nil {
		return Turn{}, err
	}
	if err := s.rest(ctx); err != nil {
		return Turn{}, err
	}
	after, err := usageOf(s.cmd.Process.Pid)
	if err != nil {
		return Turn{}, err
	}
	return newTurn(s.spec.Name, item, res, costBetween(before, after)), nil
}

// strace counts the syncs of each item that writes.
func (r *run) strace(ctx context.Context) error {
	if _, err := exec.LookPath("strace"); err != nil {
		r.report.Notes = append(r.report.Notes, "syncs were not counted: strace is not installed.")
		return nil
	}
	for _, item := range r.items {
		for _, s := range r.servers {
			if !item.Syncs || s.spec.Static {
				continue
			}
			s.resume()
			counts, err := s.countSyncs(ctx, item, int64(item.Clients)*straceOps)
			s.pause()
			if err != nil {
				r.Log("%s: %s: %v", s.spec.Name, item.Name, err)
				continue
			}
			r.report.Syncs = append(r.report.Syncs, SyncCount{Server: s.spec.Name, Item: item.Name, PerOp: counts})
		}
	}
	return nil
}
