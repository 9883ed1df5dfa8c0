//go:build linux

package compare

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
)

// stored is one file of a stored object, in memory.
type stored struct {
	rel   string // below the object's path; "." when the object is a file
	bytes []byte
	mode  fs.FileMode
	attrs map[string][]byte
}

// seed is load.Env.Seed: it copies what the object from left on the disk to where
// the same object under other keys would be. What a peer keeps of an object names
// neither its key nor its place, and a million PUTs with syncs would take it
// a quarter of an hour.
func (s *server) seed(ctx context.Context, bucket, from string, keys []string) error {
	files, err := readStored(s.spec.Object(s.dir, bucket, from))
	if err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(keys) {
					return
				}
				if err := writeStored(files, s.spec.Object(s.dir, bucket, keys[i])); err != nil {
					cancel(fmt.Errorf("seed: %w", err))
				}
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

func readStored(path string) ([]stored, error) {
	var files []stored
	err := filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		f := stored{mode: info.Mode().Perm()}
		if f.rel, err = filepath.Rel(path, p); err != nil {
			return err
		}
		if f.bytes, err = os.ReadFile(p); err != nil {
			return err
		}
		f.attrs, err = readAttrs(p)
		files = append(files, f)
		return err
	})
	return files, err
}

func writeStored(files []stored, path string) error {
	for _, f := range files {
		p := filepath.Join(path, f.rel)
		err := os.WriteFile(p, f.bytes, f.mode)
		if errors.Is(err, fs.ErrNotExist) {
			if err = os.MkdirAll(filepath.Dir(p), 0o755); err == nil {
				err = os.WriteFile(p, f.bytes, f.mode)
			}
		}
		if err != nil {
			return err
		}
		for name, value := range f.attrs {
			if err := syscall.Setxattr(p, name, value, 0); err != nil {
				return fmt.Errorf("setxattr %s: %w", name, err)
			}
		}
	}
	return nil
}

func readAttrs(path string) (map[string][]byte, error) {
	list := make([]byte, 64<<10)
	n, err := syscall.Listxattr(path, list)
	if err != nil {
		if errors.Is(err, syscall.ENOTSUP) {
			return nil, nil
		}
		return nil, fmt.Errorf("listxattr: %w", err)
	}
	attrs := map[string][]byte{}
	for name := range bytes.SplitSeq(list[:n], []byte{0}) {
		if len(name) == 0 || !bytes.HasPrefix(name, []byte("user.")) {
			continue
		}
		value := make([]byte, 64<<10)
		m, err := syscall.Getxattr(path, string(name), value)
		if err != nil {
			return nil, fmt.Errorf("getxattr %s: %w", name, err)
		}
		attrs[string(name)] = value[:m]
	}
	return attrs, nil
}
