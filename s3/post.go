package s3

import (
	"context"
	"net/http"
	"strings"

	"myfsio/object"
	"myfsio/s3/form"
	"myfsio/s3/wire"
)

// postObject serves PostObject, an upload from an HTML form. The gate asked for nothing yet: which key it is about,
// and who sends it, stands in the form.
// https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
func (h *Handler) postObject(ctx context.Context, r *request) (*response, error) {
	f, limit, err := r.form(ctx)
	if err != nil {
		return nil, err
	}
	put, err := r.formPut(ctx)
	if err != nil {
		return nil, err
	}
	target, err := f.Redirect(h.cfg.RedirectHosts, h.cfg.Host(r.http))
	if err != nil {
		return nil, err
	}
	r.upload = &counted{src: f.File(limit), limit: limit.Max}
	put.Body.Reader, put.Body.Size = r.upload, -1
	v, err := h.cfg.Store.Put(ctx, put)
	if err != nil {
		return nil, err
	}
	r.record.Size, r.record.VersionID = v.Size, v.VersionID
	return r.posted(f, target, &v), nil
}

// form reads the form up to its file: who sends it, and whether its policy allows what it says. What it says
// takes the place of the headers of the request. limit bounds the length of the file.
func (r *request) form(ctx context.Context) (f *form.Form, limit form.Length, err error) {
	body, err := r.openBody()
	if err != nil {
		return nil, limit, err
	}
	if body.Size() > r.h.cfg.MaxUpload+form.Overhead {
		return nil, limit, errTooLarge()
	}
	if f, err = form.Read(r.header("Content-Type"), body); err != nil {
		return nil, limit, err
	}
	if r.gate.Key != "" {
		f.SetDefault("key", r.gate.Key)
	}
	if err = r.identifyForm(ctx, f.Get); err != nil {
		return nil, limit, err
	}
	if r.gate.Key, err = f.Key(); err != nil {
		return nil, limit, err
	}
	p, err := f.Policy()
	if err != nil {
		return nil, limit, err
	}
	if err = p.Check(f, r.gate.Bucket, r.gate.Started); err != nil {
		return nil, limit, err
	}
	limit = p.Length()
	limit.Max = min(limit.Max, r.h.cfg.MaxUpload)
	header, err := f.Header()
	if err != nil {
		return nil, limit, err
	}
	asPut := *r.http
	asPut.Header, r.http, r.listed = header, &asPut, false
	return f, limit, nil
}

// formPut asks for the rights of a PutObject of what the form says, and returns it without its body.
func (r *request) formPut(ctx context.Context) (put object.PutObject, err error) {
	ask := r.gate
	ask.Op = opPutObject
	if err = r.h.cfg.Gate.Authorize(ctx, &ask); err != nil {
		return put, err
	}
	if err = r.checkForm(ctx); err != nil {
		return put, err
	}
	put = object.PutObject{Bucket: r.gate.Bucket, Key: r.gate.Key, Owner: r.owner(), By: r.actor()}
	put.By.Role = object.RoleForm
	if put.Meta, err = r.metadata(); err != nil {
		return put, err
	}
	if err = r.tagRight(ctx); err != nil {
		return put, err
	}
	if put.ACL, put.BucketOwnerFull, err = r.writtenACL(ctx); err != nil {
		return put, err
	}
	if put.Lock, err = r.newLock(ctx); err != nil {
		return put, err
	}
	if put.Seal, err = r.sealing(); err != nil {
		return put, err
	}
	if put.Body.MD5, err = r.contentMD5(); err != nil {
		return put, err
	}
	put.Body.Digest, err = r.digest(nil) // forms have no trailer
	return put, err
}

// posted answers as the form asks.
func (r *request) posted(f *form.Form, target *form.Redirect, v *object.Version) *response {
	res := r.answer()
	res.status = f.Status()
	res.setETag(v.ETag)
	res.setChecksum(v.Checksum)
	res.setVersion(v)
	r.setWritten(res, v.Encryption)
	location := r.urlOf(v.Key)
	switch {
	case target != nil:
		res.status = http.StatusSeeOther
		location = target.Location(v.Bucket, v.Key, v.ETag)
	case res.status == http.StatusCreated:
		res.doc = &wire.PostResponse{Location: location, Bucket: v.Bucket, Key: v.Key, ETag: v.ETag}
	}
	res.set("Location", location)
	return res
}

// urlOf is the URL of a key of the bucket, in the style of the request. Slashes are escaped, as S3 does here.
func (r *request) urlOf(key string) string {
	scheme := "http://"
	if r.gate.Secure {
		scheme = "https://"
	}
	url := scheme + r.h.cfg.Host(r.http) + "/"
	if r.h.virtualHost(r.http.Host) == "" {
		url += r.gate.Bucket + "/"
	}
	return url + strings.ReplaceAll(wire.EncodeKey(key), "/", "%2F")
}
