package server

import (
	"context"
	"path/filepath"
	"sync"
	"time"

	"myfsio/adminapi"
	"myfsio/work"
	"myfsio/work/reclaim"
)

// openJobs prepares the work that is done from time to time, or when an administrator asks for it.
func (s *server) openJobs() (err error) {
	s.jobs = adminapi.Jobs{GCSettings: s.cfg.GC}
	if s.cfg.GC.Enabled {
		s.jobs.GC, err = s.openGC()
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
		Store: s.data.Store, Over: s.data.over, Blobs: s.data.Blobs, Born: s.data.Store.NewMark(), Tree: s.data.Tree, Root: s.cfg.StorageRoot,
		Temp: []reclaim.TempFiles{
			{Dir: filepath.Join(sys, "tmp")}, docs(filepath.Join(sys, "config")), docs(filepath.Join(sys, "keys")),
			{Dir: filepath.Join(sys, "config"), Prefix: ".secret-"}, {Dir: sys, Prefix: ".writable-"},
		},
		TempAge: hours(c.TempMaxAgeHours), UploadAge: time.Duration(c.MultipartAgeDays) * 24 * time.Hour,
		Load: s.load, Log: s.log, Now: time.Now,
	}
	return work.NewJob(work.JobOptions[reclaim.Collection]{
		Name: "garbage collection", History: s.configFile("gc_history.json"), Every: hours(c.IntervalHours),
		Ask: work.Ask{DryRun: c.DryRun}, Do: g.Collect, Log: s.log,
	})
}

// runJobs runs the jobs until ctx ends.
func (s *server) runJobs(ctx context.Context, wg *sync.WaitGroup) {
	if s.jobs.GC != nil {
		wg.Go(func() { s.jobs.GC.Run(ctx) })
	}
}
