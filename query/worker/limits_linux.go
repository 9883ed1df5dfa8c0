package worker

import (
	"golang.org/x/sys/unix"

	"myfsio/query"
)

// overhead is what the process needs beside DuckDB's data, in bytes: the program's own data, stacks, and the buffers of
// records on their way.
const overhead = 256 << 20

// limitProcess bounds memory, processor time and files of this process, for good, and makes it give way to the server.
func limitProcess(l query.Limits) error {
	unix.Setpriority(unix.PRIO_PROCESS, 0, 10) // is a kindness only
	data := uint64(l.Memory) + overhead
	for _, r := range []struct {
		what  int
		limit uint64
	}{{unix.RLIMIT_DATA, data}, {unix.RLIMIT_CPU, uint64(l.CPU)}, {unix.RLIMIT_CORE, 0}, {unix.RLIMIT_FSIZE, 0}} {
		var now unix.Rlimit // may be narrower already, and only root may widen it
		if err := unix.Getrlimit(r.what, &now); err != nil {
			return err
		}
		most := min(r.limit, now.Max)
		if err := unix.Setrlimit(r.what, &unix.Rlimit{Cur: most, Max: most}); err != nil {
			return err
		}
	}
	return nil
}

// closeDoors takes the right to open files and sockets away, for good. Those that are open stay.
func closeDoors() error {
	return unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 0, Max: 0})
}
