package website

import (
	"context"
	"errors"
	"html"
	"net/http"
	"strconv"

	"myfsio/fault"
	"myfsio/gate"
	"myfsio/object"
)

// problem is an error in the words of S3's websites.
type problem struct {
	status int
	code   string
	msg    string
}

// problems gives kinds of faults their status and code. The message stands where the error has none. Kinds that are not here cannot come
// of reading an object, and are internal errors.
var problems = map[fault.Kind]problem{
	fault.NoSuchBucket:       {404, "NoSuchBucket", "The specified bucket does not exist"},
	fault.NoSuchKey:          {404, "NoSuchKey", "The specified key does not exist."},
	fault.NoSuchConfig:       {404, "NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration"},
	fault.KeyTooLong:         {400, "KeyTooLongError", "Your key is too long"},
	fault.InvalidArgument:    {400, "InvalidArgument", "Invalid Argument"},
	fault.InvalidRequest:     {400, "InvalidRequest", "Invalid Request"},
	fault.AccessDenied:       {403, "AccessDenied", "Access Denied"},
	fault.Unauthenticated:    {403, "AccessDenied", "Access Denied"},
	fault.MethodNotAllowed:   {405, "MethodNotAllowed", "The specified method is not allowed against this resource."},
	fault.PreconditionFailed: {412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold"},
	fault.InvalidRange:       {416, "InvalidRange", "The requested range is not satisfiable"},
	fault.SlowDown:           {503, "SlowDown", "Please reduce your request rate."},
	fault.Unavailable:        {503, "ServiceUnavailable", "Service is unable to handle request."},
	fault.NotImplemented:     {501, "NotImplemented", "The object cannot be shown."},
}

// internalError is what a visitor is told of any other.
var internalError = problem{500, "InternalError", "We encountered an internal error. Please try again."}

// problemOf puts err into words. Only the message of a fault is shown.
func problemOf(err error) problem {
	p, ok := problems[fault.KindOf(err)]
	if !ok {
		return internalError
	}
	var fe *fault.Error
	if !errors.As(err, &fe) {
		return p
	}
	if fe.Code != "" {
		p.code = fe.Code
	}
	if fe.Msg != "" {
		p.msg = fe.Msg
	}
	return p
}

// failed answers an error. a may hold headers that go with it.
func (v *visit) failed(ctx context.Context, a *answer, err error) *answer {
	p := problemOf(err)
	v.record.Code = p.code
	if p.status >= http.StatusInternalServerError && p.status != http.StatusNotImplemented && v.retry == 0 {
		v.h.cfg.Log.Error("request failed", "request", v.gate.ID, "bucket", v.gate.Bucket, "key", v.gate.Key, "code", p.code, "err", err)
	}
	if a == nil {
		a = &answer{}
	}
	if p.status == http.StatusServiceUnavailable {
		a.set("Retry-After", gate.RetryAfter(v.retry))
	}
	if v.conf == nil || v.conf.IndexDocument == nil || p.status == http.StatusPreconditionFailed || p.status == http.StatusRequestedRangeNotSatisfiable {
		return v.plain(a, p, nil)
	}
	if to, status, ok := v.conf.Route(v.at, p.status); ok {
		return redirect(to, status)
	}
	if v.conf.ErrorDocument == nil || p.status >= http.StatusInternalServerError {
		return v.plain(a, p, nil)
	}
	custom, err := v.errorDocument(ctx, p)
	if err != nil {
		return v.plain(a, p, err)
	}
	return custom
}

// errorDocument shows the object that the configuration names for errors. It is no answer to what the visitor asked for, so it has
// no ETag that he could ask about, and his conditions and ranges are not about it.
func (v *visit) errorDocument(ctx context.Context, p problem) (*answer, error) {
	v.gate.Key, v.tagged = v.conf.ErrorDocument.Key, [16]byte{}
	if err := v.h.cfg.Gate.Authorize(ctx, &v.gate); err != nil {
		return nil, err
	}
	get := object.GetObject{Bucket: v.gate.Bucket, Key: v.gate.Key, HeadOnly: v.http.Method == http.MethodHead}
	rd, err := v.open(ctx, get)
	if err != nil {
		return nil, err
	}
	m := &rd.Version.Meta
	if m.WebsiteRedirect != "" {
		if !get.HeadOnly {
			rd.Close()
		}
		return redirect(m.WebsiteRedirect, http.StatusMovedPermanently), nil
	}
	a := &answer{status: p.status}
	a.describe(m)
	a.set("x-amz-error-code", p.code)
	a.from(rd, v.http.Method)
	return a, nil
}

// plain is a page of our own. custom says why there is no error document, nil when none was asked for.
func (v *visit) plain(a *answer, p problem, custom error) *answer {
	a.status = p.status
	a.set("x-amz-error-code", p.code)
	title := strconv.Itoa(p.status) + " " + http.StatusText(p.status)
	b := append(make([]byte, 0, 1<<10), "<html>\n<head><title>"...)
	b = append(append(append(b, title...), "</title></head>\n<body>\n<h1>"...), title...)
	b = append(b, "</h1>\n<ul>\n"...)
	b = item(item(b, "Code", p.code), "Message", p.msg)
	if p.code == "NoSuchKey" {
		b = item(b, "Key", v.keys()[0])
	}
	b = item(item(b, "RequestId", v.gate.ID), "HostId", v.h.hostID)
	b = append(b, "</ul>\n"...)
	if custom != nil {
		c := problemOf(custom)
		b = append(b, "<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>\n<ul>\n"...)
		b = append(item(item(b, "Code", c.code), "Message", c.msg), "</ul>\n"...)
	}
	a.page = append(b, "<hr/>\n</body>\n</html>\n"...)
	return a
}

func item(b []byte, name, value string) []byte {
	b = append(append(append(b, "<li>"...), name...), ": "...)
	return append(append(b, html.EscapeString(value)...), "</li>\n"...)
}
