package work

import "golang.org/x/sys/unix"

// niceness of a lane's thread: about a tenth of the processor when others want it all.
const niceness = 10

// yieldToOthers lowers the priority of the calling thread; best effort. On Linux a "process" of
// setpriority(2) is a thread, and 0 the calling one.
func yieldToOthers() { _ = unix.Setpriority(unix.PRIO_PROCESS, 0, niceness) }
