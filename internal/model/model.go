// Package model is S3's semantics written as plainly as possible: slices, linear scans, everything copied and sorted
// anew for each question. It is slow and keeps all bytes in memory; tests run it beside package
// object and demand the same answers.
//
// It takes and gives the types of package object. Version ids and upload ids are its own ("v1", "u2"): an id is
// opaque, so the test keeps a dictionary between both sides. Two things that a client cannot foresee come from outside:
// the clock, and nothing else.
//
// # Words
//
// A bucket is a list of versions in the order in which they were written; the newest version of a key is the last one
// in that list. It is current unless it is a delete marker.
package model

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"
	"unicode/utf8"

	"myfsio/acl"
	"myfsio/checksum"
	"myfsio/fault"
	"myfsio/object"
	"myfsio/object/lock"
)

// Model is the buckets of a store. It belongs to one goroutine.
type Model struct {
	Now     func() time.Time
	MinPart int64 // least size of a part but the last

	buckets []*bucket
	events  []object.Event
	ids     int
}

type bucket struct {
	object.Bucket
	versions []*version // oldest first
	uploads  []*upload  // oldest first
	gone     map[string]int
	configs  map[object.ConfigKind][]byte
}

// version is one version, or a delete marker. Its seq tells when it was written.
type version struct {
	key      string
	id       string
	seq      int
	null     bool
	marker   bool
	data     []byte
	parts    []part // of a multipart object
	etag     string
	modified time.Time
	owner    string
	acl      acl.List
	lock     lock.State
	sum      object.Checksum
	meta     object.Metadata
	upload   string // the multipart upload it was completed from
	enc      *object.Encryption
	poisoned bool
	notes    map[string]*note
}

type upload struct {
	object.Upload
	seq   int
	meta  object.Metadata
	acl   acl.List
	lock  lock.State
	full  bool   // acl is the canned list bucket-owner-full-control
	parts []part // in the order of their numbers
}

type part struct {
	number   int
	data     []byte
	modified time.Time
	sum      object.Checksum
}

func fail(k fault.Kind) error { return fault.New(k, "model") }

func (m *Model) next() int { m.ids++; return m.ids }

func (m *Model) bucket(name string) (*bucket, error) {
	for _, b := range m.buckets {
		if b.Name == name {
			return b, nil
		}
	}
	return nil, fail(fault.NoSuchBucket)
}

// CreateBucket makes a bucket.
func (m *Model) CreateBucket(req object.CreateBucket) (object.Bucket, error) {
	if err := object.CheckBucketName(req.Name); err != nil {
		return object.Bucket{}, err
	}
	if req.Ownership == object.BucketOwnerEnforced && len(plain(req.ACL, req.Owner).Grants) > 0 {
		return object.Bucket{}, fail(fault.InvalidRequest)
	}
	if b, err := m.bucket(req.Name); err == nil {
		if b.Owner == req.Owner {
			return b.Bucket, fail(fault.BucketOwned)
		}
		return object.Bucket{}, fail(fault.BucketExists)
	}
	b := &bucket{gone: map[string]int{}, configs: map[object.ConfigKind][]byte{}}
	b.Bucket = object.Bucket{Name: req.Name, Created: m.Now(), Owner: req.Owner, Region: req.Region, ObjectLock: req.ObjectLock, ACL: plain(req.ACL, req.Owner), Ownership: req.Ownership}
	if req.ObjectLock {
		b.Versioning = object.VersioningEnabled
	}
	m.buckets = append(m.buckets, b)
	return b.Bucket, nil
}

// HeadBucket describes a bucket.
func (m *Model) HeadBucket(name string) (object.Bucket, error) {
	b, err := m.bucket(name)
	if err != nil {
		return object.Bucket{}, err
	}
	return b.Bucket, nil
}

// DeleteBucket removes a bucket without versions and uploads.
func (m *Model) DeleteBucket(name string) error {
	b, err := m.bucket(name)
	if err != nil {
		return err
	}
	if len(b.versions) > 0 || len(b.uploads) > 0 {
		return fail(fault.BucketNotEmpty)
	}
	m.buckets = slices.DeleteFunc(m.buckets, func(x *bucket) bool { return x == b })
	return nil
}

// ListBuckets returns a page of buckets.
func (m *Model) ListBuckets(req object.ListBuckets) object.BucketPage {
	var page object.BucketPage
	all := slices.Clone(m.buckets)
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	if req.Max == 0 {
		req.Max = 10000
	}
	for _, b := range all {
		if !strings.HasPrefix(b.Name, req.Prefix) || b.Name <= req.After || req.Region != "" && b.Region != req.Region {
			continue
		}
		if len(page.Buckets) == req.Max {
			page.Next = page.Buckets[req.Max-1].Name
			break
		}
		page.Buckets = append(page.Buckets, b.Bucket)
	}
	return page
}

// SetVersioning enables or suspends versioning.
func (m *Model) SetVersioning(name string, v object.Versioning) error {
	if v == object.Unversioned {
		return fail(fault.InvalidArgument)
	}
	b, err := m.bucket(name)
	if err != nil {
		return err
	}
	if b.ObjectLock && v == object.VersioningSuspended {
		return fail(fault.InvalidState)
	}
	b.Versioning = v
	return nil
}

// Usage counts the bucket.
func (m *Model) Usage(name string) (object.Usage, error) {
	var u object.Usage
	b, err := m.bucket(name)
	if err != nil {
		return u, err
	}
	for _, v := range b.versions {
		u.Annotations += v.annotated()
		switch {
		case v.marker:
			u.Markers++
		case b.newest(v.key) == v:
			u.Objects++
			u.Bytes += int64(len(v.data))
		default:
			u.Versions++
			u.OldBytes += int64(len(v.data))
		}
	}
	for _, up := range b.uploads {
		u.Uploads++
		for _, p := range up.parts {
			u.Parts += int64(len(p.data))
		}
	}
	return u, nil
}

// of returns the versions of key, newest first.
func (b *bucket) of(key string) []*version {
	var out []*version
	for _, v := range b.versions {
		if v.key == key {
			out = append([]*version{v}, out...)
		}
	}
	return out
}

// newest returns the newest version of key, which may be a delete marker; nil when there is none.
func (b *bucket) newest(key string) *version {
	if vs := b.of(key); len(vs) > 0 {
		return vs[0]
	}
	return nil
}

// current returns the current version of key; nil when there is none.
func (b *bucket) current(key string) *version {
	if v := b.newest(key); v != nil && !v.marker {
		return v
	}
	return nil
}

// find returns the version that id names, "" the current one; nil when there is none.
func (b *bucket) find(key, id string) *version {
	if id == "" {
		return b.current(key)
	}
	for _, v := range b.of(key) {
		if v.null && id == object.NullVersion || !v.null && id == v.id {
			return v
		}
	}
	return nil
}

func (b *bucket) remove(v *version) {
	b.gone[v.id] = v.seq
	b.versions = slices.DeleteFunc(b.versions, func(x *version) bool { return x == v })
}

// add makes v the newest version of its key. The null version makes room for a new null version.
func (m *Model) add(b *bucket, v *version) {
	v.null = b.Versioning != object.VersioningEnabled
	if old := b.find(v.key, object.NullVersion); v.null && old != nil {
		b.remove(old)
	}
	v.seq = m.next()
	v.id = fmt.Sprintf("v%d", v.seq)
	v.modified = m.Now()
	b.versions = append(b.versions, v)
}

// describe turns a version into what callers see.
func (b *bucket) describe(v *version) object.Version {
	out := object.Version{
		Bucket: b.Name, Key: v.key, VersionID: v.id, Latest: b.newest(v.key) == v, DeleteMarker: v.marker,
		Size: int64(len(v.data)), ETag: v.etag, Modified: v.modified, Owner: v.owner, Checksum: v.sum,
		Parts: len(v.parts), Versioned: b.Versioning != object.Unversioned, Meta: v.meta, ACL: v.acl,
	}
	if v.null {
		out.VersionID = object.NullVersion
	}
	out.Stamp, out.Encryption, out.Poisoned, out.Annotations = v.stamp(), v.enc, v.poisoned, len(v.notes)
	if v.lock != (lock.State{}) {
		l := v.lock
		out.Lock = &l
	}
	return out
}

func hexMD5(data []byte) string {
	h := md5.Sum(data)
	return hex.EncodeToString(h[:])
}

// sumOf is the checksum of bytes written in one piece.
func sumOf(a checksum.Algorithm, data []byte) object.Checksum {
	if a == checksum.None {
		return object.Checksum{}
	}
	h := checksum.New(a)
	h.Write(data)
	return object.Checksum{Algorithm: a, Type: checksum.FullObject, Value: checksum.Encode(h.Sum(nil))}
}

func checkKey(key string) error {
	switch {
	case key == "" || len(key) <= object.MaxKeyLength && !utf8.ValidString(key):
		return fail(fault.InvalidArgument)
	case len(key) > object.MaxKeyLength:
		return fail(fault.KeyTooLong)
	}
	return nil
}

func checkMeta(m *object.Metadata) error {
	size := 0
	for _, p := range m.User {
		size += len(p.Name) + len(p.Value)
	}
	if size > object.MaxUserMeta {
		return fail(fault.MetadataTooLarge)
	}
	return checkTags(m.Tags)
}

func checkTags(tags []object.Pair) error {
	names := map[string]bool{}
	for _, t := range tags {
		if t.Name == "" || names[t.Name] || len([]rune(t.Name)) > 128 || len([]rune(t.Value)) > 256 {
			return fail(fault.InvalidTag)
		}
		names[t.Name] = true
	}
	if len(tags) > 10 {
		return fail(fault.InvalidTag)
	}
	return nil
}

// Put writes an object of these bytes; req.Body.Reader is not read. A Digest's Want is ignored but for its algorithm.
func (m *Model) Put(req object.PutObject, data []byte) (object.Version, error) {
	if err := firstError(checkKey(req.Key), checkMeta(&req.Meta), verifyWrite(&req.If), m.askedLock(req.Lock)); err != nil {
		return object.Version{}, err
	}
	b, err := m.bucket(req.Bucket)
	if err != nil {
		return object.Version{}, err
	}
	owner, list, err := b.admit(req.Owner, req.ACL, req.BucketOwnerFull)
	if err = firstError(err, b.takesLock(req.Lock)); err != nil {
		return object.Version{}, err
	}
	if err := checkWrite(&req.If, b.current(req.Key)); err != nil {
		return object.Version{}, err
	}
	if req.Body.Size >= 0 { // what is announced may be too much already
		if err := b.room(req.Key, req.Body.Size); err != nil {
			return object.Version{}, err
		}
	}
	if err := firstError(checkBody(&req.Body, data), b.room(req.Key, int64(len(data)))); err != nil {
		return object.Version{}, err
	}
	v := &version{
		key: req.Key, data: bytes.Clone(data), etag: hexMD5(data), owner: owner, acl: list, lock: m.protect(b, req.Lock),
		sum: sumOf(req.Body.Digest.Algorithm, data), meta: req.Meta, enc: b.encryption(req.Seal),
	}
	m.add(b, v)
	if !req.Modified.IsZero() {
		v.modified = req.Modified
	}
	m.tell(b, "ObjectCreated:Put", req.By, v)
	out := b.describe(v)
	out.Encryption = keyed(out.Encryption, customerOf(req.Seal))
	return out, nil
}

// checkBody compares the bytes with what the client said of them.
func checkBody(body *object.Body, data []byte) error {
	if body.Size >= 0 && body.Size != int64(len(data)) {
		return fail(fault.IncompleteBody)
	}
	if h := md5.Sum(data); body.MD5 != nil && !bytes.Equal(body.MD5, h[:]) {
		return fail(fault.BadDigest)
	}
	return nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// Read is what a GET answers. On an error only Version may be set, see object.Store.Open.
type Read struct {
	Version        object.Version
	Found          bool // Version is set
	Data           []byte
	Offset, Length int64
	Ranged         bool
	PartsCount     int
}

// Open reads a version.
func (m *Model) Open(req object.GetObject) (Read, error) {
	b, err := m.bucket(req.Bucket)
	if err != nil {
		return Read{}, err
	}
	v := b.find(req.Key, req.VersionID)
	if v == nil && req.VersionID != "" {
		return Read{}, fail(fault.NoSuchVersion)
	}
	if v == nil {
		if top := b.newest(req.Key); top != nil {
			return Read{Version: b.describe(top), Found: true}, fail(fault.NoSuchKey)
		}
		return Read{}, fail(fault.NoSuchKey)
	}
	r := Read{Version: b.describe(v), Found: true}
	if v.marker {
		return r, fail(fault.MethodNotAllowed)
	}
	if err := opens(v.enc, req.Customer); err != nil {
		return r, err
	}
	if err := checkRead(&req.If, v); err != nil {
		return r, err
	}
	if v.poisoned {
		return r, fail(fault.Corrupted)
	}
	r.Version.Encryption = keyed(r.Version.Encryption, req.Customer)
	return r, r.choose(v, &req)
}

func (r *Read) choose(v *version, req *object.GetObject) error {
	size := int64(len(v.data))
	from, to := int64(0), size // [from, to)
	switch g := req.Range; {
	case req.PartNumber > 0 && len(v.parts) == 0:
		if req.PartNumber != 1 {
			return fail(fault.InvalidPartNumber)
		}
		r.Ranged = size > 0
	case req.PartNumber > len(v.parts):
		return fail(fault.InvalidPartNumber)
	case req.PartNumber > 0:
		for _, p := range v.parts[:req.PartNumber-1] {
			from += int64(len(p.data))
		}
		to = from + int64(len(v.parts[req.PartNumber-1].data))
		r.Ranged, r.PartsCount = to > from, len(v.parts)
	case g != nil && g.First < 0:
		from, r.Ranged = max(0, size-g.Suffix), true
	case g != nil:
		from, r.Ranged = g.First, true
		if g.Last >= 0 && g.Last < size {
			to = g.Last + 1
		}
	}
	if req.Range != nil && from >= to {
		return fail(fault.InvalidRange)
	}
	r.Offset, r.Length, r.Data = from, to-from, v.data[from:to]
	return nil
}

// Delete removes or hides a version.
func (m *Model) Delete(req object.DeleteObject) (object.Deleted, error) {
	if err := firstError(checkKey(req.Key), verifyWrite(&req.If)); err != nil {
		return object.Deleted{}, err
	}
	b, err := m.bucket(req.Bucket)
	if err != nil {
		return object.Deleted{}, err
	}
	return m.delete(b, &req)
}

func (m *Model) delete(b *bucket, req *object.DeleteObject) (object.Deleted, error) {
	d := object.Deleted{Key: req.Key}
	if b.Versioning != object.Unversioned {
		d.VersionID = req.VersionID
	}
	v := b.find(req.Key, req.VersionID)
	if err := checkDelete(&req.If, v); err != nil {
		return d, err
	}
	switch {
	case req.VersionID != "":
		if v != nil {
			if v.protects(m.Now(), req.BypassGovernance) {
				return d, fail(fault.Locked)
			}
			d.DeleteMarker, d.Size = v.marker, int64(len(v.data))
			m.tell(b, "ObjectRemoved:Delete", req.By, v)
			b.remove(v)
		}
	case b.Versioning == object.Unversioned:
		if v != nil {
			d.Size = int64(len(v.data))
			m.tell(b, "ObjectRemoved:Delete", req.By, v)
			b.remove(v)
		}
	default:
		owner, _, _ := b.admit(req.Owner, acl.List{}, false)
		mark := &version{key: req.Key, marker: true, owner: owner}
		m.add(b, mark)
		m.tell(b, "ObjectRemoved:DeleteMarkerCreated", req.By, mark)
		d.DeleteMarker, d.VersionID = true, b.describe(mark).VersionID
	}
	return d, nil
}

// DeleteBatch deletes one after the other.
func (m *Model) DeleteBatch(name string, reqs []object.DeleteObject) ([]object.Deleted, error) {
	b, err := m.bucket(name)
	if err != nil {
		return nil, err
	}
	out := make([]object.Deleted, len(reqs))
	for i := range reqs {
		err := firstError(checkKey(reqs[i].Key), verifyWrite(&reqs[i].If))
		if err == nil {
			out[i], err = m.delete(b, &reqs[i])
		}
		out[i].Key, out[i].Err = reqs[i].Key, err
	}
	return out, nil
}

// lookup finds a version that must have bytes.
func (m *Model) lookup(name, key, id string) (*bucket, *version, error) {
	b, err := m.bucket(name)
	if err != nil {
		return nil, nil, err
	}
	v := b.find(key, id)
	switch {
	case v == nil && id == "":
		return nil, nil, fail(fault.NoSuchKey)
	case v == nil:
		return nil, nil, fail(fault.NoSuchVersion)
	case v.marker:
		return nil, nil, fail(fault.MethodNotAllowed)
	}
	return b, v, nil
}

// Tags describes a version.
func (m *Model) Tags(bucket, key, id string) (object.Version, error) {
	b, v, err := m.lookup(bucket, key, id)
	if err != nil {
		return object.Version{}, err
	}
	return b.describe(v), nil
}

// Poison marks a version, or takes the mark away.
func (m *Model) Poison(bucket, key, id string, on bool) error {
	_, v, err := m.lookup(bucket, key, id)
	if err == nil {
		v.poisoned = on
	}
	return err
}

// SetTags replaces the tags of a version.
func (m *Model) SetTags(req object.SetTags) (object.Version, error) {
	if err := checkTags(req.Tags); err != nil {
		return object.Version{}, err
	}
	b, v, err := m.lookup(req.Bucket, req.Key, req.VersionID)
	if err != nil {
		return object.Version{}, err
	}
	v.meta.Tags = slices.Clone(req.Tags)
	name := "ObjectTagging:Put"
	if req.Tags == nil {
		name = "ObjectTagging:Delete"
	}
	m.tell(b, name, req.By, v)
	return b.describe(v), nil
}
