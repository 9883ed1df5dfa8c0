package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	leave := filepath.Join(t.TempDir(), "skips")
	if err := os.WriteFile(leave, []byte("# a comment\np.TestMay/* needs what is not there\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	const pass = `{"Action":"pass","Package":"p","Test":"TestA"}` + "\n"
	for name, c := range map[string]struct {
		in, want string
		ok       bool
	}{
		"passed":  {pass + `{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s\n"}` + "\n" + `{"Action":"pass","Package":"p"}`, "ok  \tp\t0.1s\n1 tests passed", true},
		"failed":  {pass + `{"Action":"output","Package":"p","Test":"TestB","Output":"why\n"}` + "\n" + `{"Action":"fail","Package":"p","Test":"TestB"}`, "--- FAIL: p.TestB\nwhy\n", false},
		"skipped": {pass + `{"Action":"skip","Package":"p","Test":"TestB"}`, "SKIP without leave: p.TestB", false},
		"allowed": {pass + `{"Action":"skip","Package":"p","Test":"TestMay/one"}`, "1 skipped with leave", true},
		"no file": {pass + `{"Action":"skip","Package":"p"}`, "1 tests passed, 0 failed, 0 skipped", true},
		"nothing": {"", "0 tests passed", false},
		"build":   {pass + `{"Action":"build-output","ImportPath":"p","Output":"p.go:1: wrong\n"}` + "\n" + `{"Action":"fail","Package":"p"}`, "p.go:1: wrong\n", false},
		"text":    {pass + "not JSON\n", "not JSON\n", true},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			ok, err := run(strings.NewReader(c.in), &out, filepath.Join(t.TempDir(), "log"), leave)
			if err != nil || ok != c.ok || !strings.Contains(out.String(), c.want) {
				t.Errorf("%v, %v\n%s\nwant %v and %q", ok, err, out.String(), c.ok, c.want)
			}
		})
	}
}

func TestLeaveNeedsReason(t *testing.T) {
	name := filepath.Join(t.TempDir(), "skips")
	for _, line := range []string{"p.Test", "p.[ reason"} {
		if err := os.WriteFile(name, []byte(line), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := readLeave(name); err == nil {
			t.Errorf("%q was taken", line)
		}
	}
}
