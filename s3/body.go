package s3

import (
	"bytes"
	"crypto/md5"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"myfsio/checksum"
	"myfsio/fault"
	"myfsio/object"
	"myfsio/s3/wire"
	"myfsio/sigv4"
)

// watchBody puts a watch on the time between bytes of the body. The request is copied, since the server
// looks at the body of its own one when the handler has returned.
func (r *request) watchBody() {
	// net/http sends 100 when a body is read. A client that asks for it before an empty body waits all the same,
	// and some take the missing one for that of their next request.
	if r.http.ContentLength == 0 && strings.EqualFold(r.header("Expect"), "100-continue") {
		r.w.WriteHeader(http.StatusContinue)
	}
	if !r.hasBody || r.http.Body == nil || r.http.Body == http.NoBody {
		return
	}
	watched := *r.http
	watched.Body = &patient{body: r.http.Body, conn: r.controller(), limit: r.h.cfg.BodyTimeout}
	r.http = &watched
}

// patient reads a body and gives up when nothing comes for a while. It tells a client that went away from a fault
// of the server.
type patient struct {
	body  io.ReadCloser
	conn  *http.ResponseController
	limit time.Duration
}

func (p *patient) Read(b []byte) (int, error) {
	if p.limit > 0 {
		p.conn.SetReadDeadline(time.Now().Add(p.limit))
	}
	n, err := p.body.Read(b)
	if err == nil {
		return n, nil
	}
	if p.limit > 0 {
		// At the end of a body the server goes on to read, to notice when the client leaves. It must
		// not meet the deadline of the body.
		p.conn.SetReadDeadline(time.Time{})
	}
	switch {
	case err == io.EOF:
		return n, err
	case errors.Is(err, os.ErrDeadlineExceeded):
		return n, &fault.Error{Kind: fault.Timeout, Err: err,
			Msg: "Your socket connection to the server was not read from or written to within the timeout period."}
	}
	return n, fault.Wrap(fault.IncompleteBody, err, "You did not provide the number of bytes specified by the Content-Length HTTP header")
}

func (p *patient) Close() error { return p.body.Close() }

// openBody returns the body as its sender meant it: verified, and without framing.
func (r *request) openBody() (*sigv4.Body, error) {
	if r.proof != nil {
		return r.proof.Body()
	}
	return sigv4.UnsignedBody(r.http)
}

// uploaded returns the body of a PUT or part. Nothing of it is read yet.
func (r *request) uploaded() (object.Body, error) {
	var b object.Body
	if r.http.ContentLength == 0 && r.header("Content-Length") == "" && r.http.ProtoMajor < 2 {
		return b, fault.New(fault.MissingLength, "You must provide the Content-Length HTTP header.")
	}
	body, err := r.openBody()
	if err != nil {
		return b, err
	}
	limit := r.h.cfg.MaxUpload
	if body.Size() > limit {
		return b, errTooLarge()
	}
	if b.MD5, err = r.contentMD5(); err != nil {
		return b, err
	}
	if b.Digest, err = r.digest(body); err != nil {
		return b, err
	}
	b.Size = body.Size()
	r.upload = &counted{src: body, limit: limit}
	b.Reader = r.upload
	return b, nil
}

func errTooLarge() error {
	return fault.New(fault.EntityTooLarge, "Your proposed upload exceeds the maximum allowed size")
}

// counted counts the bytes of a body and ends one that is longer than allowed.
type counted struct {
	src      io.Reader
	n, limit int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.src.Read(p)
	if c.n += int64(n); c.n > c.limit {
		return 0, errTooLarge()
	}
	return n, err
}

// contentMD5 reads Content-MD5; nil when there is none.
func (r *request) contentMD5() ([]byte, error) {
	v, given := r.http.Header["Content-Md5"]
	if !given {
		return nil, nil
	}
	sum, err := base64.StdEncoding.DecodeString(v[0])
	if err != nil || len(sum) != md5.Size {
		return nil, fault.New(fault.InvalidDigest, "The Content-MD5 you specified was invalid.")
	}
	return sum, nil
}

// sums are the algorithms with the canonical names of their headers.
var sums = func() (out []struct {
	alg    checksum.Algorithm
	header string
}) {
	for _, a := range checksum.All() {
		out = append(out, struct {
			alg    checksum.Algorithm
			header string
		}{a, http.CanonicalHeaderKey(a.Header())})
	}
	return out
}()

// checksumHeader returns the one x-amz-checksum- header of the request; None when there is none.
func (r *request) checksumHeader() (checksum.Algorithm, string, error) {
	found, value := checksum.None, ""
	for i := range sums {
		v := r.http.Header[sums[i].header]
		if len(v) == 0 {
			continue
		}
		if found != checksum.None || len(v) > 1 {
			return checksum.None, "", fault.New(fault.InvalidRequest, "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
		}
		found, value = sums[i].alg, v[0]
	}
	return found, value, nil
}

// trailerChecksum returns the checksum that x-amz-trailer announces; None when it announces none.
func (r *request) trailerChecksum() (checksum.Algorithm, error) {
	found := checksum.None
	for _, line := range r.http.Header["X-Amz-Trailer"] {
		for name := range strings.SplitSeq(line, ",") {
			name = strings.TrimSpace(name)
			alg, ok := checksum.ParseHeader(name)
			if !ok {
				if strings.EqualFold(name, "x-amz-trailer-signature") || name == "" {
					continue
				}
				return found, fault.New(fault.InvalidRequest, "The value specified in the x-amz-trailer header is not supported")
			}
			if found != checksum.None {
				return found, fault.New(fault.InvalidRequest, "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
			}
			found = alg
		}
	}
	return found, nil
}

// digest says which checksum the body must have.
func (r *request) digest(body *sigv4.Body) (object.Digest, error) {
	none := object.Digest{}
	alg, value, err := r.checksumHeader()
	if err != nil {
		return none, err
	}
	trailer, err := r.trailerChecksum()
	if err != nil {
		return none, err
	}
	if alg != checksum.None && trailer != checksum.None {
		return none, fault.New(fault.InvalidRequest, "Expecting a single x-amz-checksum- header")
	}
	if err := r.agrees(alg, trailer); err != nil {
		return none, err
	}
	switch {
	case alg != checksum.None:
		want, err := alg.Decode(value)
		if err != nil {
			return none, err
		}
		return object.Digest{Algorithm: alg, Want: func() ([]byte, error) { return want, nil }}, nil
	case trailer != checksum.None:
		return object.Digest{Algorithm: trailer, Want: func() ([]byte, error) {
			return trailer.Decode(body.Trailer().Get(trailer.Header()))
		}}, nil
	}
	return none, nil
}

// agrees holds x-amz-sdk-checksum-algorithm against the checksum that is sent.
func (r *request) agrees(header, trailer checksum.Algorithm) error {
	name := r.header("X-Amz-Sdk-Checksum-Algorithm")
	if name == "" {
		return nil
	}
	alg, ok := checksum.Parse(name)
	switch {
	case !ok:
		return fault.New(fault.InvalidRequest, "Value for x-amz-sdk-checksum-algorithm header is invalid.")
	case header == checksum.None && trailer == checksum.None:
		return fault.New(fault.InvalidRequest, "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.")
	case alg != header && alg != trailer:
		return fault.New(fault.InvalidRequest, "Value for x-amz-sdk-checksum-algorithm header is invalid.")
	}
	return nil
}

// document reads a whole body of at most limit bytes and checks every digest that came with it. digested says that
// it came with one.
func (r *request) document(limit int64) (doc []byte, digested bool, err error) {
	return r.readDocument(limit, r.digest)
}

// readDocument is document with a choice of where the checksum comes from.
func (r *request) readDocument(limit int64, digestOf func(*sigv4.Body) (object.Digest, error)) (doc []byte, digested bool, err error) {
	body, err := r.openBody()
	if err != nil {
		return nil, false, err
	}
	if body.Size() > limit {
		return nil, false, wire.ErrTooLarge()
	}
	sum, err := r.contentMD5()
	if err != nil {
		return nil, false, err
	}
	digest, err := digestOf(body)
	if err != nil {
		return nil, false, err
	}
	buf := bytes.NewBuffer(make([]byte, 0, max(body.Size(), 0)+bytes.MinRead))
	if _, err := buf.ReadFrom(io.LimitReader(body, limit+1)); err != nil {
		return nil, false, err
	}
	doc = buf.Bytes()
	r.received = int64(len(doc))
	if r.received > limit {
		return nil, false, wire.ErrTooLarge()
	}
	if err := verifyDocument(doc, sum, digest); err != nil {
		return nil, false, err
	}
	return doc, sum != nil || digest.Want != nil, nil
}

func verifyDocument(doc, sum []byte, digest object.Digest) error {
	if sum != nil {
		if got := md5.Sum(doc); subtle.ConstantTimeCompare(got[:], sum) != 1 {
			return fault.New(fault.BadDigest, "The Content-MD5 you specified did not match what we received.")
		}
	}
	if digest.Want == nil {
		return nil
	}
	want, err := digest.Want()
	if err != nil {
		return err
	}
	hash := checksum.New(digest.Algorithm)
	hash.Write(doc)
	if subtle.ConstantTimeCompare(hash.Sum(nil), want) != 1 {
		return fault.New(fault.BadDigest, "The %s you specified did not match the calculated checksum.", digest.Algorithm)
	}
	return nil
}
