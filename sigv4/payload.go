package sigv4

import (
	"encoding/hex"
	"strings"

	"myfsio/fault"
)

// Payload is the way x-amz-content-sha256 protects a body.
type Payload uint8

// The payloads.
const (
	Unsigned              Payload = iota // UNSIGNED-PAYLOAD
	Hashed                               // the SHA-256 of the whole body
	StreamSigned                         // aws-chunked, each chunk signed
	StreamSignedTrailer                  // aws-chunked, each chunk and the trailer signed
	StreamUnsignedTrailer                // aws-chunked with a trailer, nothing signed
)

const (
	unsignedPayload       = "UNSIGNED-PAYLOAD"
	streamSigned          = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	streamSignedTrailer   = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
	streamUnsignedTrailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
)

// Chunked reports whether the body is in aws-chunked framing.
func (p Payload) Chunked() bool { return p >= StreamSigned }

// parsePayload reads a value of x-amz-content-sha256.
func parsePayload(s string) (Payload, error) {
	switch s {
	case unsignedPayload:
		return Unsigned, nil
	case streamSigned:
		return StreamSigned, nil
	case streamSignedTrailer:
		return StreamSignedTrailer, nil
	case streamUnsignedTrailer:
		return StreamUnsignedTrailer, nil
	}
	if len(s) == 64 {
		if _, err := hex.DecodeString(s); err == nil {
			return Hashed, nil
		}
	}
	if strings.HasPrefix(s, "STREAMING-") {
		return 0, failure(fault.NotImplemented, CodeNotImplemented, "This value of x-amz-content-sha256 is not implemented.")
	}
	return 0, failure(fault.InvalidArgument, CodeInvalidArgument, "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, %s, or a valid sha256 value.", streamSigned)
}

func (q *Request) setPayload(s string) (err error) {
	q.payload = s
	q.Payload, err = parsePayload(s)
	return err
}
