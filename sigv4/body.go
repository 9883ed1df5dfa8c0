package sigv4

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/http"
	"strconv"
	"strings"

	"myfsio/fault"
)

// Body is the body of a request as its sender meant it. Read until it returns io.EOF or Size bytes; any other
// error voids all bytes before it. It belongs to one goroutine.
type Body struct {
	src     io.ReadCloser
	size    int64 // decoded bytes announced, -1 unknown
	seen    int64 // decoded bytes given out
	err     error // what Read returns from now on
	sum     hash.Hash
	want    [32]byte
	chunks  *chunks // nil for a plain body
	trailer http.Header
}

// Body returns the verified body of q. Verify must have succeeded before. Errors: MissingLength when an
// aws-chunked body lacks x-amz-decoded-content-length.
func (q *Request) Body() (*Body, error) {
	if q.key == nil {
		return nil, errors.New("sigv4: Body before Verify")
	}
	b, err := newBody(q.r, q.Payload, q.payload)
	if err != nil || b.chunks == nil || q.Payload == StreamUnsignedTrailer {
		return b, err
	}
	b.chunks.seal = newSeal(q)
	return b, nil
}

// UnsignedBody returns the body of a request whose sender proved himself in another way or not
// at all. It obeys x-amz-content-sha256 as far as that needs no key: a hash is checked, and
// the framing of STREAMING-UNSIGNED-PAYLOAD-TRAILER is taken off. Signed chunks are refused.
func UnsignedBody(r *http.Request) (*Body, error) {
	sha := first(r, "X-Amz-Content-Sha256")
	if sha == "" {
		sha = unsignedPayload
	}
	p, err := parsePayload(sha)
	if err != nil {
		return nil, err
	}
	if p == StreamSigned || p == StreamSignedTrailer {
		return nil, failure(fault.InvalidRequest, CodeInvalidRequest, "The chunks of the body are signed but the request is not.")
	}
	return newBody(r, p, sha)
}

func newBody(r *http.Request, p Payload, sha string) (*Body, error) {
	b := &Body{src: r.Body, size: r.ContentLength}
	if b.src == nil {
		b.src, b.size = http.NoBody, 0
	}
	switch {
	case p == Hashed:
		hex.Decode(b.want[:], []byte(sha)) // parsePayload has checked it
		b.sum = sha256.New()
	case p.Chunked():
		size, err := decodedLength(r)
		if err != nil {
			return nil, err
		}
		announced, err := announcedTrailers(r, p)
		if err != nil {
			return nil, err
		}
		b.size = size
		b.chunks = newChunks(b.src, size, p, announced)
	}
	return b, nil
}

func decodedLength(r *http.Request) (int64, error) {
	v := first(r, "X-Amz-Decoded-Content-Length")
	if v == "" {
		return 0, failure(fault.MissingLength, CodeMissingLength, "You must provide the x-amz-decoded-content-length HTTP header.")
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < 0 || v[0] == '+' {
		return 0, failure(fault.InvalidArgument, CodeInvalidArgument, "x-amz-decoded-content-length is not a length.")
	}
	return n, nil
}

// announcedTrailers returns the names in x-amz-trailer in lower case.
func announcedTrailers(r *http.Request, p Payload) ([]string, error) {
	if p == StreamSigned {
		return nil, nil
	}
	var names []string
	for _, line := range r.Header["X-Amz-Trailer"] {
		for name := range strings.SplitSeq(line, ",") {
			name = strings.ToLower(strings.Trim(name, " \t"))
			if name == "" {
				continue
			}
			if !validSignedHeaders(name) || len(names) >= maxTrailers {
				return nil, failure(fault.InvalidRequest, CodeInvalidRequest, "The value specified in the x-amz-trailer header is not supported")
			}
			names = append(names, name)
		}
	}
	return names, nil
}

// Size returns the length of the decoded body in bytes, -1 when the sender did not say.
func (b *Body) Size() int64 { return b.size }

// Trailer returns the trailer fields of an aws-chunked body, nil before io.EOF or Size bytes.
func (b *Body) Trailer() http.Header { return b.trailer }

// Read reads decoded bytes. Large reads go straight from the connection into p.
func (b *Body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if len(p) == 0 {
		return 0, nil
	}
	n, err := b.read(p)
	if err != nil && err != io.EOF {
		n = 0
	}
	b.err = err
	return n, err
}

func (b *Body) read(p []byte) (int, error) {
	if b.chunks != nil {
		n, err := b.chunks.read(p)
		if err == nil && b.chunks.done {
			b.trailer = b.chunks.trailer
			err = io.EOF
		}
		b.seen += int64(n)
		return n, err
	}
	n, err := b.src.Read(p)
	b.seen += int64(n)
	if b.sum != nil {
		b.sum.Write(p[:n])
	}
	switch {
	case err == io.EOF && b.size >= 0 && b.seen != b.size, err == io.ErrUnexpectedEOF:
		return 0, incomplete()
	case err != nil && err != io.EOF:
		return 0, err
	case b.size >= 0 && b.seen > b.size:
		return 0, incomplete()
	case err == io.EOF, b.seen == b.size:
		return n, b.checkHash()
	}
	return n, nil
}

// checkHash ends a plain body: io.EOF when its hash is right.
func (b *Body) checkHash() error {
	if b.sum == nil {
		return io.EOF
	}
	var got [32]byte
	if subtle.ConstantTimeCompare(b.sum.Sum(got[:0]), b.want[:]) != 1 {
		return failure(fault.PayloadHash, CodeSHA256Mismatch, "The provided 'x-amz-content-sha256' header does not match what was computed.")
	}
	return io.EOF
}

var errClosed = errors.New("sigv4: the body is closed")

// Close ends reading and closes the body of the request.
func (b *Body) Close() error {
	if b.chunks != nil {
		b.chunks.release()
	}
	if b.err == nil || b.err == io.EOF {
		b.err = errClosed
	}
	return b.src.Close()
}
