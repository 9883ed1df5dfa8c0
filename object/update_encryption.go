package object

import (
	"context"

	"myfsio/fault"
	"myfsio/kv"
	"myfsio/seal"
)

// UpdateEncryption asks for another key of SSE-KMS for a version that the server encrypted with one of its own keys.
type UpdateEncryption struct {
	Bucket, Key, VersionID string // VersionID "": the current version
	Stamp                  [16]byte
	KeyID                  string // of the KMS, not empty
	BucketKey              bool   // recorded and shown
}

// UpdateEncryption puts the key of a version under another key of the KMS, in one commit. The bytes, and all else that is known of the version,
// stay; the encryption context that its writer gave stays too. What is stored in clear, or under a customer's key, or is protected by Object
// Lock, is refused, and so is a key that may not be used: the one that the version has now, or the new one. Nobody but readers of the
// description learns of it: there is no event.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_UpdateObjectEncryption.html
func (s *Store) UpdateEncryption(ctx context.Context, req UpdateEncryption) (Version, error) {
	if req.KeyID == "" {
		return Version{}, fault.New(fault.InvalidRequest, "Encryption with a key of the KMS needs the key.")
	}
	seen, err := s.resealable(ctx, &req)
	if err != nil {
		return Version{}, err
	}
	wish := &Sealing{Sort: seal.KMS, KeyID: req.KeyID}
	if wish.Context, err = clientContext(seen); err != nil {
		return Version{}, err
	}
	kek, err := s.kek(req.Bucket, wish, nil)
	if err != nil {
		return Version{}, err
	}
	return s.amend(ctx, req.Bucket, req.Key, req.VersionID, func(_ *txn, b *Bucket, rec *versionRecord) error {
		if err := rec.stamped(req.Stamp); err != nil {
			return err
		}
		if err := s.mayReseal(rec); err != nil {
			return err
		}
		sealed, place := rec.sealed(), rec.binding(b.ID, req.Key)
		e, err := s.keys.RewrapUnder(sealed.envelope, nil, kek, place, place)
		if err != nil {
			return err
		}
		sealed.envelope, sealed.raw, sealed.bucketKey = e, e.Append(nil), req.BucketKey
		return nil
	})
}

// clientContext is the encryption context that the writer of a version gave.
func clientContext(e *seal.Envelope) (map[string]string, error) {
	context, err := e.DecodeContext()
	delete(context, bucketContext)
	return context, err
}

// resealable looks at the version before anything is asked of the KMS.
func (s *Store) resealable(ctx context.Context, req *UpdateEncryption) (*seal.Envelope, error) {
	var e *seal.Envelope
	err := s.viewDB(ctx, func(r kv.Reader) error {
		_, rec, _, err := lookup(r, req.Bucket, req.Key, req.VersionID)
		if err == nil {
			err = rec.stamped(req.Stamp)
		}
		if err == nil {
			err = s.mayReseal(rec)
		}
		if err == nil {
			e = rec.sealed().envelope
		}
		return err
	})
	return e, err
}

// mayReseal says why the envelope of a version stays as it is. The words are AWS's.
func (s *Store) mayReseal(rec *versionRecord) error {
	state := rec.lock()
	if state.Destroy(s.now(), false) != nil {
		return fault.New(fault.Locked, "The encryption type for the specified object can't be updated because that object is protected by S3 Object Lock. "+
			"If the object has a governance-mode retention period or a legal hold, you must first remove the Object Lock status on the object before you issue your UpdateObjectEncryption request. "+
			"You can't use the UpdateObjectEncryption operation with objects that have an Object Lock compliance mode retention period applied to them.")
	}
	switch sealed := rec.sealed(); {
	case sealed == nil:
		return fault.New(fault.InvalidRequest, "The UpdateObjectEncryption operation doesn't support unencrypted source objects. Only source objects encrypted with SSE-S3 or SSE-KMS are supported.")
	case sealed.envelope == nil:
		return errEnvelope()
	case sealed.envelope.Sort == seal.Customer:
		return fault.New(fault.InvalidRequest, "The UpdateObjectEncryption operation doesn't support source objects with the encryption type DSSE-KMS or SSE-C. Only source objects encrypted with SSE-S3 or SSE-KMS are supported.")
	}
	return nil
}
