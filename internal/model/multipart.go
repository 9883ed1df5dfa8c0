package model

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"sort"
	"strings"

	"myfsio/checksum"
	"myfsio/fault"
	"myfsio/object"
	"myfsio/seal"
)

// CreateUpload begins a multipart upload.
func (m *Model) CreateUpload(req object.CreateUpload) (object.Upload, error) {
	if err := checkKey(req.Key); err != nil {
		return object.Upload{}, err
	}
	if req.Checksum != checksum.None && !req.Checksum.Allows(req.ChecksumType) {
		return object.Upload{}, fail(fault.InvalidRequest)
	}
	if err := firstError(checkMeta(&req.Meta), m.askedLock(req.Lock)); err != nil {
		return object.Upload{}, err
	}
	b, err := m.bucket(req.Bucket)
	if err != nil {
		return object.Upload{}, err
	}
	if _, _, err := b.admit(req.Owner, req.ACL, req.BucketOwnerFull); err != nil {
		return object.Upload{}, err
	}
	if err := b.takesLock(req.Lock); err != nil {
		return object.Upload{}, err
	}
	u := &upload{seq: m.next(), meta: req.Meta, acl: req.ACL, full: req.BucketOwnerFull, lock: req.Lock}
	u.Upload = object.Upload{
		Bucket: req.Bucket, Key: req.Key, UploadID: fmt.Sprintf("u%d", u.seq), Owner: req.Owner, Initiator: req.Initiator,
		Initiated: m.Now(), StorageClass: req.Meta.StorageClass, Checksum: req.Checksum, ChecksumType: req.ChecksumType,
		Encryption: b.encryption(req.Seal),
	}
	b.uploads = append(b.uploads, u)
	out := u.Upload
	out.Encryption = keyed(out.Encryption, customerOf(req.Seal))
	return out, nil
}

func (m *Model) upload(name, key, id string) (*bucket, *upload, error) {
	b, err := m.bucket(name)
	if err != nil {
		return nil, nil, err
	}
	for _, u := range b.uploads {
		if u.UploadID == id && u.Key == key {
			return b, u, nil
		}
	}
	return b, nil, fail(fault.NoSuchUpload)
}

// PutPart writes a part.
func (m *Model) PutPart(req object.PutPart, data []byte) (object.Part, error) {
	if req.Number < 1 || req.Number > object.MaxParts {
		return object.Part{}, fail(fault.InvalidArgument)
	}
	b, u, err := m.upload(req.Bucket, req.Key, req.UploadID)
	if err != nil {
		return object.Part{}, err
	}
	if b.Quota.MaxBytes > 0 && req.Body.Size > b.Quota.MaxBytes {
		return object.Part{}, fail(fault.QuotaExceeded)
	}
	alg := req.Body.Digest.Algorithm
	if u.Checksum != checksum.None && alg != checksum.None && alg != u.Checksum {
		return object.Part{}, fail(fault.InvalidRequest)
	}
	if err := firstError(opens(u.Encryption, req.Customer), checkBody(&req.Body, data)); err != nil {
		return object.Part{}, err
	}
	p := part{number: req.Number, data: bytes.Clone(data), modified: m.Now(), sum: u.partSum(data)}
	u.parts = slices.DeleteFunc(u.parts, func(x part) bool { return x.number == p.number })
	u.parts = append(u.parts, p)
	sort.Slice(u.parts, func(i, j int) bool { return u.parts[i].number < u.parts[j].number })
	out := p.describe()
	out.Encryption = keyed(u.Encryption, req.Customer)
	if u.Checksum == checksum.None { // told to the writer, and then forgotten
		out.Checksum = sumOf(alg, data)
	}
	return out, nil
}

// partSum is the checksum of a part, of the upload's algorithm and called by its type.
func (u *upload) partSum(data []byte) object.Checksum {
	s := sumOf(u.Checksum, data)
	if u.Checksum != checksum.None {
		s.Type = u.ChecksumType
	}
	return s
}

func (p *part) describe() object.Part {
	return object.Part{Number: p.number, Size: int64(len(p.data)), ETag: hexMD5(p.data), Checksum: p.sum, Modified: p.modified}
}

// CopyPart writes a part from an object.
func (m *Model) CopyPart(req object.CopyPart) (object.CopiedPart, error) {
	b, v, err := m.source(req.SourceBucket, req.SourceKey, req.SourceVersionID, &req.SourceIf, req.SourceCustomer)
	if err != nil {
		return object.CopiedPart{}, err
	}
	r := Read{}
	if err := r.choose(v, &object.GetObject{Range: req.Range}); err != nil {
		return object.CopiedPart{}, err
	}
	if req.Range != nil && req.Range.Last >= int64(len(v.data)) {
		return object.CopiedPart{}, fail(fault.InvalidArgument)
	}
	out := object.CopiedPart{SourceVersionID: b.shownID(v)}
	out.Part, err = m.PutPart(object.PutPart{Bucket: req.Bucket, Key: req.Key, UploadID: req.UploadID, Number: req.Number, Customer: req.Customer, Body: object.Body{Size: int64(len(r.Data))}}, r.Data)
	return out, err
}

// source finds what a copy reads.
func (m *Model) source(bucket, key, id string, cond *object.Conditions, customer *seal.Key) (*bucket, *version, error) {
	b, v, err := m.lookup(bucket, key, id)
	if fault.Is(err, fault.MethodNotAllowed) {
		return nil, nil, fail(fault.InvalidRequest)
	}
	if err == nil {
		err = firstError(opens(v.enc, customer), checkRead(cond, v))
	}
	if fault.Is(err, fault.NotModified) {
		err = fail(fault.PreconditionFailed)
	}
	if err == nil && v.poisoned {
		err = fail(fault.Corrupted)
	}
	return b, v, err
}

func (b *bucket) shownID(v *version) string {
	if b.Versioning == object.Unversioned {
		return ""
	}
	return b.describe(v).VersionID
}

// Copy copies a version to a key. A copy is written in one piece and loses the parts and the composite entity tag of its
// source, but for one case: a null version that is copied onto itself in a bucket where it is
// replaced keeps them, as only its metadata changes.
func (m *Model) Copy(req object.CopyObject) (object.Copied, error) {
	if err := checkKey(req.Key); err != nil {
		return object.Copied{}, err
	}
	self := req.SourceBucket == req.Bucket && req.SourceKey == req.Key
	changes := req.ReplaceMeta || req.ReplaceTags || req.SourceVersionID != "" || req.Checksum != checksum.None ||
		req.Meta.StorageClass != "" || req.Meta.WebsiteRedirect != "" || req.Seal != nil
	if self && !changes {
		return object.Copied{}, fail(fault.InvalidRequest)
	}
	if err := firstError(checkMeta(&req.Meta), verifyWrite(&req.If), m.askedLock(req.Lock)); err != nil {
		return object.Copied{}, err
	}
	b, err := m.bucket(req.Bucket)
	if err != nil {
		return object.Copied{}, err
	}
	owner, list, err := b.admit(req.Owner, req.ACL, req.BucketOwnerFull)
	if err = firstError(err, b.takesLock(req.Lock)); err != nil {
		return object.Copied{}, err
	}
	if err := checkWrite(&req.If, b.current(req.Key)); err != nil {
		return object.Copied{}, err
	}
	from, src, err := m.source(req.SourceBucket, req.SourceKey, req.SourceVersionID, &req.SourceIf, req.SourceCustomer)
	if err != nil {
		return object.Copied{}, err
	}
	size := int64(len(src.data))
	if !req.ExcludeAnnotations && len(src.notes) > 0 {
		if customerOf(req.Seal) != nil {
			return object.Copied{}, firstError(b.room(req.Key, size), fail(fault.InvalidRequest))
		}
		size += src.annotated()
	}
	if err := b.room(req.Key, size); err != nil {
		return object.Copied{}, err
	}
	v := copyOf(src, &req)
	v.owner, v.acl, v.lock, v.enc = owner, list, m.protect(b, req.Lock), b.copied(&req, src)
	stay := self && alike(v.enc, src.enc) && src.null && from.newest(src.key) == src && req.Checksum == checksum.None && b.Versioning != object.VersioningEnabled
	if v.notes = m.copyNotes(src, &req, stay); stay {
		v.parts, v.etag, v.sum = src.parts, src.etag, src.sum
	}
	out := object.Copied{SourceVersionID: from.shownID(src)}
	m.add(b, v)
	m.tell(b, "ObjectCreated:Copy", req.By, v)
	out.Version = b.describe(v)
	out.Version.Encryption = keyed(out.Version.Encryption, customerOf(req.Seal))
	return out, nil
}

func copyOf(src *version, req *object.CopyObject) *version {
	v := &version{key: req.Key, data: src.data, etag: hexMD5(src.data), meta: src.meta}
	if req.ReplaceMeta {
		v.meta = req.Meta
		v.meta.Tags = src.meta.Tags
	}
	if req.ReplaceTags {
		v.meta.Tags = req.Meta.Tags
	}
	v.meta.StorageClass, v.meta.WebsiteRedirect = req.Meta.StorageClass, req.Meta.WebsiteRedirect
	alg := req.Checksum
	if alg == checksum.None {
		alg = src.sum.Algorithm
	}
	v.sum = sumOf(alg, v.data)
	return v
}

// CompleteUpload makes the parts an object.
func (m *Model) CompleteUpload(req object.CompleteUpload) (object.Version, error) {
	if err := verifyComplete(&req); err != nil {
		return object.Version{}, err
	}
	b, u, err := m.upload(req.Bucket, req.Key, req.UploadID)
	if b != nil && u == nil {
		if cur := b.current(req.Key); cur != nil && cur.upload == req.UploadID && cur.etag == joinTagsOf(req.Parts) {
			return b.describe(cur), nil // completed before: the client asks again
		}
	}
	if err != nil {
		return object.Version{}, err
	}
	v := &version{key: req.Key, meta: u.meta, upload: req.UploadID, enc: u.Encryption}
	for i, want := range req.Parts {
		p := u.part(want.Number)
		if p == nil || strings.Trim(want.ETag, `"`) != hexMD5(p.data) ||
			want.Checksum.Algorithm != checksum.None && (want.Checksum.Algorithm != p.sum.Algorithm || want.Checksum.Value != p.sum.Value) {
			return object.Version{}, fail(fault.InvalidPart)
		}
		if i < len(req.Parts)-1 && int64(len(p.data)) < m.MinPart {
			return object.Version{}, fail(fault.EntityTooSmall)
		}
		v.parts = append(v.parts, *p)
		v.data = append(v.data, p.data...)
	}
	v.etag, v.sum = joinTags(v.parts), joinSums(u, v)
	if req.ObjectSize >= 0 && req.ObjectSize != int64(len(v.data)) {
		return object.Version{}, fail(fault.InvalidRequest)
	}
	if err := checkSum(req.Checksum, v.sum); err != nil {
		return object.Version{}, err
	}
	if err := checkWrite(&req.If, b.current(req.Key)); err != nil {
		return object.Version{}, err
	}
	if v.owner, v.acl, err = b.admit(u.Owner, u.acl, u.full); err != nil {
		return object.Version{}, err
	}
	if err := b.room(req.Key, int64(len(v.data))); err != nil {
		return object.Version{}, err
	}
	v.lock = m.protect(b, u.lock)
	b.end(u)
	m.add(b, v)
	m.tell(b, "ObjectCreated:CompleteMultipartUpload", req.By, v)
	return b.describe(v), nil
}

func verifyComplete(req *object.CompleteUpload) error {
	if len(req.Parts) == 0 {
		return fail(fault.MalformedXML)
	}
	for i, p := range req.Parts {
		if p.Number < 1 || p.Number > object.MaxParts {
			return fail(fault.InvalidArgument)
		}
		if i > 0 && req.Parts[i-1].Number >= p.Number {
			return fail(fault.InvalidPartOrder)
		}
	}
	return verifyWrite(&req.If)
}

func (u *upload) part(n int) *part {
	for i := range u.parts {
		if u.parts[i].number == n {
			return &u.parts[i]
		}
	}
	return nil
}

// joinTags is the entity tag of a multipart object: the MD5 of the MD5s, and the number of parts.
func joinTags(parts []part) string {
	h := md5.New()
	for _, p := range parts {
		one := md5.Sum(p.data)
		h.Write(one[:])
	}
	return fmt.Sprintf("%x-%d", h.Sum(nil), len(parts))
}

// joinTagsOf is joinTags of a client's list.
func joinTagsOf(list []object.CompletePart) string {
	h := md5.New()
	for _, p := range list {
		one, _ := hex.DecodeString(strings.Trim(p.ETag, `"`))
		h.Write(one)
	}
	return fmt.Sprintf("%x-%d", h.Sum(nil), len(list))
}

// joinSums is the checksum of a multipart object: of all its bytes, or of the checksums of its parts.
func joinSums(u *upload, v *version) object.Checksum {
	if u.Checksum == checksum.None || u.ChecksumType == checksum.FullObject {
		return sumOf(u.Checksum, v.data)
	}
	h := checksum.New(u.Checksum)
	for _, p := range v.parts {
		raw, _ := base64.StdEncoding.DecodeString(p.sum.Value)
		h.Write(raw)
	}
	value := fmt.Sprintf("%s-%d", checksum.Encode(h.Sum(nil)), len(v.parts))
	return object.Checksum{Algorithm: u.Checksum, Type: checksum.Composite, Value: value}
}

func checkSum(want, got object.Checksum) error {
	switch {
	case want.Algorithm == checksum.None:
		return nil
	case got.Algorithm == checksum.None:
		return fail(fault.InvalidRequest)
	case want.Algorithm != got.Algorithm || want.Value != strings.Split(got.Value, "-")[0] && want.Value != got.Value:
		return fail(fault.BadDigest)
	}
	return nil
}

func (b *bucket) end(u *upload) {
	b.gone[u.UploadID] = u.seq
	b.uploads = slices.DeleteFunc(b.uploads, func(x *upload) bool { return x == u })
}

// AbortUpload gives an upload up.
func (m *Model) AbortUpload(req object.AbortUpload) error {
	b, u, err := m.upload(req.Bucket, req.Key, req.UploadID)
	if err != nil {
		return err
	}
	if !req.IfInitiated.IsZero() && !second(req.IfInitiated).Equal(second(u.Initiated)) {
		return fail(fault.PreconditionFailed)
	}
	b.end(u)
	return nil
}

// ListParts returns a page of parts.
func (m *Model) ListParts(req object.ListParts) (object.PartPage, error) {
	_, u, err := m.upload(req.Bucket, req.Key, req.UploadID)
	if err != nil {
		return object.PartPage{}, err
	}
	page := object.PartPage{Upload: u.Upload}
	for i := range u.parts {
		if u.parts[i].number <= req.After || req.Max == 0 {
			continue
		}
		if len(page.Parts) == req.Max {
			page.Truncated, page.Next = true, page.Parts[req.Max-1].Number
			break
		}
		page.Parts = append(page.Parts, u.parts[i].describe())
	}
	return page, nil
}

// ObjectParts returns the numbers and sizes of all parts of a finished object.
func (m *Model) ObjectParts(bucket, key, id string) ([]object.Part, error) {
	_, v, err := m.lookup(bucket, key, id)
	if err != nil {
		return nil, err
	}
	var out []object.Part
	for i := range v.parts {
		out = append(out, v.parts[i].describe())
	}
	return out, nil
}
