//go:build unix

package server

import (
	"net"
	"syscall"
)

// setBacklog asks the kernel for a queue of n connections not yet accepted; best effort. Listening again on a
// socket that listens changes just that.
func setBacklog(ln net.Listener, n int) {
	t, ok := ln.(*net.TCPListener)
	if !ok || n <= 0 {
		return
	}
	if rc, err := t.SyscallConn(); err == nil {
		rc.Control(func(fd uintptr) { syscall.Listen(int(fd), n) })
	}
}
