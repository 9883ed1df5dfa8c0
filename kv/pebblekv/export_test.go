package pebblekv

import "time"

// SmallTables makes every few rows a flush.
func SmallTables(o Options) Options { o.memTable = 64 << 10; return o }

// RetryAtOnce lifts the pause between attempts to open a failed store again.
func RetryAtOnce(db *DB) { db.retryEvery = 0 }

// RawSnapshot makes and closes a snapshot of Pebble.
func RawSnapshot(db *DB) error { return db.engine.Load().db.NewSnapshot().Close() }

// SetClock gives the clock that paces attempts to open a failed store again.
func SetClock(db *DB, now func() time.Time) { db.now = now }

// Fatal does what Pebble does when it gives up.
func Fatal(db *DB) { logger{db.opt.Logger, db.engine.Load().fs}.Fatalf("inconsistent: %d", 1) }
