//go:build !linux

package load

import "net"

func drop(net.Conn, int64, []byte) (int64, error) { return 0, errNoDrop }
