package vfs

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// retry runs call again while a signal interrupts it.
func retry(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}

// control runs call on f's descriptor and names the call in the error.
func control(f *os.File, op string, call func(fd int) error) error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var cerr error
	if err := c.Control(func(fd uintptr) { cerr = retry(func() error { return call(int(fd)) }) }); err != nil {
		return err
	}
	if cerr != nil {
		return &fs.PathError{Op: op, Path: f.Name(), Err: cerr}
	}
	return nil
}

// SyncData implements File.
func (f osFile) SyncData() error { return control(f.File, "fdatasync", unix.Fdatasync) }

// Preallocate implements File.
func (f osFile) Preallocate(off, size int64) error {
	if size <= 0 {
		return nil
	}
	err := control(f.File, "fallocate", func(fd int) error {
		return unix.Fallocate(fd, unix.FALLOC_FL_KEEP_SIZE, off, size)
	})
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) || errors.Is(err, unix.EFBIG) {
		return err
	}
	return nil
}

// WriteBack implements File.
func (f osFile) WriteBack(off, size int64) {
	_ = control(f.File, "sync_file_range", func(fd int) error {
		return unix.SyncFileRange(fd, off, size, unix.SYNC_FILE_RANGE_WRITE)
	})
}

// WriteFile implements FS.
func (OS) WriteFile(path string, data []byte, mtime time.Time) error {
	return writeFileAt(unix.AT_FDCWD, path, path, data, mtime)
}

// writeFileAt makes name, seen from dirfd; path is for errors. (Filling an unnamed file and linking it would make it appear whole,
// and costs ext4 half as much again.)
func writeFileAt(dirfd int, name, path string, data []byte, mtime time.Time) error {
	fail := func(op string, err error) error { return &fs.PathError{Op: op, Path: path, Err: err} }
	fd, err := openat(dirfd, name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW, fileMode)
	if err != nil {
		return fail("open", err)
	}
	defer unix.Close(fd)
	for rest := data; len(rest) > 0 && err == nil; {
		var n int
		if n, err = unix.Write(fd, rest); err == unix.EINTR {
			err = nil
		}
		rest = rest[max(n, 0):]
	}
	if err == nil {
		err = setTime(dirfd, name, mtime, unix.AT_SYMLINK_NOFOLLOW)
	}
	if err != nil {
		_ = unix.Unlinkat(dirfd, name, 0)
		return fail("write", err)
	}
	return nil
}

// setTime sets the time of last change and leaves the time of last access.
func setTime(dirfd int, path string, mtime time.Time, flags int) error {
	ts := []unix.Timespec{{Nsec: unix.UTIME_OMIT}, unix.NsecToTimespec(mtime.UnixNano())}
	return unix.UtimesNanoAt(dirfd, path, ts, flags)
}

func openat(dirfd int, path string, flags int, mode uint32) (fd int, err error) {
	err = retry(func() error {
		fd, err = unix.Openat(dirfd, path, flags|unix.O_CLOEXEC, mode)
		return err
	})
	return fd, err
}

// SyncDir implements FS.
func (OS) SyncDir(path string) error {
	return pathError("fsync", path, withDir(unix.AT_FDCWD, path, 0, unix.Fsync))
}

// SyncAll implements FS.
func (OS) SyncAll(path string) error {
	return pathError("syncfs", path, withDir(unix.AT_FDCWD, path, 0, unix.Syncfs))
}

// withDir runs call on a directory, opened for reading.
func withDir(dirfd int, path string, flags int, call func(fd int) error) error {
	fd, err := openat(dirfd, path, unix.O_RDONLY|unix.O_DIRECTORY|flags, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return retry(func() error { return call(fd) })
}

func pathError(op, path string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: path, Err: err}
}

// setDirect sets or clears O_DIRECT.
func setDirect(f *os.File, on bool) bool {
	err := control(f, "fcntl", func(fd int) error {
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
		if err != nil {
			return err
		}
		if on {
			flags |= unix.O_DIRECT
		} else {
			flags &^= unix.O_DIRECT
		}
		_, err = unix.FcntlInt(uintptr(fd), unix.F_SETFL, flags)
		return err
	})
	return err == nil
}
