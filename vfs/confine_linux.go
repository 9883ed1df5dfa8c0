package vfs

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Confine implements Confiner. The kernel itself refuses symbolic links: each call opens the
// directory of its path with openat2 (RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS) from a descriptor of the root, and
// then acts on the last name within it. So no rename by a stranger, however timed, leads a call elsewhere.
// It costs about 2 µs a call. (os.Root was the other choice: it opens and closes every directory on the way,
// and it follows links that stay within the root.)
func (OS) Confine(root string) (ClosableFS, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	fd, err := openat(unix.AT_FDCWD, root, unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: root, Err: err}
	}
	c := &confined{root: root, fd: fd, walk: walkOpenat2}
	probe, err := c.walk(fd, ".")
	if err != nil { // an old kernel, or a sandbox that does not know the call
		c.walk = walkOpenat
	} else {
		unix.Close(probe)
	}
	return c, nil
}

// confined is an FS beneath a root. It keeps no state but the root's descriptor.
type confined struct {
	OS   // for paths outside the root
	root string
	fd   int
	walk func(dirfd int, dir string) (fd int, err error)
}

var _ ClosableFS = (*confined)(nil)

func (c *confined) Close() error { return unix.Close(c.fd) }

func walkOpenat2(dirfd int, dir string) (fd int, err error) {
	how := unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS,
	}
	err = retry(func() error {
		fd, err = unix.Openat2(dirfd, dir, &how)
		return err
	})
	if err == unix.ELOOP {
		err = unix.ENOTDIR
	}
	return fd, err
}

// walkOpenat opens one directory after the other.
func walkOpenat(dirfd int, dir string) (int, error) {
	fd := dirfd
	for name := range strings.SplitSeq(dir, "/") {
		next, err := openat(fd, name, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
		if fd != dirfd {
			unix.Close(fd)
		}
		if err == unix.ELOOP {
			err = unix.ENOTDIR
		}
		if err != nil {
			return -1, err
		}
		fd = next
	}
	return fd, nil
}

// place is a resolved path: a directory's descriptor and a name in it. It must be released.
type place struct {
	dir  int
	name string
	own  bool // dir was opened for this place
}

func (p place) release() {
	if p.own {
		unix.Close(p.dir)
	}
}

// resolve finds the place of path. A path outside the root is an error unless outside is set; it is then
// a place of the working directory.
func (c *confined) resolve(path string, outside bool) (place, error) {
	if path == c.root {
		return place{dir: c.fd, name: "."}, nil
	}
	rel, ok := strings.CutPrefix(path, c.root+"/")
	if !ok && c.root == "/" {
		rel, ok = strings.CutPrefix(path, "/")
	}
	if !ok {
		if outside {
			return place{dir: unix.AT_FDCWD, name: path}, nil
		}
		return place{}, unix.EXDEV
	}
	if !filepath.IsLocal(rel) || filepath.Clean(rel) != rel {
		return place{}, unix.EINVAL
	}
	i := strings.LastIndexByte(rel, '/')
	if i < 0 {
		return place{dir: c.fd, name: rel}, nil
	}
	fd, err := c.walk(c.fd, rel[:i])
	return place{dir: fd, name: rel[i+1:], own: true}, err
}

// do runs call at path's place.
func (c *confined) do(op, path string, outside bool, call func(p place) error) error {
	p, err := c.resolve(path, outside)
	if err == nil {
		err = retry(func() error { return call(p) })
		p.release()
	}
	return pathError(op, path, err)
}

// open opens path's last name itself, never what a link there points to.
func (c *confined) open(path string, flags int, outside bool) (*os.File, error) {
	var fd int
	err := c.do("open", path, outside, func(p place) (err error) {
		fd, err = openat(p.dir, p.name, flags|unix.O_NOFOLLOW, fileMode)
		return err
	})
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), path), nil
}

func (c *confined) Create(path string) (File, error) {
	return wrapFile(c.open(path, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL, false))
}

func (c *confined) OpenWrite(path string) (File, bool, error) {
	return openWrite(func(flag int) (File, error) {
		return wrapFile(c.open(path, unix.O_RDWR|flag, false))
	})
}

// Open opens files and directories only: opening a pipe that somebody put there would wait for its other end.
func (c *confined) Open(path string) (File, error) {
	f, err := c.open(path, unix.O_RDONLY|unix.O_NONBLOCK, true)
	if err != nil {
		return nil, err
	}
	fi, err := f.Stat()
	if err == nil && !fi.Mode().IsRegular() && !fi.IsDir() {
		err = &fs.PathError{Op: "open", Path: path, Err: fs.ErrInvalid}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return osFile{f}, nil
}

func (c *confined) WriteFile(path string, data []byte, mtime time.Time) error {
	p, err := c.resolve(path, false)
	if err != nil {
		return &fs.PathError{Op: "writefile", Path: path, Err: err}
	}
	defer p.release()
	return writeFileAt(p.dir, p.name, path, data, mtime)
}

func (c *confined) Link(oldPath, newPath string) error {
	return linkError(c.do("link", oldPath, true, func(from place) error {
		return c.do("link", newPath, false, func(to place) error {
			return unix.Linkat(from.dir, from.name, to.dir, to.name, 0)
		})
	}))
}

func (c *confined) Rename(oldPath, newPath string) error {
	return c.do("rename", oldPath, false, func(from place) error {
		return c.do("rename", newPath, false, func(to place) error {
			return unix.Renameat(from.dir, from.name, to.dir, to.name)
		})
	})
}

func (c *confined) Remove(path string) error {
	return c.do("unlink", path, false, func(p place) error { return unix.Unlinkat(p.dir, p.name, 0) })
}

func (c *confined) RemoveDir(path string) error {
	return c.do("rmdir", path, false, func(p place) error {
		return unix.Unlinkat(p.dir, p.name, unix.AT_REMOVEDIR)
	})
}

func (c *confined) Mkdir(path string) error {
	return c.do("mkdir", path, false, func(p place) error { return unix.Mkdirat(p.dir, p.name, dirMode) })
}

// ReadDir gives entries whose Info looks again through the confined FS.
func (c *confined) ReadDir(path string) ([]fs.DirEntry, error) {
	d, err := c.open(path, unix.O_RDONLY|unix.O_DIRECTORY, false)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	entries, err := d.ReadDir(-1)
	for i, e := range entries {
		entries[i] = confinedEntry{e, c, path + "/" + e.Name()}
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, err
}

type confinedEntry struct {
	fs.DirEntry
	c    *confined
	path string
}

func (e confinedEntry) Info() (fs.FileInfo, error) { return e.c.Lstat(e.path) }

func (c *confined) Lstat(path string) (fs.FileInfo, error) {
	fi := &statInfo{name: filepath.Base(path)}
	err := c.do("lstat", path, true, func(p place) error {
		return unix.Fstatat(p.dir, p.name, &fi.st, unix.AT_SYMLINK_NOFOLLOW)
	})
	if err != nil {
		return nil, err
	}
	return fi, nil
}

func (c *confined) Chtimes(path string, mtime time.Time) error {
	return c.do("utimensat", path, true, func(p place) error {
		return setTime(p.dir, p.name, mtime, unix.AT_SYMLINK_NOFOLLOW)
	})
}

func (c *confined) SyncDir(path string) error {
	return c.do("fsync", path, false, func(p place) error {
		return withDir(p.dir, p.name, unix.O_NOFOLLOW, unix.Fsync)
	})
}

func (c *confined) SyncAll(path string) error {
	return c.do("syncfs", path, false, func(p place) error {
		return withDir(p.dir, p.name, unix.O_NOFOLLOW, unix.Syncfs)
	})
}

// statInfo is the description of a file that was looked up from a directory's descriptor.
type statInfo struct {
	name string
	st   unix.Stat_t
}

func (s *statInfo) Name() string       { return s.name }
func (s *statInfo) Size() int64        { return s.st.Size }
func (s *statInfo) ModTime() time.Time { return time.Unix(s.st.Mtim.Unix()) }
func (s *statInfo) IsDir() bool        { return s.Mode().IsDir() }
func (s *statInfo) Sys() any           { return &s.st }
func (s *statInfo) FileID() uint64     { return s.st.Ino }

func (s *statInfo) Mode() fs.FileMode {
	mode := fs.FileMode(s.st.Mode & 0o777)
	switch s.st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		return mode
	case unix.S_IFDIR:
		return mode | fs.ModeDir
	case unix.S_IFLNK:
		return mode | fs.ModeSymlink
	}
	return mode | fs.ModeIrregular
}
