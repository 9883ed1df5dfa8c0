package s3

import (
	"context"
	"strconv"

	"myfsio/auth"
	"myfsio/fault"
	"myfsio/gate"
	"myfsio/object"
	"myfsio/object/encrypt"
	"myfsio/s3/wire"
)

var opUpdateEncryption = gate.Lookup("UpdateObjectEncryption")

// updateEncryption serves UpdateObjectEncryption.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_UpdateObjectEncryption.html
func (h *Handler) updateEncryption(ctx context.Context, r *request) (*response, error) {
	if r.gate.Conditions.SignatureVersion == auth.VersionV2 {
		return nil, fault.New(fault.InvalidRequest, "Requests that modify an object encryption configuration require Amazon Web Services Signature Version 4. Modify the request to use Amazon Web Services Signature Version 4, and then try again.")
	}
	doc, err := r.encryptionDocument()
	if err != nil {
		return nil, err
	}
	version, err := r.versionParam()
	if err != nil {
		return nil, err
	}
	v, err := r.amend(ctx, func(stamp [16]byte) (object.Version, error) {
		return h.cfg.Store.UpdateEncryption(ctx, object.UpdateEncryption{Bucket: r.gate.Bucket, Key: r.gate.Key, VersionID: version, Stamp: stamp, KeyID: doc.KMSKeyArn, BucketKey: doc.BucketKey})
	})
	if err != nil {
		return r.unreadable(ctx, nil, err)
	}
	res := r.answer()
	res.setVersion(&v)
	return res, nil
}

// wishedKey is the body of UpdateObjectEncryption.
type wishedKey struct {
	doc wire.ObjectEncryption
	err error
}

// encryptionDocument reads the body of UpdateObjectEncryption, once: conditions of policies look at it before the gate has opened.
func (r *request) encryptionDocument() (wire.ObjectEncryption, error) {
	if r.wished == nil {
		w := &wishedKey{}
		r.wished = w
		w.doc, w.err = sent(r, wire.MaxDocument, wire.ParseObjectEncryption, wire.ParseObjectEncryptionJSON)
	}
	return r.wished.doc, r.wished.err
}

// encryptionHeader returns what the body of UpdateObjectEncryption says in the place of a header of encryption, so that a policy that asks
// for a key of writers asks for it here as well. What cannot be read says nothing; the operation refuses it.
func (r *request) encryptionHeader(name string) (values []string, ok bool) {
	if r.gate.Op != opUpdateEncryption {
		return nil, false
	}
	switch name {
	case sseHeader, sseKeyID, sseBucketKey:
	default:
		return nil, false
	}
	doc, err := r.encryptionDocument()
	if err != nil {
		return nil, true
	}
	return []string{map[string]string{sseHeader: encrypt.KMS, sseKeyID: doc.KMSKeyArn, sseBucketKey: strconv.FormatBool(doc.BucketKey)}[name]}, true
}
