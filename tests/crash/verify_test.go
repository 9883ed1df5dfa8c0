package crash

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"myfsio/tests/daemon"
	"myfsio/tests/signed"
)

func base64MD5(b []byte) string {
	sum := md5.Sum(b)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// entry is an object, version, marker or upload in a listing.
type entry struct {
	Key, VersionId, ETag, UploadId string
	Size                           int
	IsLatest                       bool
	marker                         bool
}

// listing is what the server shows of all keys, by bucket and key.
type listing struct {
	entries map[string][]entry
	uploads map[string][]entry
}

// page is the parts of the three kinds of listings that matter here.
type page struct {
	IsTruncated bool
	Items       []item `xml:",any"`
}

type item struct {
	XMLName xml.Name
	entry
}

// look lists both buckets.
func look(ctx context.Context, c *signed.Client) (*listing, error) {
	l := &listing{entries: map[string][]entry{}, uploads: map[string][]entry{}}
	for bucket, queries := range map[string][]string{plainBucket: {"list-type", "uploads"}, versionedBucket: {"versions", "uploads"}} {
		for _, q := range queries {
			value := ""
			if q == "list-type" {
				value = "2"
			}
			resp, err := c.Do(ctx, signed.Request{Method: "GET", Bucket: bucket, Query: url.Values{q: {value}}})
			if err != nil {
				return nil, fmt.Errorf("list %s?%s: %w", bucket, q, err)
			}
			var p page
			if err := xml.Unmarshal(resp.Body, &p); err != nil || p.IsTruncated {
				return nil, fmt.Errorf("list %s?%s: truncated or wrong: %v", bucket, q, err)
			}
			l.add(bucket, p.Items)
		}
	}
	return l, nil
}

func (l *listing) add(bucket string, items []item) {
	for _, it := range items {
		name := bucket + "/" + it.Key
		switch it.XMLName.Local {
		case "Contents", "Version", "DeleteMarker":
			it.marker = it.XMLName.Local == "DeleteMarker"
			l.entries[name] = append(l.entries[name], it.entry)
		case "Upload":
			l.uploads[name] = append(l.uploads[name], it.entry)
		}
	}
}

// verify judges all keys of a writer by what the server shows, and settles what was pending.
func (w *writer) verify(ctx context.Context, l *listing, thorough bool) error {
	for _, k := range w.keys {
		if err := w.verifyKey(ctx, k, l, thorough); err != nil {
			return fmt.Errorf("%s/%s: %w", k.bucket, k.name, err)
		}
	}
	return nil
}

func (w *writer) verifyKey(ctx context.Context, k *key, l *listing, thorough bool) error {
	shown := l.entries[k.bucket+"/"+k.name]
	fault := matches(k.history, shown)
	if k.pending != nil {
		fault = w.decide(ctx, k, shown, fault)
	}
	if fault != nil {
		return fault
	}
	if err := w.verifyVersions(ctx, k, thorough); err != nil {
		return err
	}
	return w.verifyUploads(ctx, k, l.uploads[k.bucket+"/"+k.name])
}

// decide finds out whether the pending change was made; before is what is wrong if it was not.
func (w *writer) decide(ctx context.Context, k *key, shown []entry, before error) error {
	p := k.pending
	k.pending = nil
	after := matches(p.after, shown)
	if before == nil && after == nil && len(p.after) > 0 && w.reads(ctx, k, &p.after[0], "") != nil {
		return nil // the same bytes before and after; the headers are the old ones
	}
	if after != nil && before != nil {
		return fmt.Errorf("after an unanswered %s neither old nor new: %w; %w", p.what, before, after)
	}
	if after != nil {
		return nil
	}
	for i := range p.after {
		if k.versioned {
			p.after[i].id = shown[i].VersionId
		}
	}
	if k.open != nil && p.what == completing {
		k.open = nil
	}
	k.history = p.after
	return nil
}

// matches compares a listing with a history.
func matches(want []version, shown []entry) error {
	if len(want) != len(shown) {
		return fmt.Errorf("%d versions are listed, want %d", len(shown), len(want))
	}
	for i, e := range shown {
		v := &want[i]
		if v.id != "" && v.id != e.VersionId || v.marker != e.marker || e.IsLatest && i > 0 {
			return fmt.Errorf("version %d is listed as %+v, want %+v", i, e, *v)
		}
		if !v.marker && (v.etag() != e.ETag || v.size() != e.Size) {
			return fmt.Errorf("version %d is listed as %+v, want %s of %d bytes", i, e, v.etag(), v.size())
		}
	}
	return nil
}

// verifyVersions reads what is current, and one older version or all.
func (w *writer) verifyVersions(ctx context.Context, k *key, thorough bool) error {
	if err := w.reads(ctx, k, k.latest(), ""); err != nil {
		return err
	}
	if !k.versioned || len(k.history) == 0 {
		return nil
	}
	one := w.rng.IntN(len(k.history))
	for i := range k.history {
		v := &k.history[i]
		if v.marker || !thorough && i != one {
			continue
		}
		if err := w.reads(ctx, k, v, v.id); err != nil {
			return fmt.Errorf("version %d: %w", i, err)
		}
	}
	return nil
}

// reads wants the object byte for byte with its headers, or its absence for nil.
func (w *writer) reads(ctx context.Context, k *key, v *version, id string) error {
	r := signed.Request{Method: "GET", Bucket: k.bucket, Key: k.name, Header: map[string][]string{}}
	if v != nil {
		v.sealed.read(r.Header)
	}
	if id != "" {
		r.Query = url.Values{"versionId": {id}}
	}
	resp, err := w.client.Do(ctx, r)
	if v == nil {
		if resp == nil || resp.Status != http.StatusNotFound {
			return fmt.Errorf("a deleted object answers %v", err)
		}
		return nil
	}
	if err != nil {
		return err
	}
	if !bytes.Equal(resp.Body, v.body()) {
		return fmt.Errorf("other bytes: %d, want %d", len(resp.Body), v.size())
	}
	if name, want := v.sealed.shown(); resp.Header.Get(name) != want {
		return fmt.Errorf("%s is %q, want %q", name, resp.Header.Get(name), want)
	}
	for name, want := range map[string]string{"Etag": v.etag(), "Content-Type": v.kind, "X-Amz-Meta-Note": v.note, "Content-Length": strconv.Itoa(v.size())} {
		if got := resp.Header.Get(name); got != want {
			return fmt.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	return nil
}

// verifyUploads wants the open upload with its answered parts, and ends uploads whose beginning was not answered.
func (w *writer) verifyUploads(ctx context.Context, k *key, shown []entry) error {
	found := false
	for _, e := range shown {
		if k.open != nil && e.UploadId == k.open.id {
			found = true
			continue
		}
		_, err := w.client.Do(ctx, signed.Request{Method: "DELETE", Bucket: k.bucket, Key: k.name, Query: url.Values{"uploadId": {e.UploadId}}})
		if err != nil {
			return fmt.Errorf("abort: %w", err)
		}
	}
	if k.open == nil {
		return nil
	}
	if !found {
		return fmt.Errorf("the upload %s is gone", k.open.id)
	}
	resp, err := w.client.Do(ctx, signed.Request{Method: "GET", Bucket: k.bucket, Key: k.name, Query: url.Values{"uploadId": {k.open.id}}})
	if err != nil {
		return err
	}
	var parts struct {
		Part []struct {
			PartNumber int
			ETag       string
			Size       int
		}
	}
	if err := xml.Unmarshal(resp.Body, &parts); err != nil {
		return err
	}
	for i, tag := range k.open.etags {
		if i >= len(parts.Part) || parts.Part[i].ETag != tag || parts.Part[i].Size != k.open.made.parts[i] {
			return fmt.Errorf("part %d of the upload is missing or wrong: %+v", i+1, parts.Part)
		}
	}
	return nil
}

// verifyFiles wants the plain files of a bucket without versions to be its objects, no more and no less.
func verifyFiles(s *daemon.Server, writers []*writer) error {
	want, sealed := map[string][]byte{}, map[string]bool{}
	for _, w := range writers {
		for _, k := range w.keys {
			if v := k.latest(); v != nil && !k.versioned {
				path := filepath.Join(s.Data(), plainBucket, filepath.FromSlash(k.name))
				want[path], sealed[path] = v.body(), v.sealed != inClear
			}
		}
	}
	for path, b := range want {
		got, err := os.ReadFile(path)
		if sealed[path] && err == nil && len(got) >= len(b) && (len(b) < 16 || !bytes.Equal(got, b)) { // ciphertext
			continue
		}
		if err != nil || !bytes.Equal(got, b) {
			return fmt.Errorf("the file %s: %d bytes, %v; want %d", path, len(got), err, len(b))
		}
	}
	return filepath.WalkDir(filepath.Join(s.Data(), plainBucket), func(path string, d os.DirEntry, err error) error {
		if _, ok := want[path]; err == nil && !ok && d.Type().IsRegular() {
			return fmt.Errorf("the file %s is of no object", path)
		}
		return err
	})
}

// client is one with connections of its own, since those to a killed server are of no use.
func client(s *daemon.Server) *signed.Client {
	return &signed.Client{
		Endpoint: s.URL(), AccessKey: daemon.AccessKey, SecretKey: daemon.SecretKey, Region: daemon.Region,
		HTTP: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 2}},
	}
}
