package crash

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strconv"
	"sync/atomic"

	"myfsio/tests/signed"
)

const (
	plainBucket     = "plain"
	versionedBucket = "versioned"
	minPart         = 32 << 10 // MULTIPART_MIN_PART_SIZE of the server, in bytes
	keepVersions    = 5        // of a key; more are deleted first
)

// writer changes its keys, one request at a time.
type writer struct {
	client *signed.Client
	rng    *rand.Rand
	keys   []*key
	acks   *atomic.Int64 // of all writers
}

func newWriter(n, keys int, seed uint64, c *signed.Client, acks *atomic.Int64) *writer {
	w := &writer{client: c, rng: rand.New(rand.NewPCG(seed, uint64(n))), acks: acks}
	for i := range keys {
		name := fmt.Sprintf("w%d/dir %d/k", n, i)
		w.keys = append(w.keys, &key{bucket: plainBucket, name: name}, &key{bucket: versionedBucket, versioned: true, name: name})
	}
	return w
}

// completing is the change of the last request of an upload in parts.
const completing = "complete of an upload"

// errDown means that no answer came: the server is gone.
var errDown = errors.New("no answer")

// run works until the server is gone. Any other failure is a fault of the server.
func (w *writer) run(ctx context.Context) error {
	for {
		if err := w.step(ctx); errors.Is(err, errDown) {
			return nil
		} else if err != nil {
			return err
		}
		w.acks.Add(1)
	}
}

// step does one random thing with one random key.
func (w *writer) step(ctx context.Context) error {
	k := w.keys[w.rng.IntN(len(w.keys))]
	if k.open != nil {
		return w.goOn(ctx, k)
	}
	if len(k.history) > keepVersions {
		return w.deleteVersion(ctx, k)
	}
	switch n := w.rng.IntN(100); {
	case n < 50:
		return w.put(ctx, k)
	case n < 65:
		return w.begin(ctx, k)
	case n < 80:
		return w.copy(ctx, k)
	case n < 85 && k.versioned && len(k.history) > 0:
		return w.deleteVersion(ctx, k)
	case n < 88:
		return w.deleteSome(ctx)
	case n < 92 && k.latest() != nil && (k.latest().sealed == byServer || k.latest().sealed == byKMS):
		return w.anotherKey(ctx, k)
	default:
		return w.delete(ctx, k)
	}
}

// send sends a request of which after is the result.
func (w *writer) send(ctx context.Context, k *key, what string, after []version, r signed.Request) (*signed.Response, error) {
	k.pending = &change{what: what, after: after}
	r.Bucket, r.Key = k.bucket, k.name
	resp, err := w.ask(ctx, r)
	if err != nil {
		return nil, err
	}
	if k.versioned && len(after) > len(k.history) {
		after[0].id = resp.Header.Get("X-Amz-Version-Id")
		if after[0].id == "" {
			return nil, fmt.Errorf("%s: an answer without a version id", what)
		}
	}
	k.settle()
	return resp, nil
}

// ask tells a lost connection from a refusal.
func (w *writer) ask(ctx context.Context, r signed.Request) (*signed.Response, error) {
	resp, err := w.client.Do(ctx, r)
	var fail *signed.Error
	switch {
	case errors.As(err, &fail):
		return nil, fmt.Errorf("%s %s/%s %v: %w", r.Method, r.Bucket, r.Key, r.Query, err)
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, fmt.Errorf("%w: %v", errDown, err)
	}
	return resp, nil
}

// fresh makes a version with random contents and headers.
func (w *writer) fresh(parts ...int) version {
	return version{seed: w.rng.Uint64(), parts: parts, kind: fmt.Sprintf("x/%d", w.rng.IntN(1000)), note: strconv.Itoa(w.rng.IntN(1 << 30)), sealed: sealing(max(0, w.rng.IntN(6)-2))}
}

func (v *version) header() map[string][]string {
	h := map[string][]string{"Content-Type": {v.kind}, "X-Amz-Meta-Note": {v.note}}
	v.sealed.write(h)
	return h
}

func (w *writer) put(ctx context.Context, k *key) error {
	v := w.fresh(randomSize(w.rng))
	r := signed.Request{Method: "PUT", Header: v.header(), Body: v.body()}
	if old := k.latest(); w.rng.IntN(4) > 0 {
	} else if old != nil {
		r.Header["If-Match"] = []string{old.etag()}
	} else {
		r.Header["If-None-Match"] = []string{"*"}
	}
	_, err := w.send(ctx, k, "put", k.with(v), r)
	return err
}

func (w *writer) delete(ctx context.Context, k *key) error {
	var after []version
	if k.versioned {
		after = k.with(version{marker: true})
	}
	_, err := w.send(ctx, k, "delete", after, signed.Request{Method: "DELETE"})
	return err
}

func (w *writer) deleteVersion(ctx context.Context, k *key) error {
	i := w.rng.IntN(len(k.history))
	after := append(append([]version{}, k.history[:i]...), k.history[i+1:]...)
	_, err := w.send(ctx, k, "delete a version", after, signed.Request{Method: "DELETE", Query: url.Values{"versionId": {k.history[i].id}}})
	return err
}

// deleteSome deletes several keys without versions by one request; each is deleted or not by itself.
func (w *writer) deleteSome(ctx context.Context) error {
	var doc bytes.Buffer
	doc.WriteString("<Delete><Quiet>true</Quiet>")
	var some []*key
	for _, k := range w.keys {
		if !k.versioned && w.rng.IntN(3) == 0 {
			some = append(some, k)
			k.pending = &change{what: "delete several"}
			fmt.Fprintf(&doc, "<Object><Key>%s</Key></Object>", k.name)
		}
	}
	if len(some) == 0 {
		return nil
	}
	doc.WriteString("</Delete>")
	sum := base64MD5(doc.Bytes())
	resp, err := w.ask(ctx, signed.Request{Method: "POST", Bucket: plainBucket, Query: url.Values{"delete": {""}}, Body: doc.Bytes(), Header: map[string][]string{"Content-Md5": {sum}}})
	if err != nil {
		return err
	}
	if bytes.Contains(resp.Body, []byte("<Error>")) {
		return fmt.Errorf("delete several: %s", resp.Body)
	}
	for _, k := range some {
		k.settle()
	}
	return nil
}

// copy copies another key's current version, with its headers or with new ones.
func (w *writer) copy(ctx context.Context, k *key) error {
	from := w.keys[w.rng.IntN(len(w.keys))]
	source := from.latest()
	if source == nil || from == k {
		return w.put(ctx, k)
	}
	v := version{seed: source.seed, parts: []int{source.size()}, kind: source.kind, note: source.note, sealed: w.fresh().sealed}
	header := map[string][]string{"X-Amz-Copy-Source": {from.bucket + "/" + signed.Escape(from.name)}}
	if v.sealed.write(header); v.sealed == inClear && source.sealed != inClear {
		v.sealed = byServer // what is encrypted stays so
	}
	source.sealed.source(header)
	if source.id != "" {
		header["X-Amz-Copy-Source"][0] += "?versionId=" + source.id
	}
	if w.rng.IntN(2) == 0 {
		other := w.fresh()
		v.kind, v.note = other.kind, other.note
		header["X-Amz-Metadata-Directive"] = []string{"REPLACE"}
		header["Content-Type"], header["X-Amz-Meta-Note"] = []string{v.kind}, []string{v.note}
	}
	_, err := w.send(ctx, k, "copy", k.with(v), signed.Request{Method: "PUT", Header: header})
	return err
}

// anotherKey puts the current version under a key of the KMS, which leaves all else of it.
func (w *writer) anotherKey(ctx context.Context, k *key) error {
	after := append([]version{}, k.history...)
	after[0].sealed = byKMS
	doc := "<ObjectEncryption><SSE-KMS><KMSKeyArn>arn:aws:kms:local:000000000000:key/" + kmsKey + "</KMSKeyArn></SSE-KMS></ObjectEncryption>"
	_, err := w.send(ctx, k, "another key", after, signed.Request{Method: "PUT", Query: url.Values{"encryption": {""}}, Body: []byte(doc)})
	return err
}

// begin starts an upload in parts.
func (w *writer) begin(ctx context.Context, k *key) error {
	parts := []int{minPart + w.rng.IntN(minPart), minPart, w.rng.IntN(minPart) + 1}[w.rng.IntN(3):]
	if w.rng.IntN(2) == 0 { // of one size, as most clients do
		parts = []int{minPart, minPart, minPart, w.rng.IntN(minPart) + 1}
	}
	v := w.fresh(parts...)
	v.upload = true
	resp, err := w.ask(ctx, signed.Request{Method: "POST", Bucket: k.bucket, Key: k.name, Query: url.Values{"uploads": {""}}, Header: v.header()})
	if err != nil {
		return err
	}
	var made struct{ UploadId string }
	if err := xml.Unmarshal(resp.Body, &made); err != nil || made.UploadId == "" {
		return fmt.Errorf("create upload: %v in %s", err, resp.Body)
	}
	k.open = &upload{id: made.UploadId, made: v}
	return nil
}

// goOn sends the next part, or completes the upload.
func (w *writer) goOn(ctx context.Context, k *key) error {
	u := k.open
	if n := len(u.etags); n < len(u.made.parts) {
		q := url.Values{"uploadId": {u.id}, "partNumber": {strconv.Itoa(n + 1)}}
		header := map[string][]string{}
		u.made.sealed.read(header)
		resp, err := w.ask(ctx, signed.Request{Method: "PUT", Bucket: k.bucket, Key: k.name, Query: q, Header: header, Body: u.made.part(n)})
		if err != nil {
			return err
		}
		u.etags = append(u.etags, resp.Header.Get("Etag"))
		return nil
	}
	var doc bytes.Buffer
	doc.WriteString("<CompleteMultipartUpload>")
	for i, tag := range u.etags {
		fmt.Fprintf(&doc, "<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part>", i+1, tag)
	}
	doc.WriteString("</CompleteMultipartUpload>")
	resp, err := w.send(ctx, k, completing, k.with(u.made), signed.Request{Method: "POST", Query: url.Values{"uploadId": {u.id}}, Body: doc.Bytes()})
	if err != nil {
		return err
	}
	if bytes.Contains(resp.Body, []byte("<Error>")) {
		return fmt.Errorf("complete: %s", resp.Body)
	}
	k.open = nil
	return nil
}
