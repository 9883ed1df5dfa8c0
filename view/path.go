package view

import (
	"path/filepath"
	"runtime"
	"strings"
	"unicode/utf8"
)

// Limits of what a file system takes, in bytes.
const (
	maxSegment = 255
	maxPath    = 4000 // Linux takes 4095; the rest is room for what is added to a path
)

// Path returns the file that shows the object, and whether it can be shown at all. Different objects have
// different paths, all of them below Root/<bucket>. (A file system that does not tell upper from
// lower case shows the last of two keys that differ in nothing else.) Keys cannot be shown
//
//   - with an empty segment: a slash first, last, or doubled;
//   - with a segment "." or ".." or one of more than 255 bytes;
//   - with a NUL byte;
//   - whose path would be longer than 4000 bytes;
//   - whose first segment is .myfsio.sys or begins with .myfsio.tmp;
//   - with what the operating system refuses: on macOS bytes that are not UTF-8; on Windows those, the
//     characters <>:"\|?* and those below space, a segment that ends with a dot or a space, and device names.
func (t *Tree) Path(bucket, key string) (path string, ok bool) {
	if !plainBucket(bucket) || !plainKey(runtime.GOOS, key) {
		return "", false
	}
	sep := string(filepath.Separator)
	path = strings.TrimSuffix(t.root, sep) + sep + bucket + sep + filepath.FromSlash(key)
	return path, len(path) <= maxPath
}

// plainBucket reports whether a directory at the root may be a bucket. No bucket's name begins with a dot.
func plainBucket(name string) bool {
	return !strings.HasPrefix(name, ".") && !strings.Contains(name, "/") && plainSegment(runtime.GOOS, name)
}

func plainKey(goos, key string) bool {
	if first, _, _ := strings.Cut(key, "/"); first == internalDir || strings.HasPrefix(first, tempPrefix) {
		return false
	}
	for segment := range strings.SplitSeq(key, "/") {
		if !plainSegment(goos, segment) {
			return false
		}
	}
	return true
}

// plainSegment reports whether s can be the name of a file on the operating system goos.
func plainSegment(goos, s string) bool {
	if s == "" || s == "." || s == ".." || len(s) > maxSegment || strings.IndexByte(s, 0) >= 0 {
		return false
	}
	switch goos {
	case "darwin":
		return utf8.ValidString(s)
	case "windows":
		return utf8.ValidString(s) && plainWindows(s)
	}
	return true
}

func plainWindows(s string) bool {
	for _, c := range s {
		if c < ' ' || strings.ContainsRune(`<>:"\|?*`, c) {
			return false
		}
	}
	if last := s[len(s)-1]; last == '.' || last == ' ' {
		return false
	}
	stem, _, _ := strings.Cut(strings.ToUpper(s), ".")
	stem = strings.TrimRight(stem, " ")
	switch stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return false
	}
	device, digit := strings.CutPrefix(stem, "COM")
	if !digit {
		device, digit = strings.CutPrefix(stem, "LPT")
	}
	return !digit || !(len(device) == 1 && device[0] >= '0' && device[0] <= '9' || device == "¹" || device == "²" || device == "³")
}
