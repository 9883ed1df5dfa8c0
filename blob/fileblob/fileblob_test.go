package fileblob_test

import (
	"testing"

	"myfsio/blob"
	"myfsio/blob/blobtest"
	"myfsio/blob/fileblob"
	"myfsio/vfs"
	"myfsio/vfs/faultfs"
	"myfsio/vfs/memfs"
)

func open(t testing.TB, o fileblob.Options) *fileblob.Store {
	t.Helper()
	s, err := fileblob.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStore(t *testing.T) {
	t.Run("os", func(t *testing.T) {
		blobtest.Run(t, func(t *testing.T) blob.Store {
			return open(t, fileblob.Options{FS: vfs.OS{}, Dir: t.TempDir() + "/blobs"})
		})
	})
	t.Run("without faults", func(t *testing.T) {
		blobtest.Run(t, func(t *testing.T) blob.Store {
			return open(t, fileblob.Options{FS: faultfs.New(memfs.New(), "/blobs"), Dir: "/blobs", Sync: true})
		})
	})
	t.Run("mem", func(t *testing.T) {
		blobtest.Run(t, func(t *testing.T) blob.Store {
			return open(t, fileblob.Options{FS: memfs.New(), Dir: "/a/b/blobs", Sync: true})
		})
	})
}
