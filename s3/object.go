package s3

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"myfsio/fault"
	"myfsio/object"
	"myfsio/s3/wire"
)

// putObject serves PutObject.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
func (h *Handler) putObject(ctx context.Context, r *request) (*response, error) {
	if r.query.Has("partNumber") {
		return nil, wire.InvalidArgument("uploadId", "", "A part needs both partNumber and uploadId.")
	}
	put := object.PutObject{Bucket: r.gate.Bucket, Key: r.gate.Key, Owner: r.owner(), By: r.actor()}
	var err error
	if put.Meta, err = r.metadata(); err != nil {
		return nil, err
	}
	if err = r.tagRight(ctx); err != nil {
		return nil, err
	}
	if put.ACL, put.BucketOwnerFull, err = r.writtenACL(ctx); err != nil {
		return nil, err
	}
	if put.Lock, err = r.newLock(ctx); err != nil {
		return nil, err
	}
	if put.If, err = r.writeConditions(); err != nil {
		return nil, err
	}
	if put.Seal, err = r.sealing(); err != nil {
		return nil, err
	}
	if put.Body, err = r.uploaded(); err != nil {
		return nil, err
	}
	v, appended, err := h.write(ctx, r, put)
	if err != nil {
		return nil, r.condition(err)
	}
	res := r.answer()
	res.setETag(v.ETag)
	if appended {
		res.set("x-amz-object-size", strconv.FormatInt(v.Size, 10))
	}
	res.setChecksum(v.Checksum)
	res.setVersion(&v)
	r.setWritten(res, v.Encryption)
	r.expiry(ctx, res, &v)
	r.record.Size, r.record.VersionID = v.Size, v.VersionID
	return res, nil
}

// condition names the condition in the document of a failed precondition.
func (r *request) condition(err error) error {
	if name := failedCondition(err); name != "" {
		return detail(err, "Condition", name)
	}
	return err
}

// failedCondition returns the name of the precondition that did not hold, "" for another error.
func failedCondition(err error) string {
	var fe *fault.Error
	if errors.As(err, &fe) && fe.Kind == fault.PreconditionFailed {
		return fe.Condition
	}
	return ""
}

// getObject serves GetObject and HeadObject.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
func (h *Handler) getObject(ctx context.Context, r *request) (*response, error) {
	get := object.GetObject{Bucket: r.gate.Bucket, Key: r.gate.Key, If: r.conditions(), HeadOnly: r.http.Method == http.MethodHead}
	var err error
	if get.VersionID, err = r.versionParam(); err != nil {
		return nil, err
	}
	if get.Customer, err = r.customerKey(); err != nil {
		return nil, err
	}
	if err := r.chooseBytes(&get); err != nil {
		return nil, err
	}
	overrides, err := r.overrides()
	if err != nil {
		return nil, err
	}
	rd, err := h.openSeen(ctx, r, get)
	if err != nil {
		return r.unreadable(ctx, rd, err)
	}
	r.record.Size, r.record.VersionID = rd.Version.Size, rd.Version.VersionID
	res := r.answer()
	r.describe(res, &rd.Version, overrides)
	res.setEncryption(rd.Version.Encryption)
	r.expiry(ctx, res, &rd.Version)
	r.showLock(ctx, res, &rd.Version)
	if rd.Length == rd.Version.Size && get.PartNumber == 0 && strings.EqualFold(r.header("X-Amz-Checksum-Mode"), "ENABLED") {
		res.setChecksum(rd.Version.Checksum)
	}
	if rd.Ranged {
		res.status = http.StatusPartialContent
		res.set("Content-Range", contentRange(rd))
	}
	if rd.PartsCount > 0 {
		res.set("x-amz-mp-parts-count", strconv.Itoa(rd.PartsCount))
	}
	res.length, res.sized = rd.Length, true
	if !get.HeadOnly {
		res.stream = rd
	}
	return res, nil
}

// open opens the object. A range whose If-Range no longer holds gives the whole object.
func (h *Handler) open(ctx context.Context, r *request, get object.GetObject) (*object.Reader, error) {
	rd, err := h.cfg.Store.Open(ctx, get)
	cond := r.header("If-Range")
	if cond == "" || get.Range == nil || rd == nil || err != nil && !fault.Is(err, fault.InvalidRange) || ifRange(cond, &rd.Version) {
		return rd, err
	}
	if err == nil && !get.HeadOnly {
		rd.Close()
	}
	get.Range = nil
	return h.cfg.Store.Open(ctx, get)
}

// ifRange reports whether the version is the one of an If-Range header.
func ifRange(cond string, v *object.Version) bool {
	if t, ok := wire.ParseTime(cond); ok {
		return v.Modified.Unix() == t.Unix()
	}
	tags := wire.ParseETags(cond, false)
	return len(tags) == 1 && tags[0] == v.ETag
}

// chooseBytes reads Range and partNumber.
func (r *request) chooseBytes(get *object.GetObject) error {
	rng, ranged := wire.ParseRange(r.header("Range"))
	if ranged {
		get.Range = &object.Range{First: rng.First, Last: rng.Last, Suffix: rng.Suffix}
	}
	if !r.query.Has("partNumber") {
		return nil
	}
	if ranged {
		return fault.New(fault.InvalidRequest, "Cannot specify both Range header and partNumber query parameter")
	}
	var err error
	get.PartNumber, err = r.partNumber()
	return err
}

// partNumber reads partNumber.
func (r *request) partNumber() (int, error) {
	v := r.query.Get("partNumber")
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > object.MaxParts {
		return 0, wire.InvalidArgument("partNumber", v, "Part number must be an integer between 1 and 10000, inclusive")
	}
	return n, nil
}

// contentRange is the Content-Range of what is sent.
func contentRange(rd *object.Reader) string {
	b := append(make([]byte, 0, 48), "bytes "...)
	b = strconv.AppendInt(b, rd.Offset, 10)
	b = append(b, '-')
	b = strconv.AppendInt(b, rd.Offset+rd.Length-1, 10)
	b = append(b, '/')
	return string(strconv.AppendInt(b, rd.Version.Size, 10))
}

// overrides are the response- parameters of a GET by header name; nil for none.
type overrides map[string]string

var overridable = map[string]string{
	"response-content-type":        "Content-Type",
	"response-cache-control":       "Cache-Control",
	"response-content-disposition": "Content-Disposition",
	"response-content-encoding":    "Content-Encoding",
	"response-content-language":    "Content-Language",
	"response-expires":             "Expires",
}

// overrides reads the response- parameters. Only a request that is signed may have them.
func (r *request) overrides() (overrides, error) {
	var out overrides
	for _, p := range r.query {
		name, ok := overridable[p.Name]
		if !ok || p.Value == "" {
			continue
		}
		if r.gate.Anonymous() {
			return nil, fault.New(fault.InvalidRequest, "Request specific response headers cannot be used for anonymous GET requests.")
		}
		for i := 0; i < len(p.Value); i++ {
			if c := p.Value[i]; c < ' ' && c != '\t' || c == 0x7F {
				return nil, wire.InvalidArgument(p.Name, "", "The value has characters that no header can carry.")
			}
		}
		if out == nil {
			out = overrides{}
		}
		out[name] = p.Value
	}
	return out, nil
}

// describe tells of a version in the headers of a GET or HEAD.
func (r *request) describe(res *response, v *object.Version, over overrides) {
	m := &v.Meta
	for _, f := range [...]field{
		{"Content-Type", m.ContentType}, {"Cache-Control", m.CacheControl}, {"Content-Disposition", m.ContentDisposition},
		{"Content-Encoding", m.ContentEncoding}, {"Content-Language", m.ContentLanguage}, {"Expires", m.Expires},
	} {
		if o, ok := over[f.name]; ok {
			f.value = o
		}
		res.set(f.name, f.value)
	}
	res.ranges = true
	r.identityOf(res, v)
	res.set("x-amz-website-redirect-location", m.WebsiteRedirect)
	res.set("x-amz-storage-class", m.StorageClass)
	if n := len(m.Tags); n > 0 {
		res.set("x-amz-tagging-count", strconv.Itoa(n))
	}
	res.user = m.User
}

// identityOf tells which version it is.
func (r *request) identityOf(res *response, v *object.Version) {
	res.setTime("Last-Modified", v.Modified)
	res.setETag(v.ETag)
	res.setVersion(v)
}

// unreadable gives an error of Open the headers that go with it.
func (r *request) unreadable(ctx context.Context, rd *object.Reader, err error) (*response, error) {
	res := r.answer()
	switch kind := fault.KindOf(err); {
	case kind == fault.NoSuchKey && !r.mayList(ctx, r.gate.Bucket):
		return nil, errAccessDenied()
	case rd == nil:
		return nil, err
	case kind == fault.NotModified:
		r.identityOf(res, &rd.Version)
		res.set("Cache-Control", rd.Version.Meta.CacheControl)
		res.set("Expires", rd.Version.Meta.Expires)
		return res, err
	case rd.Version.DeleteMarker:
		res.set("x-amz-delete-marker", "true")
		res.setVersion(&rd.Version)
		if kind == fault.MethodNotAllowed {
			res.setTime("Last-Modified", rd.Version.Modified)
			res.set("Allow", "DELETE")
		}
		return res, err
	case kind == fault.InvalidRange:
		size := strconv.FormatInt(rd.Version.Size, 10)
		res.set("Content-Range", "bytes */"+size)
		return res, &wire.Detail{Err: err, Fields: []wire.Field{{Name: "RangeRequested", Value: r.header("Range")}, {Name: "ActualObjectSize", Value: size}}}
	}
	return nil, r.condition(err)
}

// mayList reports whether the sender may know which keys exist. Who may not list a bucket gets AccessDenied
// for a key that is not there.
func (r *request) mayList(ctx context.Context, bucket string) bool {
	list := r.about(opListObjects, bucket, "", "")
	return r.h.cfg.Gate.Authorize(ctx, &list) == nil
}
