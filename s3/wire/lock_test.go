package wire

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"
)

// FuzzLock holds the documents of Object Lock and of quotas against what is written of them: what was understood is understood again.
func FuzzLock(f *testing.F) {
	for _, s := range []string{
		`<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>GOVERNANCE</Mode><Days>1</Days></DefaultRetention></Rule></ObjectLockConfiguration>`,
		`{"ObjectLockEnabled":"Enabled","Rule":{"DefaultRetention":{"Mode":"COMPLIANCE","Years":1}}}`,
		`<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>2030-01-01T00:00:00Z</RetainUntilDate></Retention>`, `<Retention/>`, `{}`, `null`,
		`{"Mode":"GOVERNANCE","RetainUntilDate":"2030-01-01T00:00:00Z"}`, `<LegalHold><Status>ON</Status></LegalHold>`, `{"Status":"OFF"}`,
		`{"max_bytes":1,"max_size_bytes":1,"max_objects":null}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		fuzzForms(t, body, ParseObjectLock, ParseObjectLockJSON, (*ObjectLock).Append)
		fuzzForms(t, body, ParseRetention, ParseRetentionJSON, (*Retention).Append)
		fuzzForms(t, body, ParseLegalHold, ParseLegalHoldJSON, (*LegalHold).Append)
		if q, err := ParseQuota(body); err == nil && (q.MaxBytes != nil && *q.MaxBytes <= 0 || q.MaxObjects != nil && *q.MaxObjects <= 0) {
			t.Fatalf("%q gives %+v", body, q)
		}
	})
}

func fuzzForms[T any](t *testing.T, body []byte, fromXML, fromJSON func([]byte) (T, error), write func(*T, []byte) []byte) {
	first, err := fromXML(body)
	if err != nil {
		if first, err = fromJSON(body); err != nil {
			return
		}
	}
	js, err := json.Marshal(first)
	if err != nil {
		t.Fatal(err)
	}
	again, err := fromJSON(js)
	if err != nil || !reflect.DeepEqual(first, again) {
		t.Fatalf("%+v as JSON is %s, which is %+v, error %v", first, js, again, err)
	}
	// XML keeps no white space around a word, and cannot say some of what JSON can; what it says, it says again.
	if again, err = fromXML(write(&first, nil)); err != nil {
		return
	}
	if twice, err := fromXML(write(&again, nil)); err != nil || !reflect.DeepEqual(again, twice) {
		t.Fatalf("%+v as XML is %+v, error %v", again, twice, err)
	}
}

// TestRetainUntil: what was read back and sent again is never an earlier date.
func TestRetainUntil(t *testing.T) {
	for in, want := range map[string]string{
		"2030-12-31T23:59:59Z":           "2030-12-31T23:59:59.000Z",
		"2030-12-31T23:59:59.5Z":         "2030-12-31T23:59:59.500Z",
		"2030-12-31T23:59:59.000000001Z": "2030-12-31T23:59:59.001Z",
		"2030-12-31T23:59:59+01:00":      "2030-12-31T22:59:59.000Z",
		"2030-12-31T23:59:59+0100":       "2030-12-31T22:59:59.000Z",
		"2030-12-31":                     "",
		"2030-12-31T23:59:59":            "",
		"Tue, 31 Dec 2030 23:59:59 GMT":  "",
		"":                               "",
	} {
		got, err := ParseRetainUntil(in)
		if err != nil {
			if want != "" {
				t.Errorf("%q: %v", in, err)
			}
			continue
		}
		if s := FormatRetainUntil(got); s != want {
			t.Errorf("%q is %s, want %q", in, s, want)
		}
	}
	exact := time.Date(2030, 1, 2, 3, 4, 5, 123456789, time.UTC)
	again, err := ParseRetainUntil(FormatRetainUntil(exact))
	if err != nil || again.Before(exact) {
		t.Errorf("%s came back as %s, error %v", exact, again, err)
	}
}
