package faultfs

import (
	"io/fs"

	"myfsio/vfs"
)

type faultFile struct {
	base vfs.File
	path string
	s    *script
}

func (f *faultFile) fail(kind string) error { return f.s.fail(kind, f.path, "") }

func (f *faultFile) Read(p []byte) (int, error) {
	if err := f.fail("read"); err != nil {
		return 0, err
	}
	return f.base.Read(p)
}

func (f *faultFile) ReadAt(p []byte, off int64) (int, error) {
	if err := f.fail("readat"); err != nil {
		return 0, err
	}
	return f.base.ReadAt(p, off)
}

func (f *faultFile) Write(p []byte) (int, error) {
	return f.write("write", p, f.base.Write)
}

func (f *faultFile) WriteAt(p []byte, off int64) (int, error) {
	return f.write("writeat", p, func(p []byte) (int, error) { return f.base.WriteAt(p, off) })
}

func (f *faultFile) write(kind string, p []byte, write func([]byte) (int, error)) (int, error) {
	short, err := f.s.step(kind, f.path, "")
	switch {
	case err == nil:
		return write(p)
	case !short:
		return 0, err
	}
	n, werr := write(p[:len(p)/2])
	if werr != nil {
		err = werr
	}
	return n, err
}

func (f *faultFile) Stat() (fs.FileInfo, error) {
	if err := f.fail("stat"); err != nil {
		return nil, err
	}
	return f.base.Stat()
}

func (f *faultFile) SyncData() error {
	if err := f.fail("syncdata"); err != nil {
		return err
	}
	return f.base.SyncData()
}

func (f *faultFile) Truncate(size int64) error {
	if err := f.fail("truncate"); err != nil {
		return err
	}
	return f.base.Truncate(size)
}

func (f *faultFile) Preallocate(off, size int64) error {
	if err := f.fail("preallocate"); err != nil {
		return err
	}
	return f.base.Preallocate(off, size)
}

func (f *faultFile) WriteBack(off, size int64) {
	_ = f.fail("writeback") // cannot fail; only recorded
	f.base.WriteBack(off, size)
}

func (f *faultFile) Close() error {
	err := f.fail("close")
	if cerr := f.base.Close(); err == nil {
		err = cerr
	}
	return err
}
