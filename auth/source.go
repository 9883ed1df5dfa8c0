package auth

import (
	"net"
	"net/http"
)

// Source is where a request comes from.
type Source struct {
	IP     string // of the client, without port
	Secure bool   // the client's connection is encrypted
	Bucket string // of a virtual-hosted request, "" for path style; Signature V2 signs it
}

// Peer is the source of a request that no proxy passed on: the other end of its connection.
func Peer(r *http.Request) Source {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	return Source{IP: host, Secure: r.TLS != nil}
}
