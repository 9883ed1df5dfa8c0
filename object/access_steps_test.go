package object_test

import (
	"fmt"
	"strings"

	"myfsio/acl"
	"myfsio/object"
	"myfsio/object/encrypt"
)

// writer is who does a step: mostly the owner of the buckets.
func (s *step) writer() string { return []string{"me", "you", "me", "", "me"}[s.ref%5] }

// lists are the access control lists of programs; most are none.
var lists = func() []acl.List {
	out := make([]acl.List, 6)
	for _, name := range []string{"public-read", "authenticated-read", "bucket-owner-read", "bucket-owner-full-control"} {
		l, _ := acl.Canned(name, "you", "me")
		out = append(out, l)
	}
	odd := func(id string, rights ...acl.Permission) (l acl.List) {
		for _, r := range rights {
			l.Grants = append(l.Grants, acl.Grant{Grantee: acl.Grantee{ID: id}, Permission: r})
		}
		return l
	}
	return append(out, odd("me", acl.FullControl), odd("you", acl.FullControl), odd("me", acl.Read, acl.Write, acl.ReadACP|acl.WriteACP), odd("it", acl.Read, acl.Read))
}()

func (s *step) list() acl.List { return lists[s.ref/5%len(lists)] }

// full says now and then that the list is bucket-owner-full-control.
func (s *step) full() bool { return s.ref2%6 == 0 }

var documents = []string{"<CORSConfiguration/>", "\x00", strings.Repeat("k", 3000)}

func (w *world) runAccess(s *step, bucket, key string) error {
	switch s.op {
	case "bucketACL":
		w.logf("list of bucket %s: %v", bucket, s.list())
		return w.same("bucket list", nil, w.s.SetBucketACL(w.ctx, bucket, s.list()), nil, w.m.SetBucketACL(bucket, s.list()))
	case "ownership":
		o := object.Ownership(s.ref2 % 4)
		w.logf("ownership of bucket %s: %d", bucket, o)
		return w.same("ownership", nil, w.s.SetOwnership(w.ctx, bucket, o), nil, w.m.SetOwnership(bucket, o))
	case "publicAccess":
		p := object.PublicAccess(s.ref2 % 32)
		w.logf("public access of bucket %s: %b", bucket, p)
		return w.same("public access", nil, w.s.SetPublicAccess(w.ctx, bucket, p), nil, w.m.SetPublicAccess(bucket, p))
	case "setConfig":
		doc, kind := []byte(documents[s.ref%len(documents)]), s.configKind()
		if kind == object.ConfigEncryption {
			doc = (&encrypt.Rule{Algorithm: []string{encrypt.AES256, encrypt.KMS}[s.ref%2], BucketKey: s.option(5, 1)}).JSON()
		}
		w.logf("configuration %c of bucket %s: %.4q", kind, bucket, doc)
		return w.same("set config", nil, w.s.SetConfig(w.ctx, bucket, kind, doc), nil, w.m.SetConfig(bucket, kind, doc))
	case "deleteConfig":
		kind := s.configKind()
		w.logf("no configuration %c of bucket %s", kind, bucket)
		return w.same("delete config", nil, w.s.DeleteConfig(w.ctx, bucket, kind), nil, w.m.SetConfig(bucket, kind, nil))
	}
	req := object.SetACL{Bucket: bucket, Key: key, ACL: s.list(), By: s.actor()}
	if s.option(0, 1) {
		req.VersionID = w.version(bucket, key, s.ref2)
	}
	w.logf("list of %s/%.20q %s: %v", bucket, key, req.VersionID, req.ACL)
	want, wantErr := w.m.SetObjectACL(req)
	req.VersionID = w.toReal(req.VersionID)
	got, gotErr := w.s.SetObjectACL(w.ctx, req)
	return w.same("object list", got, gotErr, want, wantErr)
}

// compareBucket compares what a bucket is and the documents it has.
func (w *world) compareBucket(name string) error {
	want, wantErr := w.m.HeadBucket(name)
	got, gotErr := w.s.HeadBucket(w.ctx, name)
	if err := w.same("head bucket", got, gotErr, want, wantErr); err != nil {
		return err
	}
	for _, kind := range object.ConfigKinds() {
		doc, wantErr := w.m.Config(name, kind)
		gotDoc, gotErr := w.s.Config(w.ctx, name, kind)
		if err := w.same("configuration of "+name, gotDoc, gotErr, doc, wantErr); err != nil {
			return err
		}
		if got.Has(kind) != (wantErr == nil) {
			return fmt.Errorf("bucket %s says %v of its configuration %c", name, got.Has(kind), kind)
		}
	}
	return nil
}

// configKind is one of few, so that steps meet.
func (s *step) configKind() object.ConfigKind {
	return []object.ConfigKind{object.ConfigNotification, object.ConfigNotification, object.ConfigCORS, object.ConfigTagging, object.ConfigEncryption}[s.ref2%5]
}
