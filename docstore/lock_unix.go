//go:build unix

package docstore

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// Lock keeps other stores, in this and in other processes, from updating documents in dir until the result is
// closed. A file system without such locks gives one that does nothing.
func (osDisk) Lock(dir string) (io.Closer, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	for {
		err := syscall.Flock(int(d.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			return d, nil
		}
	}
}
