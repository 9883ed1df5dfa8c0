//go:build !unix

package server

import "net"

// setBacklog leaves the system's default.
func setBacklog(*net.TCPListener, int) {}
