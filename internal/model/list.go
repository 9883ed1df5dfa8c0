package model

import (
	"sort"
	"strings"

	"myfsio/acl"
	"myfsio/fault"
	"myfsio/object"
)

// common returns the part of key up to and with the first delimiter behind the prefix, "" where there is none.
func common(key, prefix, delimiter string) string {
	rest := strings.TrimPrefix(key, prefix)
	if delimiter == "" || !strings.Contains(rest, delimiter) {
		return ""
	}
	head, _, _ := strings.Cut(rest, delimiter)
	return prefix + head + delimiter
}

// behind reports whether key, or the common prefix it falls under, comes behind the marker. A marker that is itself a
// common prefix stands behind all keys under it.
func behind(key, marker, prefix, delimiter string) bool {
	p := common(key, prefix, delimiter)
	return key > marker && (p == "" || p != marker)
}

// List returns a page of current versions.
func (m *Model) List(req object.ListObjects) (object.ObjectPage, error) {
	var page object.ObjectPage
	b, err := m.bucket(req.Bucket)
	if err != nil {
		return page, err
	}
	if req.Max < 0 {
		return page, fail(fault.InvalidArgument)
	}
	last := ""
	for _, key := range b.keys() {
		v := b.current(key)
		if v == nil || !strings.HasPrefix(key, req.Prefix) || !behind(key, req.After, req.Prefix, req.Delimiter) || req.Max == 0 {
			continue
		}
		p := common(key, req.Prefix, req.Delimiter)
		if n := len(page.Prefixes); p != "" && n > 0 && page.Prefixes[n-1] == p {
			continue
		}
		if len(page.Objects)+len(page.Prefixes) == req.Max {
			page.Truncated, page.Next = true, last
			break
		}
		if p != "" {
			page.Prefixes, last = append(page.Prefixes, p), p
		} else {
			page.Objects, last = append(page.Objects, brief(b.describe(v))), key
		}
	}
	return page, nil
}

// keys returns every key that has a version, in order.
func (b *bucket) keys() []string {
	seen := map[string]bool{}
	var out []string
	for _, v := range b.versions {
		if !seen[v.key] {
			seen[v.key] = true
			out = append(out, v.key)
		}
	}
	sort.Strings(out)
	return out
}

// brief leaves out what listings do not carry.
func brief(v object.Version) object.Version {
	v.Meta = object.Metadata{StorageClass: v.Meta.StorageClass}
	v.ACL, v.Lock, v.Encryption = acl.List{}, nil, nil
	v.Checksum.Value, v.Annotations = "", 0
	return v
}

// ListVersions returns a page of versions. A version marker that is gone keeps its place, but for the null version: what
// stands for it begins the key anew, so that nothing is missed.
func (m *Model) ListVersions(req object.ListVersions) (object.VersionPage, error) {
	var page object.VersionPage
	b, err := m.bucket(req.Bucket)
	if err != nil {
		return page, err
	}
	for _, key := range b.keys() {
		if !strings.HasPrefix(key, req.Prefix) || req.Max == 0 {
			continue
		}
		for _, v := range b.of(key) {
			if !b.versionBehind(v, &req) {
				continue
			}
			p := common(key, req.Prefix, req.Delimiter)
			if n := len(page.Prefixes); p != "" && n > 0 && page.Prefixes[n-1] == p {
				continue
			}
			if len(page.Versions)+len(page.Prefixes) == req.Max {
				page.Truncated = true
				return page, nil
			}
			if p != "" {
				page.Prefixes = append(page.Prefixes, p)
				page.NextKeyMarker, page.NextVersionMarker = p, ""
			} else {
				page.Versions = append(page.Versions, brief(b.describe(v)))
				page.NextKeyMarker, page.NextVersionMarker = key, b.describe(v).VersionID
			}
		}
	}
	page.NextKeyMarker, page.NextVersionMarker = "", ""
	return page, nil
}

// versionBehind reports whether v comes behind the markers of req.
func (b *bucket) versionBehind(v *version, req *object.ListVersions) bool {
	if req.VersionMarker == "" {
		return behind(v.key, req.KeyMarker, req.Prefix, req.Delimiter)
	}
	if v.key != req.KeyMarker {
		return v.key > req.KeyMarker
	}
	if at := b.find(req.KeyMarker, req.VersionMarker); at != nil {
		return v.seq < at.seq
	}
	if seq, ok := b.gone[req.VersionMarker]; ok {
		return v.seq < seq
	}
	return true
}

// ListUploads returns a page of unfinished uploads.
func (m *Model) ListUploads(req object.ListUploads) (object.UploadPage, error) {
	var page object.UploadPage
	b, err := m.bucket(req.Bucket)
	if err != nil {
		return page, err
	}
	all := append([]*upload(nil), b.uploads...)
	sort.SliceStable(all, func(i, j int) bool { return all[i].Key < all[j].Key })
	for _, u := range all {
		if !strings.HasPrefix(u.Key, req.Prefix) || !b.uploadBehind(u, &req) || req.Max == 0 {
			continue
		}
		p := common(u.Key, req.Prefix, req.Delimiter)
		if n := len(page.Prefixes); p != "" && n > 0 && page.Prefixes[n-1] == p {
			continue
		}
		if len(page.Uploads)+len(page.Prefixes) == req.Max {
			page.Truncated = true
			return page, nil
		}
		if p != "" {
			page.Prefixes = append(page.Prefixes, p)
			page.NextKeyMarker, page.NextUploadIDMarker = p, ""
		} else {
			page.Uploads = append(page.Uploads, u.Upload)
			page.NextKeyMarker, page.NextUploadIDMarker = u.Key, u.UploadID
		}
	}
	page.NextKeyMarker, page.NextUploadIDMarker = "", ""
	return page, nil
}

// uploadBehind reports whether u comes behind the markers of req. An upload id marker counts only with a key marker.
func (b *bucket) uploadBehind(u *upload, req *object.ListUploads) bool {
	if req.KeyMarker == "" || req.UploadIDMarker == "" {
		return behind(u.Key, req.KeyMarker, req.Prefix, req.Delimiter)
	}
	seq, ok := b.gone[req.UploadIDMarker]
	for _, x := range b.uploads {
		if x.UploadID == req.UploadIDMarker {
			seq, ok = x.seq, true
		}
	}
	if u.Key != req.KeyMarker {
		return u.Key > req.KeyMarker
	}
	return ok && u.seq > seq
}
