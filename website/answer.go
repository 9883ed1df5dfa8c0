package website

import (
	"net/http"
	"runtime/debug"
	"strconv"

	"myfsio/fault"
	"myfsio/object"
)

// answer is an answer on its way. Its zero value is an empty 200.
type answer struct {
	status int // 0 means 200
	fields [][2]string
	length int64
	page   []byte         // a page of this package, or
	stream *object.Reader // the bytes of an object; closed by send
}

// set adds a header; an empty value adds nothing.
func (a *answer) set(name, value string) {
	if value != "" {
		a.fields = append(a.fields, [2]string{name, value})
	}
}

// describe adds the headers that say how to read an object.
func (a *answer) describe(m *object.Metadata) {
	a.set("Content-Type", m.ContentType)
	a.set("Cache-Control", m.CacheControl)
	a.set("Content-Disposition", m.ContentDisposition)
	a.set("Content-Encoding", m.ContentEncoding)
	a.set("Content-Language", m.ContentLanguage)
	a.set("Expires", m.Expires)
}

// identify adds the headers that tell one state of an object from another.
func (a *answer) identify(o *object.Version) {
	a.set("Last-Modified", o.Modified.UTC().Format(http.TimeFormat))
	a.set("ETag", `"`+o.ETag+`"`)
}

// from takes the body from a reader. That of a HEAD was not opened.
func (a *answer) from(rd *object.Reader, method string) {
	a.length = rd.Length
	if method != http.MethodHead {
		a.stream = rd
	}
}

// redirect leads elsewhere.
func redirect(to string, status int) *answer {
	a := &answer{status: status}
	a.set("Location", to)
	return a
}

// send sends an answer. An error in the midst of an object cuts the connection, as nothing else can tell the visitor
// that the answer is not whole.
func (v *visit) send(a *answer) {
	hd := v.w.Header()
	hd["Server"] = []string{"MyFSIO"}
	hd["X-Request-Id"] = []string{v.gate.ID}
	hd["x-amz-request-id"] = []string{v.gate.ID}
	hd["x-amz-id-2"] = []string{v.h.hostID}
	hd["X-Content-Type-Options"] = []string{"nosniff"}
	for _, f := range a.fields {
		hd[f[0]] = append(hd[f[0]], f[1])
	}
	if a.page != nil {
		a.length = int64(len(a.page))
		hd["Content-Type"] = []string{"text/html; charset=utf-8"}
		hd["Content-Security-Policy"] = []string{"default-src 'none'"}
	}
	if a.status != http.StatusNotModified {
		hd["Content-Length"] = []string{strconv.FormatInt(a.length, 10)}
	}
	v.cors.Set(hd)
	if a.status == 0 {
		a.status = http.StatusOK
	}
	v.begun = true
	v.record.Status, v.record.ToFirst = a.status, v.h.cfg.Now().Sub(v.gate.Started)
	v.w.WriteHeader(a.status)
	if a.page != nil && v.http.Method != http.MethodHead {
		n, _ := v.w.Write(a.page) // nobody is left to be told of an error
		v.record.Sent = int64(n)
	}
	if a.stream == nil {
		return
	}
	defer a.stream.Close()
	n, err := a.stream.WriteTo(v.w)
	v.record.Sent = n
	if fault.Is(err, fault.Corrupted) {
		v.h.cfg.Log.Error("object cannot be read", "request", v.gate.ID, "bucket", v.gate.Bucket, "key", v.gate.Key, "sent", n, "err", err)
	}
	if err != nil {
		panic(http.ErrAbortHandler)
	}
}

// done tells of the request.
func (v *visit) done() {
	if v.h.cfg.Done == nil {
		return
	}
	v.record.Request, v.record.HTTP, v.record.HostID, v.record.Duration = &v.gate, v.http, v.h.hostID, v.h.cfg.Now().Sub(v.gate.Started)
	v.h.cfg.Done(v.http.Context(), &v.record)
}

// recovered answers with an internal error after a panic, unless an answer is on its way already: then it cuts it.
func (v *visit) recovered() {
	p := recover()
	if p == nil {
		return
	}
	if p == http.ErrAbortHandler {
		panic(p)
	}
	v.h.cfg.Log.Error("panic", "request", v.gate.ID, "bucket", v.gate.Bucket, "key", v.gate.Key, "panic", p, "stack", string(debug.Stack()))
	if v.begun {
		panic(http.ErrAbortHandler)
	}
	v.conf = nil
	v.send(v.plain(&answer{}, problemOf(fault.New(fault.Internal, "")), nil))
}
