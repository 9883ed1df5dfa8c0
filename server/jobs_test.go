package server

import (
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestJobs rots the bytes of an object and leaves a temporary file behind: the scan and the collection of a running server find them.
func TestJobs(t *testing.T) {
	root := t.TempDir()
	r := start(t, keyed(t, root, "GC_ENABLED", "true", "INTEGRITY_ENABLED", "true"))
	defer r.end()
	r.want(200, "PUT", "/bucket", "")
	large := make([]byte, 100_000)
	rand.Read(large)
	r.want(200, "PUT", "/bucket/good", string(large))
	r.want(200, "PUT", "/bucket/bad", string(large))
	shown := func(name string) string { return filepath.Join(r.data(root), "bucket", name) }
	for _, name := range []string{"good", "bad"} {
		for { // it is made behind the answer
			if b, err := os.ReadFile(shown(name)); err == nil && bytes.Equal(b, large) {
				break
			}
		}
	}
	info, err := os.Stat(shown("bad"))
	must(t, err)
	large[5000] ^= 4
	must(t, os.WriteFile(shown("bad"), large, 0o644)) // the same file as the blob
	must(t, os.Chtimes(shown("bad"), info.ModTime(), info.ModTime()))

	if got := r.want(200, "POST", "/admin/integrity/run", ``); !strings.Contains(got, `"heal_action":"quarantined"`) || !strings.Contains(got, `"objects_scanned":2,`) {
		t.Error(got)
	}
	if got := r.want(500, "GET", "/bucket/bad", ""); !strings.Contains(got, "<Code>") {
		t.Error(got)
	}
	large[5000] ^= 4
	if got := r.want(200, "GET", "/bucket/good", ""); got != string(large) {
		t.Error("another object was touched")
	}
	if got := r.want(200, "GET", "/admin/integrity/history", ""); strings.Count(got, `"timestamp"`) != 1 {
		t.Error(got)
	}

	temp := filepath.Join(r.data(root), SystemDir, "config", ".iam.json.ABC.tmp")
	must(t, os.WriteFile(temp, []byte("half"), 0o600))
	old := time.Now().Add(-25 * time.Hour)
	must(t, os.Chtimes(temp, old, old))
	if got := r.want(200, "POST", "/admin/gc/run", ``); !strings.Contains(got, `"temp_files_deleted":1,"temp_bytes_freed":4,`) {
		t.Error(got)
	}
	if _, err := os.Stat(temp); err == nil {
		t.Error("the temporary file is still there")
	}
	if got := r.want(200, "GET", "/admin/gc/status", ``); !strings.Contains(got, `"enabled":true`) || !strings.Contains(got, `"running":false`) {
		t.Error(got)
	}
}
