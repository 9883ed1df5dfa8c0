package load

import (
	"io"
	"net"
	"syscall"
)

// drop reads n bytes from conn without copying them out of the kernel: of a
// TCP socket, MSG_TRUNC throws them away. buf is not written to; its length is how much
// is dropped at a time.
func drop(conn net.Conn, n int64, buf []byte) (int64, error) {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return 0, errNoDrop
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return 0, err
	}
	var done int64
	for done < n {
		var m int
		var callErr error
		err := raw.Read(func(fd uintptr) bool {
			m, _, callErr = syscall.Recvfrom(int(fd), buf[:min(int64(len(buf)), n-done)], syscall.MSG_TRUNC)
			return callErr != syscall.EAGAIN && callErr != syscall.EINTR
		})
		switch {
		case err != nil:
			return done, err
		case callErr != nil:
			return done, callErr
		case m == 0:
			return done, io.ErrUnexpectedEOF
		}
		done += int64(m)
	}
	return done, nil
}
