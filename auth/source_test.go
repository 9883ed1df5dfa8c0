package auth

import (
	"crypto/tls"
	"net/http"
	"testing"
)

func TestPeer(t *testing.T) {
	for remote, want := range map[string]string{"192.0.2.1:80": "192.0.2.1", "[2001:db8::1]:80": "2001:db8::1", "@": "@", "": ""} {
		if got := Peer(&http.Request{RemoteAddr: remote}); got != (Source{IP: want}) {
			t.Errorf("%q: %+v", remote, got)
		}
	}
	if !Peer(&http.Request{TLS: &tls.ConnectionState{}}).Secure {
		t.Error("a connection over TLS is not secure")
	}
}
