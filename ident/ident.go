// Package ident makes the identifiers that requests, keys and files are told apart by. None of them is a secret.
package ident

import (
	"crypto/rand"
	"encoding/hex"
	mathrand "math/rand/v2"
)

// Hex returns 16 upper-case hexadecimal digits at random, as S3 writes the ids of requests.
func Hex() string {
	const digits = "0123456789ABCDEF"
	var b [16]byte
	n := mathrand.Uint64()
	for i := range b {
		b[i] = digits[n>>60]
		n <<= 4
	}
	return string(b[:])
}

// UUID returns a random UUID, version 4 of RFC 9562, in lower case.
func UUID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails, see crypto/rand
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	var s [36]byte
	hex.Encode(s[:8], b[:4])
	hex.Encode(s[9:13], b[4:6])
	hex.Encode(s[14:18], b[6:8])
	hex.Encode(s[19:23], b[8:10])
	hex.Encode(s[24:], b[10:])
	s[8], s[13], s[18], s[23] = '-', '-', '-', '-'
	return string(s[:])
}
