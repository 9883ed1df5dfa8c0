package s3

import (
	"context"
	"encoding/json"
	"strings"

	"myfsio/fault"
	"myfsio/object"
)

// Configuration documents come and go as XML, or as JSON, which is our own form and the one they are stored in.

// sentJSON reports whether the body is JSON.
func (r *request) sentJSON() bool { return isJSON(r.header("Content-Type")) }

func isJSON(mime string) bool {
	mime, _, _ = strings.Cut(mime, ";")
	return strings.EqualFold(strings.TrimSpace(mime), "application/json")
}

// sent reads the body of r, of at most limit bytes, as one of the two forms.
func sent[T any](r *request, limit int64, fromXML, fromJSON func([]byte) (T, error)) (T, error) {
	body, _, err := r.document(limit)
	switch {
	case err != nil:
		var none T
		return none, err
	case r.sentJSON():
		return fromJSON(body)
	}
	return fromXML(body)
}

// stored reads the document of one kind that a bucket has; the error is NoSuchConfig where it has none.
func stored[T any](ctx context.Context, h *Handler, bucket string, kind object.ConfigKind, what string, parse func([]byte) (T, error)) (conf T, err error) {
	doc, err := h.cfg.Store.Config(ctx, bucket, kind)
	if err != nil {
		return conf, err
	}
	if conf, err = parse(doc); err != nil {
		return conf, errStored(what, err)
	}
	return conf, nil
}

// errStored is the error of a stored document that cannot be read.
func errStored(what string, err error) error {
	return &fault.Error{Kind: fault.Corrupted, Msg: "The stored " + what + " configuration cannot be read. Please set it again.", Err: err}
}

// config answers with a configuration document: XML, or JSON where the client accepts that by name.
func (r *request) config(doc document) (*response, error) {
	res := r.answer()
	for _, v := range r.http.Header["Accept"] {
		for mime := range strings.SplitSeq(v, ",") {
			if isJSON(mime) {
				var err error
				res.json, err = json.Marshal(doc)
				return res, err
			}
		}
	}
	res.doc = doc
	return res, nil
}
