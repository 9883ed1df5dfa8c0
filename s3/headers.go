package s3

import (
	"context"
	"sort"
	"strings"
	"time"

	"myfsio/fault"
	"myfsio/gate"
	"myfsio/object"
	"myfsio/s3/wire"
)

// refused are headers that ask for what is not built. A value among the allowed asks for nothing.
var refused = map[string][]string{
	"X-Amz-Bucket-Namespace": {"global"},
}

// refusedPrefixes are beginnings of such headers.
var refusedPrefixes = []string{}

// checkForm refuses what is not built, a version where none can be, and a bucket that is not whose the client
// thinks it is.
func (r *request) checkForm(ctx context.Context) error {
	if r.gate.Op.VersionAction == "" && r.query.Has("versionId") {
		return wire.InvalidArgument("versionId", r.gate.VersionID, "This operation does not accept a version-id.")
	}
	for name, values := range r.http.Header {
		if !strings.HasPrefix(name, "X-Amz-") {
			continue
		}
		if strings.HasPrefix(name, sseHeader) || strings.HasPrefix(name, "X-Amz-Copy-Source-Server-Side-Encryption") {
			if err := r.checkSealing(name, values); err != nil {
				return err
			}
		}
		for _, p := range refusedPrefixes {
			if strings.HasPrefix(name, p) {
				return notBuilt(strings.ToLower(name))
			}
		}
		if allowed, is := refused[name]; is && !oneOf(values[0], allowed) {
			return notBuilt(strings.ToLower(name))
		}
		if strings.HasPrefix(name, lockPrefix) && !takesLock(r.gate.Op) ||
			name == lockEnabled && r.gate.Op.Name != "CreateBucket" && !oneOf(values[0], []string{"false"}) {
			return notBuilt(strings.ToLower(name))
		}
		if name == offsetHeader && r.gate.Op != opPutObject {
			return notBuilt(strings.ToLower(name))
		}
		if name == "X-Amz-Object-Ownership" && r.gate.Op.Name != "CreateBucket" {
			return notBuilt(strings.ToLower(name))
		}
		if name == "X-Amz-Acl" || strings.HasPrefix(name, "X-Amz-Grant-") {
			if err := r.checkACLHeader(name, values); err != nil {
				return err
			}
		}
	}
	if want := r.header("X-Amz-Expected-Bucket-Owner"); want != "" && r.gate.Op.Scope != gate.Service && r.gate.Op.Name != "CreateBucket" {
		return r.expectOwner(ctx, r.gate.Bucket, want)
	}
	return nil
}

func oneOf(s string, list []string) bool {
	for _, v := range list {
		if strings.EqualFold(s, v) {
			return true
		}
	}
	return false
}

// expectOwner refuses when the bucket is somebody else's than the client expects.
func (r *request) expectOwner(ctx context.Context, bucket, want string) error {
	b, err := r.h.cfg.Store.HeadBucket(ctx, bucket)
	if err != nil {
		return err
	}
	if b.Owner != want {
		return errAccessDenied()
	}
	return nil
}

// storageClasses are the names S3 knows. They are recorded, without effect.
var storageClasses = []string{
	"STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER", "DEEP_ARCHIVE",
	"OUTPOSTS", "GLACIER_IR", "SNOW", "EXPRESS_ONEZONE", "FSX_OPENZFS", "FSX_ONTAP",
}

// storageClass reads x-amz-storage-class; STANDARD is "".
func (r *request) storageClass() (string, error) {
	v := r.header("X-Amz-Storage-Class")
	if v == "" || v == "STANDARD" {
		return "", nil
	}
	for _, c := range storageClasses {
		if v == c {
			return v, nil
		}
	}
	return "", &fault.Error{Kind: fault.InvalidArgument, Code: "InvalidStorageClass", Msg: "The storage class you specified is not valid"}
}

const (
	metaPrefix         = "X-Amz-Meta-"
	defaultContentType = "binary/octet-stream"
)

// metadata reads what the request says about the object it writes.
func (r *request) metadata() (object.Metadata, error) {
	m := object.Metadata{
		ContentType:        r.header("Content-Type"),
		CacheControl:       r.header("Cache-Control"),
		ContentDisposition: r.header("Content-Disposition"),
		ContentEncoding:    contentEncoding(r.http.Header["Content-Encoding"]),
		ContentLanguage:    r.header("Content-Language"),
		Expires:            r.header("Expires"),
		WebsiteRedirect:    r.header("X-Amz-Website-Redirect-Location"),
	}
	if m.ContentType == "" {
		m.ContentType = defaultContentType
	}
	var err error
	if m.StorageClass, err = r.storageClass(); err != nil {
		return m, err
	}
	if w := m.WebsiteRedirect; w != "" && !strings.HasPrefix(w, "/") && !strings.HasPrefix(w, "http://") && !strings.HasPrefix(w, "https://") {
		return m, &fault.Error{Kind: fault.InvalidArgument, Code: "InvalidRedirectLocation", Msg: "The website redirect location must have a prefix of 'http://' or 'https://' or '/'."}
	}
	m.User = r.userMetadata()
	m.Tags, err = r.tags()
	return m, err
}

// contentEncoding is Content-Encoding without aws-chunked, which is a form of transfer and no property of the object.
func contentEncoding(values []string) string {
	if len(values) == 1 && !strings.Contains(strings.ToLower(values[0]), "aws-chunked") {
		return values[0]
	}
	var keep []string
	for _, v := range values {
		for enc := range strings.SplitSeq(v, ",") {
			if enc = strings.TrimSpace(enc); enc != "" && !strings.EqualFold(enc, "aws-chunked") {
				keep = append(keep, enc)
			}
		}
	}
	return strings.Join(keep, ",")
}

// userMetadata collects x-amz-meta- headers in the order of their names.
func (r *request) userMetadata() []object.Pair {
	var user []object.Pair
	for name, values := range r.http.Header {
		if len(name) > len(metaPrefix) && strings.HasPrefix(name, metaPrefix) {
			user = append(user, object.Pair{Name: strings.ToLower(name[len(metaPrefix):]), Value: strings.Join(values, ",")})
		}
	}
	sort.Slice(user, func(i, j int) bool { return user[i].Name < user[j].Name })
	return user
}

// tags reads x-amz-tagging.
func (r *request) tags() ([]object.Pair, error) {
	v := r.header("X-Amz-Tagging")
	if v == "" {
		return nil, nil
	}
	tags, err := wire.ParseTagging(v)
	if err == nil {
		err = r.h.limitTags(len(tags))
	}
	return pairs(tags), err
}

// limitTags refuses more tags of an object than it may be given.
func (h *Handler) limitTags(n int) error {
	if most := max(h.cfg.ObjectTags, 0); n > most {
		return fault.New(fault.InvalidTag, "Object tags cannot be greater than %d", most)
	}
	return nil
}

// tagRight asks the gate for the right to tag as well when a write brings tags.
func (r *request) tagRight(ctx context.Context) error {
	if r.header("X-Amz-Tagging") == "" {
		return nil
	}
	also := r.gate
	also.Op, also.VersionID, also.Extra = opPutObjectTagging, "", nil
	return r.h.cfg.Gate.Authorize(ctx, &also)
}

// Operations whose right is needed beside that of the operation itself.
var (
	opPutObjectTagging = gate.Lookup("PutObjectTagging")
	opPutObject        = gate.Lookup("PutObject")
	opPutObjectACL     = gate.Lookup("PutObjectAcl")
	opPutBucketACL     = gate.Lookup("PutBucketAcl")
	opPutOwnership     = gate.Lookup("PutBucketOwnershipControls")
	opListBuckets      = gate.Lookup("ListBuckets")
	opHeadBucket       = gate.Lookup("HeadBucket")
	opGetObject        = gate.Lookup("GetObject")
	opGetObjectTagging = gate.Lookup("GetObjectTagging")
	opGetAnnotation    = gate.Lookup("GetObjectAnnotation")
	opPutAnnotation    = gate.Lookup("PutObjectAnnotation")
	opDeleteObject     = gate.Lookup("DeleteObject")
	opListObjects      = gate.Lookup("ListObjectsV2")
)

// conditions reads the preconditions of a read.
func (r *request) conditions() object.Conditions { return r.conditionsOf("") }

// writeConditions reads the preconditions of a write.
func (r *request) writeConditions() (object.WriteConditions, error) {
	c := object.WriteConditions{IfMatch: wire.Unquote(r.header("If-Match")), IfNoneMatch: wire.Unquote(r.header("If-None-Match"))}
	if c.IfNoneMatch != "" && c.IfNoneMatch != "*" {
		return c, notBuilt("If-None-Match")
	}
	for _, name := range []string{"If-Modified-Since", "If-Unmodified-Since"} {
		if r.header(name) != "" {
			return c, notBuilt(name)
		}
	}
	return c, nil
}

// headerTime reads a header with a date that must be one; the zero time when there is none.
func (r *request) headerTime(name string) (time.Time, error) {
	v := r.header(name)
	if v == "" {
		return time.Time{}, nil
	}
	t, ok := wire.ParseTime(v)
	if !ok {
		return t, wire.InvalidArgument(strings.ToLower(name), v, "The header is not a date.")
	}
	return t, nil
}
