package vfs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
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

// WriteFile implements FS. An unnamed file is filled and then linked to its name.
func (OS) WriteFile(path string, data []byte, mtime time.Time) error {
	return writeFileAt(unix.AT_FDCWD, filepath.Dir(path), path, data, mtime)
}

// writeFileAt fills an unnamed file in dir and links it at path; both are seen from dirfd.
func writeFileAt(dirfd int, dir, path string, data []byte, mtime time.Time) error {
	fail := func(op string, err error) error { return &fs.PathError{Op: op, Path: path, Err: err} }
	fd, err := openat(dirfd, dir, unix.O_WRONLY|unix.O_TMPFILE, fileMode)
	if err == unix.EPERM && removedDir(dirfd, dir) {
		err = unix.ENOENT // what ext4 says of a directory that was removed while it was open
	}
	switch err {
	case nil:
	case unix.EOPNOTSUPP, unix.EISDIR, unix.EINVAL: // no unnamed files on this file system or kernel
		return fail("open", errors.ErrUnsupported)
	default:
		return fail("open", err)
	}
	defer unix.Close(fd)
	for rest := data; len(rest) > 0; {
		n, err := unix.Write(fd, rest)
		if err != nil && err != unix.EINTR {
			return fail("write", err)
		}
		rest = rest[max(n, 0):]
	}
	switch err := setTime(fd, "", mtime, unix.AT_EMPTY_PATH); err {
	case nil:
	case unix.EINVAL, unix.ENOENT: // before Linux 5.8
		return fail("utimensat", errors.ErrUnsupported)
	default:
		return fail("utimensat", err)
	}
	switch err := linkUnnamed(fd, dirfd, path); err {
	case nil:
		return nil
	case unix.EPERM, unix.ENOSYS:
		return fail("link", errors.ErrUnsupported)
	default:
		return fail("link", err)
	}
}

func removedDir(dirfd int, dir string) bool {
	var st unix.Stat_t
	return unix.Fstatat(dirfd, dir, &st, 0) == nil && st.Nlink == 0
}

// linkUnnamed gives an unnamed file its name. Linking by descriptor needs a capability before Linux 6.10, and
// says so in several ways; the name in /proc needs none.
func linkUnnamed(fd, dirfd int, path string) error {
	err := unix.Linkat(fd, "", dirfd, path, unix.AT_EMPTY_PATH)
	if err == unix.ENOENT || err == unix.EPERM || err == unix.EINVAL {
		err = linkByProc(fd, dirfd, path)
	}
	return err
}

func linkByProc(fd, dirfd int, path string) error {
	name := "/proc/self/fd/" + strconv.Itoa(fd)
	err := unix.Linkat(unix.AT_FDCWD, name, dirfd, path, unix.AT_SYMLINK_FOLLOW)
	if err == unix.ENOENT && unix.Access("/proc/self/fd", unix.F_OK) != nil {
		return unix.ENOSYS // there is no /proc; it is not path's directory that is missing
	}
	return err
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
