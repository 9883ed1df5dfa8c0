package adminapi

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"myfsio/gate"
)

// TestNoKMS: a server without keys refuses each of the routes.
func TestNoKMS(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.KMS = nil })
	for _, rt := range w.routes {
		if !isKMS(rt.path) {
			continue
		}
		path := "/" + strings.ReplaceAll(strings.Join(rt.path, "/"), "{id}", "any")
		res := w.do(t, rt.method, path, "")
		b, err := io.ReadAll(res.Body)
		check(t, err)
		if res.StatusCode != 400 || !strings.Contains(string(b), `"__type":"KMSNotEnabled"`) {
			t.Errorf("%s %s: %s %s", rt.method, path, res.Status, b)
		}
	}
}

// TestKMSAudit: the audit log tells of changes, and neither it nor the log of what was encrypted.
func TestKMSAudit(t *testing.T) {
	var log bytes.Buffer
	w := newWorld(t, func(c *Config) {
		c.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	const secret = "dmVyeSBzZWNyZXQ="
	for _, r := range [][3]string{
		{"POST", "/kms/keys", `{"KeyId": "k", "alias": "a"}`},
		{"POST", "/kms/keys", `{"KeyId": "k"}`},
		{"PUT", "/kms/keys/k", `{"Description": "d"}`},
		{"POST", "/kms/encrypt", `{"KeyId": "k", "Plaintext": "` + secret + `"}`},
		{"POST", "/kms/encrypt", `{"KeyId": "none", "Plaintext": "` + secret + `"}`},
		{"POST", "/kms/decrypt", `{"CiphertextBlob": "` + secret + `"}`},
		{"POST", "/kms/client/encrypt", `{"Key": "` + secret + `", "Plaintext": "` + secret + `"}`},
		{"POST", "/kms/generate-data-key", `{"KeyId": "k"}`},
		{"POST", "/kms/aliases", `{"AliasName": "b", "TargetKeyId": "k"}`},
		{"PUT", "/kms/aliases/b", `{"TargetKeyId": "k"}`},
		{"DELETE", "/kms/aliases/b", ``},
		{"POST", "/kms/keys/k/rotate", ``},
		{"POST", "/kms/keys/k/disable", ``},
		{"POST", "/kms/keys/k/enable", ``},
		{"DELETE", "/kms/keys/k", ``},
		{"POST", "/kms/keys/k/cancel-deletion", ``},
	} {
		w.do(t, r[0], r[1], r[2])
	}
	want := []string{
		"CreateKey k done", "CreateKey k AlreadyExistsException", "UpdateKeyDescription k done", "CreateAlias alias/b done", "UpdateAlias b done", "DeleteAlias b done",
		"RotateKeyOnDemand k done", "DisableKey k done", "EnableKey k done", "ScheduleKeyDeletion k done", "CancelKeyDeletion k done",
	}
	if !slices.Equal(w.changes, want) {
		t.Errorf("%q", w.changes)
	}
	if strings.Contains(log.String(), secret) || strings.Contains(strings.Join(w.changes, "\n"), secret) {
		t.Error("a log tells what was encrypted")
	}
}

// TestDataKeySizes: the wrapped key is the key that is shown, of the size that was asked for.
func TestDataKeySizes(t *testing.T) {
	w := newWorld(t, nil)
	w.do(t, "POST", "/kms/keys", `{"KeyId": "k"}`)
	for ask, want := range map[string]int{`"KeySpec": "AES_128"`: 16, `"KeySpec": "AES_256"`: 32, `"NumberOfBytes": 5`: 5, `"KeyId": "k"`: 32} {
		var made, opened struct{ Plaintext, CiphertextBlob []byte }
		body := `{"KeyId": "k", ` + ask + `}`
		if strings.HasPrefix(ask, `"KeyId"`) {
			body = `{` + ask + `}`
		}
		check(t, json.NewDecoder(w.do(t, "POST", "/kms/generate-data-key", body).Body).Decode(&made))
		blob, err := json.Marshal(map[string][]byte{"CiphertextBlob": made.CiphertextBlob})
		check(t, err)
		check(t, json.NewDecoder(w.do(t, "POST", "/kms/decrypt", string(blob)).Body).Decode(&opened))
		if len(made.Plaintext) != want || !bytes.Equal(made.Plaintext, opened.Plaintext) {
			t.Errorf("%s: %d bytes, and %d when opened", ask, len(made.Plaintext), len(opened.Plaintext))
		}
	}
}

// TestKMSClass: keys have the rate limit of objects, for there may be one for each of them.
func TestKMSClass(t *testing.T) {
	var class gate.RateClass
	w := newWorld(t, func(c *Config) {
		c.Limit = func(_ context.Context, cl gate.RateClass, _ string) (time.Duration, bool) {
			class = cl
			return time.Second, false
		}
	})
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, httptest.NewRequest("POST", "/kms/encrypt", nil))
	if class != gate.ObjectRequests || rec.Code != 429 || !strings.Contains(rec.Body.String(), "ThrottlingException") {
		t.Errorf("class %d: %d %s", class, rec.Code, rec.Body)
	}
}
