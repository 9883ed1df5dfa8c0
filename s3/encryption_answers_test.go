package s3

import (
	"encoding/xml"
	"fmt"
	"path/filepath"
	"testing"

	"myfsio/internal/leak"
	"myfsio/kv"
	"myfsio/kv/pebblekv"
)

// No answer of any kind has a key in it, nor a wrapped one.
func TestAnswersWithoutKeys(t *testing.T) {
	w := newSSEWorld(t)
	w.do("PUT", "/box?versioning", 200, []byte("<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"))
	parts := [][]byte{sseBody(70_000), sseBody(70_000), sseBody(1000)}
	wrong := map[string]string{"x-amz-server-side-encryption-customer-algorithm": "AES256", "x-amz-server-side-encryption-customer-key": "MTEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}
	for i := range sseStates[1:] {
		s := &sseStates[i+1]
		for _, way := range sseWays {
			key := s.name + way.name
			way.write(w, key, s, parts)
			for _, auth := range []string{"header", "presigned"} {
				w.auth = auth
				w.do("GET", "/box/"+key, 200, nil, s.read)
				w.do("HEAD", "/box/"+key, 200, nil, s.read)
				w.do("GET", "/box/"+key, 206, nil, s.read, map[string]string{"Range": "bytes=1-5"})
				w.do("GET", "/box/"+key, 416, nil, s.read, map[string]string{"Range": "bytes=999999-"})
				w.do("GET", "/box/"+key, 412, nil, s.read, map[string]string{"If-Match": `"x"`})
			}
			w.auth = ""
			w.do("GET", "/box/"+key+"?attributes", 200, nil, s.read, map[string]string{"x-amz-object-attributes": "ETag,ObjectParts,ObjectSize,StorageClass"})
			w.do("GET", "/box/"+key+"?tagging", 200, nil)
			w.do("GET", "/box/"+key+"?acl", 200, nil)
			status := 400
			if s.read != nil {
				w.do("GET", "/box/"+key, 400, nil)
				status = 403
			}
			w.do("GET", "/box/"+key, status, nil, wrong)
			w.do("HEAD", "/box/"+key, status, nil, wrong)
			w.do("PUT", "/box/copy"+key, 200, nil, s.write, sourceHeaders(s.read), map[string]string{"x-amz-copy-source": "/box/" + key})
			w.do("PUT", "/box/copy"+key, status, nil, sourceHeaders(wrong), map[string]string{"x-amz-copy-source": "/box/" + key})
		}
		_, doc := w.do("POST", "/box/unfinished?uploads", 200, nil, s.write)
		var up struct{ UploadId string }
		if err := xml.Unmarshal(doc, &up); err != nil {
			t.Fatal(err)
		}
		w.do("GET", "/box/unfinished?uploadId="+up.UploadId, 200, nil, s.read)
		w.do("PUT", "/box/unfinished?partNumber=1&uploadId="+up.UploadId, 400, []byte("x"), wrong)
	}
	for _, q := range []string{"list-type=2&fetch-owner=true", "versions", "uploads", "encryption", ""} {
		status := 200
		if q == "encryption" {
			status = 404
		}
		w.do("GET", "/box?"+q, status, nil)
	}
	w.do("PUT", "/box/SSE-S3put?encryption", 200, []byte("<ObjectEncryption><SSE-KMS><KMSKeyArn>arn:aws:kms:local:000000000000:key/k</KMSKeyArn></SSE-KMS></ObjectEncryption>"))
	w.srv.Close()
	w.close()
	db, err := pebblekv.Open(pebblekv.Options{Dir: filepath.Join(w.dir, "meta")})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	secrets := leak.Secrets{}
	err = db.View(t.Context(), func(r kv.Reader) error {
		if _, err := secrets.Objects(r, w.keys, 3); err != nil {
			return err
		}
		return secrets.Wrapped(r)
	})
	if err != nil || len(secrets) < 50 {
		t.Fatalf("%d secrets, %v", len(secrets), err)
	}
	secrets["01234567890123456789012345678901"] = "customer's key"
	if found := secrets.In(w.heard.Bytes(), "an answer"); len(found) > 0 {
		t.Errorf("%q", found)
	}
}

// A 304 tells what caches need: the tag, times, and no encryption. Who has not the customer's key learns nothing of the object from it.
func TestNotModifiedOfEncrypted(t *testing.T) {
	w := newSSEWorld(t)
	for i := range sseStates {
		s := &sseStates[i]
		key := "/box/" + s.name
		h, _ := w.do("PUT", key, 200, []byte("hello"), s.write, map[string]string{"Cache-Control": "max-age=5"})
		same := map[string]string{"If-None-Match": h.Get("ETag")}
		for _, method := range []string{"GET", "HEAD"} {
			got, body := w.do(method, key, 304, nil, s.read, same)
			if got.Get("ETag") != h.Get("ETag") || got.Get("Cache-Control") != "max-age=5" || got.Get("Last-Modified") == "" || len(body) > 0 {
				t.Errorf("%s of %s: %v", method, s.name, got)
			}
			w.shows(s.name, got, nil)
			if s.read == nil {
				continue
			}
			for _, cond := range []map[string]string{same, {"If-None-Match": `"x"`}, {"If-Match": `"x"`}} {
				got, _ := w.do(method, key, 400, nil, cond)
				if got.Get("ETag") != "" || got.Get("Last-Modified") != "" {
					t.Errorf("%s without the key: %v", method, got)
				}
			}
		}
	}
}

// A policy that asks writers for a key of the KMS asks for it of who changes the key of an object, too.
func TestUpdateEncryptionConditions(t *testing.T) {
	w := judged(t)
	const arn = "arn:aws:kms:local:000000000000:key/"
	deny := func(operator, key, value string) step {
		return step{204, fmt.Sprintf(`admin PUT /box?policy | {"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:UpdateObjectEncryption",`+
			`"Resource":"arn:aws:s3:::box/*","Condition":{"%s":{"%s":"%s"}}}]}`, operator, key, value)}
	}
	update := func(status int, id string) step {
		return step{status, "admin PUT /box/k?encryption | <ObjectEncryption><SSE-KMS><KMSKeyArn>" + arn + id + "</KMSKeyArn></SSE-KMS></ObjectEncryption>"}
	}
	const keyID = "s3:x-amz-server-side-encryption-aws-kms-key-id"
	w.steps([]step{
		{200, "admin PUT /box"}, {200, "admin PUT /box/k x-amz-server-side-encryption: AES256 | x"},
		update(200, "k"), update(400, "other"),
		deny("StringNotEquals", keyID, arn+"k"), update(200, "k"), update(403, "other"),
		deny("StringEquals", keyID, arn+"k"), update(403, "k"), update(400, "other"),
		deny("Null", "s3:x-amz-server-side-encryption", "true"), update(200, "k"), {403, "admin PUT /box/k?encryption | <ObjectEncryption/>"},
		deny("StringEquals", "s3:x-amz-server-side-encryption", "aws:kms"), update(403, "k"),
	})
}
