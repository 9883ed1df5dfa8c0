//go:build linux

package compare

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// clockTick is what utime and stime of /proc are counted in: 100 a second on every
// Linux that Go runs on.
const clockTick = 10 * time.Millisecond

// usage is what a server has used since its start, with its children.
type usage struct {
	PID     int
	CPU     time.Duration
	RSS     int64 // bytes now
	Peak    int64 // bytes, since the start or the last resetPeak
	Written int64 // bytes it caused to be written to the disk; -1 where that may not be read
}

// usageOf reads /proc for a process and its children.
func usageOf(pid int) (usage, error) {
	u := usage{PID: pid}
	for _, p := range append([]int{pid}, children(pid)...) {
		if err := u.add(p); err != nil {
			if p != pid && os.IsNotExist(err) {
				continue // a child that has ended meanwhile
			}
			return u, err
		}
	}
	return u, nil
}

func children(pid int) []int {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return nil
	}
	var pids []int
	for _, f := range bytes.Fields(b) {
		if n, err := strconv.Atoi(string(f)); err == nil {
			pids = append(pids, n)
		}
	}
	return pids
}

func (u *usage) add(pid int) error {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return err
	}
	cpu, err := parseStat(string(stat))
	if err != nil {
		return err
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return err
	}
	u.CPU += cpu
	u.RSS += field(string(status), "VmRSS:") << 10
	u.Peak += field(string(status), "VmHWM:") << 10
	io, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", pid))
	if err != nil {
		u.Written = -1
	} else if u.Written >= 0 {
		u.Written += field(string(io), "\nwrite_bytes:")
	}
	return nil
}

// parseStat returns utime plus stime. The command's name, in brackets, may hold
// anything, so fields are counted from the last bracket.
func parseStat(stat string) (time.Duration, error) {
	f := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(f) < 13 {
		return 0, fmt.Errorf("/proc stat of %d fields", len(f))
	}
	user, err1 := strconv.ParseInt(f[11], 10, 64)
	system, err2 := strconv.ParseInt(f[12], 10, 64)
	if err1 != nil || err2 != nil {
		return 0, fmt.Errorf("/proc stat: times %q and %q", f[11], f[12])
	}
	return time.Duration(user+system) * clockTick, nil
}

// field returns the number behind a label, or 0.
func field(text, label string) int64 {
	_, rest, ok := strings.Cut(text, label)
	if !ok {
		return 0
	}
	words := strings.Fields(rest)
	if len(words) == 0 {
		return 0
	}
	n, _ := strconv.ParseInt(words[0], 10, 64)
	return n
}

// resetPeak makes Peak start again from now, where the kernel lets us.
func resetPeak(pid int) {
	for _, p := range append([]int{pid}, children(pid)...) {
		os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p), []byte("5"), 0)
	}
}

// cost is what one turn cost a server.
type cost struct {
	CPU     time.Duration
	Peak    int64
	Written int64 // -1: unknown
}

// costBetween compares two readings. After a restart between them only the new
// process is counted.
func costBetween(before, after usage) cost {
	if before.PID != after.PID {
		before = usage{}
	}
	c := cost{CPU: after.CPU - before.CPU, Peak: after.Peak, Written: after.Written - before.Written}
	if before.Written < 0 || after.Written < 0 {
		c.Written = -1
	}
	return c
}
