package website

import (
	"context"
	"net/http"
	"strconv"

	"myfsio/fault"
	"myfsio/object"
	"myfsio/s3/wire"
)

// object opens what the path stands for.
func (v *visit) object(ctx context.Context) (*answer, error) {
	var rd *object.Reader
	var err error
	for i, key := range v.keys() {
		if v.gate.Key = key; i > 0 {
			if err := v.h.cfg.Gate.Authorize(ctx, &v.gate); err != nil {
				return nil, err
			}
		}
		rd, err = v.open(ctx, v.request(key))
		if i > 0 && fault.Is(err, fault.KeyTooLong) {
			err = fault.New(fault.NoSuchKey, "The specified key does not exist.")
		}
		if !fault.Is(err, fault.NoSuchKey) {
			break
		}
	}
	return v.show(rd, err)
}

// request is what is asked of the store.
func (v *visit) request(key string) object.GetObject {
	get := object.GetObject{Bucket: v.gate.Bucket, Key: key, HeadOnly: v.http.Method == http.MethodHead}
	get.If.IfMatch = tags(v.http.Header["If-Match"], false)
	get.If.IfNoneMatch = tags(v.http.Header["If-None-Match"], true)
	get.If.IfModifiedSince, _ = wire.ParseTime(v.header("If-Modified-Since")) // one that is no date is ignored, as HTTP asks
	get.If.IfUnmodifiedSince, _ = wire.ParseTime(v.header("If-Unmodified-Since"))
	if rng, ok := wire.ParseRange(v.header("Range")); ok {
		get.Range = &object.Range{First: rng.First, Last: rng.Last, Suffix: rng.Suffix}
	}
	return get
}

func (v *visit) header(name string) string {
	if h := v.http.Header[name]; len(h) > 0 {
		return h[0]
	}
	return ""
}

func tags(header []string, weak bool) []string {
	if len(header) == 0 || header[0] == "" {
		return nil
	}
	return wire.ParseETags(header[0], weak)
}

// open opens the version that the gate decided about. Where its decision rests on the tags of a version, and another one
// took its place meanwhile, the gate decides again.
func (v *visit) open(ctx context.Context, get object.GetObject) (*object.Reader, error) {
	const tries = 4
	for range tries {
		rd, err := v.openRange(ctx, get)
		if rd == nil || v.tagged == [16]byte{} || v.tagged == rd.Version.Stamp {
			return rd, err
		}
		if err == nil && !get.HeadOnly {
			rd.Close()
		}
		v.tagged = [16]byte{}
		if err := v.h.cfg.Gate.Authorize(ctx, &v.gate); err != nil {
			return nil, err
		}
	}
	return nil, fault.New(fault.SlowDown, "The object was replaced while it was looked at. Please try again.")
}

// openRange opens the object. A range whose If-Range no longer holds gives the whole object.
func (v *visit) openRange(ctx context.Context, get object.GetObject) (*object.Reader, error) {
	rd, err := v.h.cfg.Store.Open(ctx, get)
	cond := v.header("If-Range")
	if cond == "" || get.Range == nil || rd == nil || err != nil && !fault.Is(err, fault.InvalidRange) || ifRange(cond, &rd.Version) {
		return rd, err
	}
	if err == nil && !get.HeadOnly {
		rd.Close()
	}
	get.Range = nil
	return v.h.cfg.Store.Open(ctx, get)
}

// ifRange reports whether the version is the one of an If-Range header.
func ifRange(cond string, o *object.Version) bool {
	if t, ok := wire.ParseTime(cond); ok {
		return o.Modified.Unix() == t.Unix()
	}
	tags := wire.ParseETags(cond, false)
	return len(tags) == 1 && tags[0] == o.ETag
}

// show answers with an object that was opened, or not.
func (v *visit) show(rd *object.Reader, err error) (*answer, error) {
	a := &answer{}
	if rd == nil || fault.Is(err, fault.NoSuchKey) {
		return a, err
	}
	if to := rd.Version.Meta.WebsiteRedirect; to != "" {
		if err == nil && v.http.Method != http.MethodHead {
			rd.Close()
		}
		return redirect(to, http.StatusMovedPermanently), nil
	}
	o, m := &rd.Version, &rd.Version.Meta
	v.record.Size = o.Size
	switch fault.KindOf(err) {
	case fault.NotModified:
		a.status = http.StatusNotModified
		a.identify(o)
		a.set("Cache-Control", m.CacheControl)
		a.set("Expires", m.Expires)
		return a, nil
	case fault.InvalidRange:
		a.set("Content-Range", "bytes */"+strconv.FormatInt(o.Size, 10))
	}
	if err != nil {
		return a, err
	}
	a.describe(m)
	a.identify(o)
	a.set("Accept-Ranges", "bytes")
	for _, p := range m.User {
		a.set("x-amz-meta-"+p.Name, p.Value)
	}
	if rd.Ranged {
		a.status = http.StatusPartialContent
		a.set("Content-Range", "bytes "+strconv.FormatInt(rd.Offset, 10)+"-"+strconv.FormatInt(rd.Offset+rd.Length-1, 10)+"/"+strconv.FormatInt(o.Size, 10))
	}
	a.from(rd, v.http.Method)
	return a, nil
}
