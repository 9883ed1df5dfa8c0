package s3

import (
	"context"
	"net/http"

	"myfsio/cors"
	"myfsio/fault"
	"myfsio/object"
	"myfsio/s3/wire"
)

// getCORS serves GetBucketCors.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketCors.html
func (h *Handler) getCORS(ctx context.Context, r *request) (*response, error) {
	c, err := stored(ctx, h, r.gate.Bucket, object.ConfigCORS, "CORS", cors.ParseJSON)
	if err != nil {
		return nil, err
	}
	return r.config(c)
}

// putCORS serves PutBucketCors.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html
func (h *Handler) putCORS(ctx context.Context, r *request) (*response, error) {
	c, err := sent(r, cors.MaxDocument, cors.ParseXML, cors.ParseJSON)
	if err != nil {
		return nil, err
	}
	if err := h.cfg.Store.SetConfig(ctx, r.gate.Bucket, object.ConfigCORS, c.JSON()); err != nil {
		return nil, err
	}
	return r.answer(), nil
}

// deleteCORS serves DeleteBucketCors.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketCors.html
func (h *Handler) deleteCORS(ctx context.Context, r *request) (*response, error) {
	if err := h.cfg.Store.DeleteConfig(ctx, r.gate.Bucket, object.ConfigCORS); err != nil {
		return nil, err
	}
	return r.done(), nil
}

// crossOrigin finds out what the answer tells a browser whose script sends the request, whatever becomes of the request.
func (r *request) crossOrigin(ctx context.Context) {
	if len(r.http.Header["Origin"]) == 0 || r.http.Method == http.MethodOptions {
		return
	}
	rules, err := r.h.rulesOf(ctx, r.gate.Bucket)
	if err != nil { // the script does not see the answer then
		r.h.cfg.Log.Error("the CORS configuration of a bucket cannot be read", "request", r.gate.ID, "bucket", r.gate.Bucket, "err", err)
		return
	}
	r.cors = rules.Match(cors.RequestOf(r.http))
}

// preflight serves OPTIONS on any path. Nobody has to prove who he is, and no key is looked up.
// https://docs.aws.amazon.com/AmazonS3/latest/API/RESTOPTIONSobject.html
func (r *request) preflight(ctx context.Context) (*response, error) {
	q := cors.RequestOf(r.http)
	var rules *cors.Rules
	var err error
	if q.Origin != "" {
		if rules, err = r.h.rulesOf(ctx, r.gate.Bucket); err != nil {
			return nil, err
		}
	}
	r.cors, err = rules.Preflight(q)
	if !fault.Is(err, fault.AccessDenied) {
		return r.answer(), err
	}
	method, resource := q.Method, "OBJECT"
	if method == "" {
		method = http.MethodOptions
	}
	if r.gate.Key == "" || rules == nil {
		resource = "BUCKET"
	}
	return nil, &wire.Detail{Err: err, Fields: []wire.Field{{Name: "Method", Value: method}, {Name: "ResourceType", Value: resource}}}
}

// rulesOf returns the rules for requests to a bucket: its own, or those of the server where it has none, or where there
// is no such bucket, so that a script may make it. nil are no rules.
func (h *Handler) rulesOf(ctx context.Context, bucket string) (*cors.Rules, error) {
	if bucket == "" {
		return h.cfg.ServerCORS, nil
	}
	doc, err := h.cfg.Store.Config(ctx, bucket, object.ConfigCORS)
	switch fault.KindOf(err) {
	case fault.NoSuchConfig, fault.NoSuchBucket, fault.InvalidBucketName:
		return h.cfg.ServerCORS, nil
	}
	if err != nil {
		return nil, err
	}
	return h.compiled.Get(bucket, doc, compileCORS)
}

func compileCORS(doc []byte) (*cors.Rules, error) {
	c, err := cors.ParseJSON(doc)
	if err != nil {
		return nil, errStored("CORS", err)
	}
	return cors.Compile(c), nil
}
