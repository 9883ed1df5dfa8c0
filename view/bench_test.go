package view_test

import (
	"fmt"
	"testing"

	"myfsio/vfs"
)

// BenchmarkShow shows new objects and replaces one. See fileblob's benchmark about ext4 and inodes that were just freed.
func BenchmarkShow(b *testing.B) {
	data := make([]byte, 4<<10)
	for name, key := range map[string]func(i int) string{
		"new":     func(i int) string { return fmt.Sprintf("dir%d/%d", i/1000, i) },
		"replace": func(i int) string { return "dir/key" },
	} {
		b.Run("write 4KiB "+name, func(b *testing.B) {
			f := open(b, vfs.OS{}, b.TempDir())
			for i := 0; b.Loop(); i++ {
				must(b, f.Write("b", key(i), data, when))
			}
		})
		b.Run("link "+name, func(b *testing.B) {
			f := open(b, vfs.OS{}, b.TempDir())
			src := []string{f.source(b, "0", "x"), f.source(b, "1", "y")}
			for i := 0; b.Loop(); i++ {
				err := f.Link("b", key(i), src[i/30_000%2], when)
				must(b, err)
			}
		})
	}
}
