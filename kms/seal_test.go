package kms

import (
	"testing"

	"myfsio/fault"
	"myfsio/seal"
)

// What package seal asks for is what this package gives.
func TestSealsKeys(t *testing.T) {
	w := newWorld(t)
	w.create("k", "")
	keys := &seal.Keys{Masters: w.master, KMS: w.Keyring}
	object, place := seal.NewKey(), seal.Binding{Bucket: 1, Key: "a"}
	kmsKEK, err := keys.KMSKEK("k", map[string]string{"aws:s3:arn": "arn:aws:s3:::b"})
	if err != nil {
		t.Fatal(err)
	}
	s3KEK, err := keys.MasterKEK()
	if err != nil {
		t.Fatal(err)
	}
	byKMS, byMaster := kmsKEK.Wrap(object, place), s3KEK.Wrap(object, place)
	if _, err := w.master.Rotate(w.Rekey); err != nil {
		t.Fatal(err)
	}
	again := &seal.Keys{Masters: w.open().master, KMS: w.open()}
	moved, err := again.Rewrap(byMaster, nil, place, place)
	if err != nil || moved == byMaster {
		t.Fatal(err)
	}
	for _, e := range []*seal.Envelope{byKMS, byMaster, moved} {
		for _, k := range []*seal.Keys{keys, again} {
			if got, err := k.Unwrap(e, nil, place); err != nil || got != object {
				t.Error(err)
			}
		}
	}
	if _, err := w.Disable("k"); err != nil {
		t.Fatal(err)
	}
	if _, err := again.Unwrap(byKMS, nil, place); !fault.Is(err, fault.InvalidRequest) {
		t.Error(err)
	}
}
