package pebblekv_test

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"myfsio/kv"
	"myfsio/kv/kvtest"
	"myfsio/kv/pebblekv"
)

func open(t testing.TB, o pebblekv.Options) *pebblekv.DB {
	t.Helper()
	db, err := pebblekv.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func TestDisk(t *testing.T) {
	kvtest.Run(t, func(t *testing.T) kv.DB { return open(t, pebblekv.Options{Dir: t.TempDir(), Sync: true}) })
}

func TestMemory(t *testing.T) {
	kvtest.Run(t, func(t *testing.T) kv.DB { return open(t, pebblekv.Options{Dir: "db", FS: vfs.NewMem()}) })
}

func TestSmallTables(t *testing.T) {
	kvtest.Run(t, func(t *testing.T) kv.DB {
		return open(t, pebblekv.SmallTables(pebblekv.Options{Dir: "db", FS: vfs.NewMem(), Sync: true}))
	})
}
