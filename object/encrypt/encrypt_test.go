package encrypt

import (
	"strings"
	"testing"

	"myfsio/fault"
)

func TestParse(t *testing.T) {
	for doc, want := range map[string]Rule{
		`{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}}]}`:                                                           {Algorithm: AES256},
		`{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"aws:kms","KMSMasterKeyID":"k"},"BucketKeyEnabled":true}]}`:             {Algorithm: KMS, KeyID: "k", BucketKey: true},
		`{"Rules":[{"SSEAlgorithm":"aws:kms","KMSMasterKeyID":"k"}]}`:                                                                            {Algorithm: KMS, KeyID: "k"},
		`{"Rules":[{"BucketKeyEnabled":false}]}`:                                                                                                 {},
		`{"Rules":[{"SSEAlgorithm":"AES256","BlockedEncryptionTypes":{"EncryptionType":["SSE-C"]}}]}`:                                            {Algorithm: AES256, BlockCustomer: true},
		`{"Rules":[{"SSEAlgorithm":"AES256","BlockedEncryptionTypes":{"EncryptionType":["NONE"]}}]}`:                                             {Algorithm: AES256, Unblock: true},
		`{"ServerSideEncryptionConfiguration":{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256","KMSMasterKeyID":""}}]}}`: {Algorithm: AES256},
	} {
		got, err := Parse([]byte(doc))
		if err != nil || *got != want {
			t.Errorf("%s: %+v, %v; want %+v", doc, got, err, want)
			continue
		}
		again, err := Parse(got.JSON())
		if err != nil || *again != want {
			t.Errorf("%s comes back as %s: %v", doc, got.JSON(), err)
		}
	}
	for doc, kind := range map[string]fault.Kind{
		``:                                   fault.MalformedXML,
		`{}`:                                 fault.MalformedXML,
		`{"Rules":[]}`:                       fault.MalformedXML,
		`{"Rules":[{},{}]}`:                  fault.MalformedXML,
		`{"Rules":[{}]} x`:                   fault.MalformedXML,
		`{"Rules":[{"Other":"x"}]}`:          fault.MalformedXML,
		`{"Rules":[{"SSEAlgorithm":"DES"}]}`: fault.MalformedXML,
		`{"Rules":[{"SSEAlgorithm":"aws:kms:dsse"}]}`:                                                          fault.NotImplemented,
		`{"Rules":[{"SSEAlgorithm":"AES256","KMSMasterKeyID":"k"}]}`:                                           fault.InvalidArgument,
		`{"Rules":[{"KMSMasterKeyID":"k"}]}`:                                                                   fault.InvalidArgument,
		`{"Rules":[{"SSEAlgorithm":"AES256","ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}}]}`: fault.MalformedXML,
		`{"Rules":[{"SSEAlgorithm":"AES256","BlockedEncryptionTypes":{"EncryptionType":["SSE-C","NONE"]}}]}`:   fault.MalformedXML,
		`{"Rules":[{"SSEAlgorithm":"AES256","BlockedEncryptionTypes":{"EncryptionType":["SSE-S3"]}}]}`:         fault.MalformedXML,
		`{"Rules":[{"SSEAlgorithm":"aws:kms","KMSMasterKeyID":"` + strings.Repeat("k", MaxKeyID+1) + `"}]}`:    fault.InvalidArgument,
		`{"Rules":[{}],"ServerSideEncryptionConfiguration":{"Rules":[{}]}}`:                                    fault.MalformedXML,
	} {
		if r, err := Parse([]byte(doc)); !fault.Is(err, kind) {
			t.Errorf("%.80s: %+v, %v; want kind %d", doc, r, err, kind)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"Rules":[{"SSEAlgorithm":"aws:kms","KMSMasterKeyID":"k"}]}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		r, err := Parse(doc)
		if err != nil {
			return
		}
		if again, err := Parse(r.JSON()); err != nil || *again != *r {
			t.Errorf("%q: %+v comes back as %+v, %v", doc, r, again, err)
		}
	})
}
