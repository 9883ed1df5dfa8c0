package object_test

import (
	"bytes"
	"crypto/md5"
	"errors"
	"fmt"
	"io"

	"myfsio/object"
)

// noteNames are the names of annotations in programs; the last ones are none.
var noteNames = []string{"a", "a.b", "ab", "ä-9_", "z", "A", "aws-x", "a b", ""}

// noteBody is the payload of a step: text, now and then not, and what the client says of it, now and then wrong.
func (s *step) noteBody() (object.Body, []byte) {
	b, data := s.body()
	for i := range data {
		data[i] = 'a' + data[i]%26
	}
	switch {
	case len(data) > 3 && s.ref%5 == 0:
		copy(data[len(data)-3:], "€")
	case len(data) > 0 && s.ref%11 == 0:
		data[len(data)/2] = 0xC3
	}
	b.Reader = bytes.NewReader(data)
	if b.MD5 != nil && s.opt>>8&31 != 7 {
		h := md5.Sum(data)
		b.MD5 = h[:]
	}
	if s.option(14, 2) {
		b.Reader = oneByte{b.Reader}
	}
	return b, data
}

func (w *world) runAnnotation(s *step, bucket, key string) error {
	id, name := "", noteNames[min(s.ref2%20, len(noteNames)-1)*min(s.ref%3, 1)]
	if s.option(0, 1) {
		id = w.version(bucket, key, s.ref)
	}
	match := ""
	if s.option(2, 2) {
		match = w.etag(bucket, key, s.ref2)
	}
	if s.op == "unannotate" {
		req := object.DeleteAnnotation{Bucket: bucket, Key: key, VersionID: id, Name: name, IfMatch: match, BypassGovernance: s.option(1, 1), By: s.actor()}
		w.logf("no annotation %q of %s/%.20q %s if %s", name, bucket, key, id, match)
		want, wantErr := w.m.DeleteAnnotation(req)
		req.VersionID = w.toReal(id)
		got, gotErr := w.s.DeleteAnnotation(w.ctx, req)
		return w.same("delete annotation", got, gotErr, want, wantErr)
	}
	body, data := s.noteBody()
	req := object.PutAnnotation{Bucket: bucket, Key: key, VersionID: id, Name: name, Body: body, IfMatch: match, BypassGovernance: s.option(1, 1), By: s.actor()}
	w.logf("annotation %q of %s/%.20q %s: %d bytes (said %d, md5 %.4x) sum %s if %s", name, bucket, key, id, len(data), body.Size, body.MD5, body.Digest.Algorithm, match)
	want, wantOf, wantErr := w.m.PutAnnotation(req, data)
	req.VersionID = w.toReal(id)
	got, gotOf, gotErr := w.s.PutAnnotation(w.ctx, req)
	if err := w.same("annotation", got, gotErr, want, wantErr); err != nil {
		return err
	}
	return w.same("annotated", gotOf, gotErr, wantOf, wantErr)
}

// compareAnnotations compares those of a version: pages of them, and every payload.
func (w *world) compareAnnotations(bucket, key, id string, i int) error {
	req := object.ListAnnotations{Bucket: bucket, Key: key, VersionID: id, Prefix: []string{"", "a", "z", "ä"}[i%4], After: []string{"", "a", "ab"}[i%3], Max: i % 3}
	for _, req := range []object.ListAnnotations{req, {Bucket: bucket, Key: key, VersionID: id}} {
		want, wantErr := w.m.ListAnnotations(req)
		req.VersionID = w.toReal(id)
		got, gotErr := w.s.ListAnnotations(w.ctx, req)
		if err := w.same(fmt.Sprintf("annotations %+v", req), got, gotErr, want, wantErr); err != nil || wantErr != nil {
			return err
		}
	}
	for _, name := range noteNames {
		req := object.GetAnnotation{Bucket: bucket, Key: key, VersionID: id, Name: name}
		want, data, wantErr := w.m.Annotation(req)
		req.VersionID = w.toReal(id)
		got, gotData, gotErr := w.readAnnotation(req, i%2 == 0)
		if err := w.same("annotation "+name, got, gotErr, want, wantErr); err != nil {
			return err
		}
		if !bytes.Equal(data, gotData) {
			return fmt.Errorf("annotation %q of %.20q %s: %d bytes %.20q, the model says %d %.20q", name, key, id, len(gotData), gotData, len(data), data)
		}
	}
	return nil
}

func (w *world) readAnnotation(req object.GetAnnotation, odd bool) (object.Annotation, []byte, error) {
	r, a, err := w.s.OpenAnnotation(w.ctx, req)
	if err != nil {
		return a, nil, err
	}
	var data []byte
	if odd {
		data, err = readOddly(r)
	} else {
		var buf bytes.Buffer
		_, err = r.WriteTo(struct{ io.Writer }{&buf})
		data = buf.Bytes()
	}
	return a, data, errors.Join(err, r.Close())
}
