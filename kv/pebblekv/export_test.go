package pebblekv

// SmallTables makes every few rows a flush.
func SmallTables(o Options) Options { o.memTable = 64 << 10; return o }

// RetryAtOnce lifts the pause between attempts to open a failed store again.
func RetryAtOnce(db *DB) { db.retryEvery = 0 }
