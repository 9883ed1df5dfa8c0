package pebblekv

// Stats are the numbers that an operator wants to see.
type Stats struct {
	DiskBytes       uint64 // all files of the store
	WALBytes        uint64 // of these, the log that Open would replay
	MemTableBytes   uint64 // memory of changes that are not in tables yet
	CacheBytes      int64  // memory of the block cache
	CacheHits       int64  // since Open
	CacheMisses     int64
	Tables          int64   // number of table files
	ReadAmp         int     // tables that a Get may have to look at, without filters
	WriteAmp        float64 // bytes written to tables and log for one byte of changes, since Open
	Compactions     int64   // done since Open
	CompactionDebt  uint64  // bytes that compactions have yet to move
	Flushes         int64   // since Open
	Failed          bool    // the disk failed; the next Update opens the store again
	UnsyncedUpdates uint64  // applied and not known to be durable
}

// Stats reports the present state; after Close it is empty.
func (db *DB) Stats() Stats {
	e, err := db.enter()
	if err != nil {
		return Stats{}
	}
	defer e.calls.leave()
	m := e.db.Metrics()
	total := m.Total()
	s := Stats{
		DiskBytes:       m.DiskSpaceUsage(),
		WALBytes:        m.WAL.Size,
		MemTableBytes:   m.MemTable.Size,
		CacheBytes:      m.BlockCache.Size,
		CacheHits:       m.BlockCache.Hits,
		CacheMisses:     m.BlockCache.Misses,
		Tables:          total.TablesCount,
		ReadAmp:         m.ReadAmp(),
		WriteAmp:        total.WriteAmp(),
		Compactions:     m.Compact.Count,
		CompactionDebt:  m.Compact.EstimatedDebt,
		Flushes:         m.Flush.Count,
		Failed:          e.fs.failed() != nil,
		UnsyncedUpdates: e.applied.Load(),
	}
	s.UnsyncedUpdates -= min(s.UnsyncedUpdates, e.synced.Load())
	return s
}
