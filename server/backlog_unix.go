//go:build unix

package server

import (
	"net"
	"syscall"
)

// setBacklog asks the kernel for a queue of n connections not yet accepted; best effort. Listening again on a
// socket that listens changes just that.
func setBacklog(ln *net.TCPListener, n int) {
	if n <= 0 {
		return
	}
	if rc, err := ln.SyscallConn(); err == nil {
		rc.Control(func(fd uintptr) { syscall.Listen(int(fd), n) })
	}
}
