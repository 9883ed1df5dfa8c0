//go:build !linux

package worker

import "myfsio/query"

// limitProcess leaves the limits to DuckDB: this system has none that hold for what is meant.
func limitProcess(query.Limits) error { return nil }

// closeDoors leaves the locks to DuckDB.
func closeDoors() error { return nil }
