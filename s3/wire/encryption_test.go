package wire

import (
	"strings"
	"testing"

	"myfsio/fault"
)

const keyARN = "arn:aws:kms:local:000000000000:key/k"

func TestParseObjectEncryption(t *testing.T) {
	want := ObjectEncryption{KMSKeyArn: keyARN, BucketKey: true}
	for _, doc := range []string{
		`<ObjectEncryption xmlns="` + Namespace + `"><SSE-KMS><KMSKeyArn>` + keyARN + `</KMSKeyArn><BucketKeyEnabled>true</BucketKeyEnabled></SSE-KMS></ObjectEncryption>`,
		`{"SSE-KMS":{"KMSKeyArn":"` + keyARN + `","BucketKeyEnabled":true}}`,
		`{"SSEKMS":{"KMSKeyArn":"` + keyARN + `","BucketKeyEnabled":true}}`,
	} {
		parse := ParseObjectEncryption
		if doc[0] == '{' {
			parse = ParseObjectEncryptionJSON
		}
		if got, err := parse([]byte(doc)); err != nil || got != want {
			t.Errorf("%s: %+v, %v", doc, got, err)
		}
	}
	kms := func(in string) string {
		return "<ObjectEncryption><SSE-KMS>" + in + "</SSE-KMS></ObjectEncryption>"
	}
	arn := func(s string) string { return kms("<KMSKeyArn>" + s + "</KMSKeyArn>") }
	for doc, part := range map[string]string{
		`<ObjectEncryption/>`:                              "valid new encryption type",
		`<ObjectEncryption><SSE-S3/></ObjectEncryption>`:   "valid new encryption type",
		`<ObjectEncryption><SSE-C/></ObjectEncryption>`:    "DSSE-KMS or SSE-C",
		`<ObjectEncryption><DSSE-KMS/></ObjectEncryption>`: "DSSE-KMS or SSE-C",
		kms(""):             "require an Amazon Web Services KMS key",
		arn("k"):            "require a valid",
		arn("alias/aws/s3"): "require a valid",
		arn("arn:aws:kms:local:000000000000:alias/aws/s3"):                                   "require a valid",
		arn(keyARN + "/" + keyARN):                                                           "require a valid",
		arn(keyARN + strings.Repeat("k", maxKeyARN)):                                         "require a valid",
		kms("<KMSKeyArn>" + keyARN + "</KMSKeyArn><BucketKeyEnabled>yes</BucketKeyEnabled>"): "BucketKeyEnabled",
		`{}`:                           "valid new encryption type",
		`{"SSE-S3":{}}`:                "valid new encryption type",
		`{"SSEKMS":{"KMSKeyArn":"k"}}`: "require a valid",
		`{"SSE-KMS":{},"SSEKMS":{}}`:   "valid new encryption type",
	} {
		parse := ParseObjectEncryption
		if doc[0] == '{' {
			parse = ParseObjectEncryptionJSON
		}
		if got, err := parse([]byte(doc)); !fault.Is(err, fault.InvalidRequest) || !strings.Contains(err.Error(), part) {
			t.Errorf("%.100s: %+v, %v", doc, got, err)
		}
	}
	for _, doc := range []string{"", "<x/>", kms("<Other/>"), kms("<KMSKeyArn><a/></KMSKeyArn>"), kms("text")} {
		if got, err := ParseObjectEncryption([]byte(doc)); !fault.Is(err, fault.MalformedXML) {
			t.Errorf("%q: %+v, %v", doc, got, err)
		}
	}
}

func FuzzObjectEncryption(f *testing.F) {
	f.Add([]byte(`<ObjectEncryption><SSE-KMS><KMSKeyArn>` + keyARN + `</KMSKeyArn><BucketKeyEnabled>true</BucketKeyEnabled></SSE-KMS></ObjectEncryption>`))
	f.Add([]byte(`{"SSEKMS":{"KMSKeyArn":"` + keyARN + `"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		fuzzForms(t, body, ParseObjectEncryption, ParseObjectEncryptionJSON, (*ObjectEncryption).Append)
	})
}
