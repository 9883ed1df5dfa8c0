package fileblob_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"myfsio/blob"
	"myfsio/blob/fileblob"
	"myfsio/vfs"
)

// BenchmarkPut writes durable blobs, one after the other and from sixteen goroutines. ext4 does not reuse an inode
// for five seconds and searches past those: run one size at a time, not right after another.
func BenchmarkPut(b *testing.B) {
	for _, size := range []int{32 << 10, 1 << 20} {
		for _, writers := range []int{1, 16} {
			for _, sync := range []bool{true, false} {
				b.Run(fmt.Sprintf("%dKiB/writers=%d/sync=%v", size>>10, writers, sync), func(b *testing.B) {
					s := open(b, fileblob.Options{FS: vfs.OS{}, Dir: b.TempDir(), Sync: sync})
					benchmarkPut(b, s, size, writers)
				})
			}
		}
	}
}

func benchmarkPut(b *testing.B, s *fileblob.Store, size, writers int) {
	data := make([]byte, size)
	var ids blob.IDs
	b.SetBytes(int64(size))
	b.ResetTimer()
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := w; i < b.N; i += writers {
				if err := put(s, ids.New(time.Now()), data); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
}
