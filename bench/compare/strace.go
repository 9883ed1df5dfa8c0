//go:build linux

package compare

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"myfsio/bench/load"
)

// syncCalls are the calls that make bytes durable. An open counts when it asks that
// every write be.
const syncCalls = "fsync,fdatasync,sync_file_range,syncfs,sync,msync,openat"

// countSyncs runs a short turn of item under strace and returns the calls of each
// name per operation. Traced servers are slow, so nothing else is taken from this turn.
func (s *server) countSyncs(ctx context.Context, item *load.Item, ops int64) (map[string]float64, error) {
	out := filepath.Join(filepath.Dir(s.dir), s.spec.Name+".strace")
	var cmd *exec.Cmd
	var failed error
	probe := load.Probe{
		Before: func() { cmd, failed = attach(s.cmd.Process.Pid, out) },
		After: func() {
			if cmd != nil {
				cmd.Process.Signal(os.Interrupt) // it lets go of the server
				cmd.Wait()
			}
		},
	}
	res, err := load.Run(ctx, s.env, item, load.Bounds{Duration: 30 * time.Second, MaxOps: ops, NoWarm: true}, probe)
	if err = errors.Join(err, failed); err != nil {
		return nil, err
	}
	if res.Errors > 0 || res.Ops == 0 {
		return nil, fmt.Errorf("%s under strace: %d operations, %d errors: %s", item.Name, res.Ops, res.Errors, res.Error)
	}
	f, err := os.Open(out)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	counts, err := parseStrace(f)
	for name := range counts {
		counts[name] /= float64(res.Ops)
	}
	return counts, err
}

// attach starts strace on a process and waits until it holds it.
func attach(pid int, out string) (*exec.Cmd, error) {
	cmd := exec.Command("strace", "-f", "-e", "trace="+syncCalls, "-o", out, "-p", strconv.Itoa(pid))
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "attached") {
			go io.Copy(io.Discard, stderr)
			return cmd, nil
		}
	}
	return nil, fmt.Errorf("strace: %w", cmd.Wait())
}

// parseStrace counts the calls in strace's log. A call that was interrupted by
// another thread's takes two lines; only its first is counted.
func parseStrace(r io.Reader) (map[string]float64, error) {
	counts := map[string]float64{}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		_, call, _ := strings.Cut(lines.Text(), " ")
		call = strings.TrimSpace(call)
		name, args, ok := strings.Cut(call, "(")
		if !ok || strings.HasPrefix(call, "<...") {
			continue
		}
		if name == "openat" {
			if !strings.Contains(args, "O_DSYNC") && !strings.Contains(args, "O_SYNC") {
				continue
			}
			name = "open O_DSYNC"
		}
		counts[name]++
	}
	return counts, lines.Err()
}
