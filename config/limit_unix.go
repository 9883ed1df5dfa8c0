//go:build unix

package config

import (
	"math"
	"syscall"
)

// openFileLimit returns how many files the process may open, 0 when that is not known.
func openFileLimit() int64 {
	var l syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l) != nil {
		return 0
	}
	return int64(min(uint64(l.Cur), math.MaxInt64/8))
}
