package model

import (
	"reflect"

	"myfsio/fault"
	"myfsio/object"
	"myfsio/object/encrypt"
	"myfsio/seal"
)

// encryption is what a write gets: what it asks for, or what the bucket's setting says. Keys of the KMS have the id that they are called by with
// "arn:" before it; its default key is k.
func (b *bucket) encryption(wish *object.Sealing) *object.Encryption {
	var e object.Encryption
	switch doc := b.configs[object.ConfigEncryption]; {
	case wish != nil:
		e = object.Encryption{Sort: wish.Sort, KeyID: wish.KeyID}
	case doc != nil:
		rule, err := encrypt.Parse(doc)
		if err != nil {
			panic(err)
		}
		if e = (object.Encryption{Sort: seal.S3}); rule.Algorithm == encrypt.KMS {
			e = object.Encryption{Sort: seal.KMS, KeyID: rule.KeyID, BucketKey: rule.BucketKey}
		}
	default:
		return nil
	}
	if rule, err := encrypt.Parse(b.configs[object.ConfigEncryption]); err == nil && e.Sort == seal.KMS {
		e.BucketKey = rule.BucketKey
	}
	if e.Sort == seal.KMS && e.KeyID == "" {
		e.KeyID = "k"
	}
	if e.KeyID != "" {
		e.KeyID = "arn:" + e.KeyID
	}
	return &e
}

// keyed is what is shown of e to who brought a customer's key, or none.
func keyed(e *object.Encryption, customer *seal.Key) *object.Encryption {
	if e == nil || e.Sort != seal.Customer || customer == nil {
		return e
	}
	out := *e
	out.CustomerMD5 = customer.MD5()
	return &out
}

// opens reports why a customer's key, or none, does not open what is encrypted so. There is one such key.
func opens(e *object.Encryption, customer *seal.Key) error {
	if (e != nil && e.Sort == seal.Customer) != (customer != nil) {
		return fail(fault.InvalidRequest)
	}
	return nil
}

// customerOf is the customer's key that a write asks for.
func customerOf(wish *object.Sealing) *seal.Key {
	if wish == nil {
		return nil
	}
	return wish.Customer
}

// copied is the encryption of a copy: what is encrypted does not come to be stored in clear.
func (b *bucket) copied(req *object.CopyObject, src *version) *object.Encryption {
	e := b.encryption(req.Seal)
	if e == nil && src.enc != nil {
		e = &object.Encryption{Sort: seal.S3}
	}
	return e
}

// alike reports whether an object that is copied onto itself can keep its bytes as they are stored.
func alike(a, b *object.Encryption) bool {
	if a == nil || b == nil {
		return a == b
	}
	x, y := *a, *b
	x.BucketKey, y.BucketKey = false, false
	return reflect.DeepEqual(x, y)
}

// UpdateEncryption puts a version under another key of the KMS, of which there are k and other.
func (m *Model) UpdateEncryption(req object.UpdateEncryption) (object.Version, error) {
	if req.KeyID == "" {
		return object.Version{}, fail(fault.InvalidRequest)
	}
	b, v, err := m.lookup(req.Bucket, req.Key, req.VersionID)
	switch {
	case err != nil:
		return object.Version{}, err
	case v.protects(m.Now(), false):
		return object.Version{}, fail(fault.Locked)
	case v.enc == nil || v.enc.Sort == seal.Customer || req.KeyID != "k" && req.KeyID != "other":
		return object.Version{}, fail(fault.InvalidRequest)
	}
	v.enc = &object.Encryption{Sort: seal.KMS, KeyID: "arn:" + req.KeyID, BucketKey: req.BucketKey}
	return b.describe(v), nil
}
