package s3

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strconv"
	"sync"
	"syscall"
	"time"

	"myfsio/checksum"
	"myfsio/fault"
	"myfsio/gate"
	"myfsio/gz"
	"myfsio/object"
	"myfsio/s3/wire"
)

// field is a header of an answer. Names are written as they are, x-amz- ones in lower case as AWS does.
type field struct{ name, value string }

// document is an XML document of package wire.
type document interface{ Append([]byte) []byte }

// response is an answer on its way. Its zero value is an empty 200.
type response struct {
	status  int // 0 means 200
	fields  []field
	room    [16]field                      // of most answers
	user    []object.Pair                  // user metadata
	ranges  bool                           // the answer tells Accept-Ranges
	doc     document                       // an XML body, or
	json    []byte                         // a JSON body, or
	stream  *object.Reader                 // the bytes of an object; closed by write
	produce func(io.Writer) (int64, error) // writes the body, or
	length  int64                          // of stream, or of what a HEAD is about; used with lengthy
	sized   bool                           // length is told
}

// answer returns the response of the request, to be filled by the handler.
func (r *request) answer() *response {
	r.res.fields = r.res.room[:0]
	return &r.res
}

// set adds a header; an empty value adds nothing.
func (res *response) set(name, value string) {
	if value != "" {
		res.fields = append(res.fields, field{name, value})
	}
}

// setTime adds a header with a date.
func (res *response) setTime(name string, t time.Time) {
	var b [len(http.TimeFormat)]byte
	res.set(name, string(wire.AppendHTTPTime(b[:0], t)))
}

// setETag adds ETag, in quotes.
func (res *response) setETag(tag string) {
	if tag != "" {
		res.set("ETag", `"`+tag+`"`)
	}
}

// setChecksum adds x-amz-checksum-<algorithm> and x-amz-checksum-type.
func (res *response) setChecksum(c object.Checksum) {
	if c.Algorithm != checksum.None && c.Value != "" {
		res.set(c.Algorithm.Header(), c.Value)
		res.set("x-amz-checksum-type", c.Type.String())
	}
}

// setVersion adds x-amz-version-id where the bucket was ever versioned.
func (res *response) setVersion(v *object.Version) {
	if v.Versioned {
		res.set("x-amz-version-id", v.VersionID)
	}
}

// Header values that never change share their slices.
var (
	serverHeader = []string{"MyFSIO"}
	bytesHeader  = []string{"bytes"}
	xmlHeader    = []string{"application/xml"}
	jsonHeader   = []string{"application/json"}
	sniffHeader  = []string{"nosniff"}
)

// buffers hold documents while they are written.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 4<<10); return &b }}

const maxPooled = 1 << 20 // bytes; a larger buffer is left to the collector

// common sets the headers of every answer.
func (r *request) common(hd http.Header) {
	id := []string{r.gate.ID}
	hd["Server"] = serverHeader
	hd["X-Request-Id"] = id
	hd["x-amz-request-id"] = id
	hd["x-amz-id-2"] = r.h.hostID
	hd["X-Content-Type-Options"] = sniffHeader
}

// headers sets the headers of res.
func (r *request) headers(hd http.Header, res *response) {
	r.common(hd)
	values := make([]string, len(res.fields)+len(res.user))
	for i := range res.fields {
		values[i] = res.fields[i].value
		hd[res.fields[i].name] = values[i : i+1 : i+1]
	}
	values = values[len(res.fields):]
	for i, p := range res.user {
		values[i] = p.Value
		hd["x-amz-meta-"+p.Name] = values[i : i+1 : i+1]
	}
	if res.ranges {
		hd["Accept-Ranges"] = bytesHeader
	}
}

// write sends the answer of a request that succeeded.
func (r *request) write(res *response) {
	if res == nil {
		res = r.answer()
	}
	hd := r.w.Header()
	r.headers(hd, res)
	status := res.status
	if status == 0 {
		status = http.StatusOK
	}
	switch {
	case res.doc != nil:
		buf := buffers.Get().(*[]byte)
		*buf = res.doc.Append((*buf)[:0])
		hd["Content-Type"] = xmlHeader
		r.send(status, *buf)
		if cap(*buf) <= maxPooled {
			buffers.Put(buf)
		}
	case res.json != nil:
		hd["Content-Type"] = jsonHeader
		r.send(status, res.json)
	default:
		if res.sized {
			hd["Content-Length"] = []string{strconv.FormatInt(res.length, 10)}
		}
		r.begin(status)
		switch {
		case res.stream != nil:
			r.stream(res.stream)
		case res.produce != nil:
			r.produced(res.produce)
		}
	}
}

// begin sends the status and headers.
func (r *request) begin(status int) {
	r.record.Status = status
	r.record.ToFirst = r.h.cfg.Now().Sub(r.gate.Started)
	r.cors.Set(r.w.Header())
	r.w.WriteHeader(status)
}

// send sends a body that is in memory.
func (r *request) send(status int, body []byte) {
	r.w.Header()["Content-Length"] = []string{strconv.Itoa(len(body))}
	gz.Document(r.w)
	r.begin(status)
	if r.http.Method == http.MethodHead {
		return
	}
	n, _ := r.w.Write(body) // the client is gone when this fails
	r.record.Sent = int64(n)
}

// stream sends the bytes of an object. An error in their midst cuts the connection, as nothing else can tell
// the client that the answer is not whole.
func (r *request) stream(rd *object.Reader) {
	defer rd.Close()
	n, err := rd.WriteTo(r.w)
	r.record.Sent = n
	if err == nil {
		return
	}
	if fault.Is(err, fault.Corrupted) || !r.gone(err) {
		r.record.Code = problemOf(nil).code // what the client would have been told
		r.h.cfg.Log.Error("object cannot be read", "request", r.gate.ID, "bucket", r.gate.Bucket, "key", r.gate.Key, "sent", n, "err", err)
	}
	panic(http.ErrAbortHandler)
}

// gone reports whether the client, rather than this server, is the reason that an answer could not be sent.
func (r *request) gone(err error) bool {
	for _, e := range []error{syscall.EPIPE, syscall.ECONNRESET, os.ErrDeadlineExceeded, net.ErrClosed} {
		if errors.Is(err, e) {
			return true
		}
	}
	return r.http.Context().Err() != nil
}

// produced sends a body as it is made. What cannot be told within the body cuts the connection.
func (r *request) produced(produce func(io.Writer) (int64, error)) {
	n, err := produce(r.w)
	r.record.Sent = n
	if err == nil {
		return
	}
	if p := problemOf(err); r.record.Code == "" {
		r.record.Code = p.code
	}
	r.h.cfg.Log.Info("answer cut off", "request", r.gate.ID, "bucket", r.gate.Bucket, "key", r.gate.Key, "sent", n, "err", err)
	panic(http.ErrAbortHandler)
}

// fail sends an error. res may hold headers that go with it, such as those of a delete marker.
func (r *request) fail(res *response, err error) {
	p := problemOf(err)
	r.record.Code = p.code
	if p.status >= http.StatusInternalServerError && p.status != http.StatusNotImplemented {
		r.h.cfg.Log.Error("request failed", "request", r.gate.ID, "method", r.http.Method, "bucket", r.gate.Bucket, "key", r.gate.Key, "code", p.code, "err", err)
	}
	r.settleBody(p.kind)
	hd := r.w.Header()
	if res == nil {
		res = r.answer()
	}
	r.headers(hd, res)
	if p.status == http.StatusServiceUnavailable {
		hd["Retry-After"] = []string{gate.RetryAfter(r.retry)}
	}
	if r.http.Method == http.MethodHead || p.status == http.StatusNotModified {
		r.begin(p.status)
		return
	}
	hd["Content-Type"] = xmlHeader
	e := wire.Error{Code: p.code, Message: p.msg, Resource: r.resource, RequestID: r.gate.ID, HostID: r.h.hostID[0], Fields: r.fieldsOf(err, p)}
	r.send(p.status, e.Append(nil))
}

// panicked answers with an internal error, unless an answer is on its way already: then it reports that this one is to be cut.
func (r *request) panicked(p any) (cut bool) {
	r.h.cfg.Log.Error("panic", "request", r.gate.ID, "method", r.http.Method, "bucket", r.gate.Bucket, "key", r.gate.Key, "panic", p, "stack", string(debug.Stack()))
	if r.record.Status != 0 {
		r.record.Code = problemOf(nil).code
		return true
	}
	clear(r.w.Header())
	r.fail(nil, errors.New("panic"))
	return false
}
