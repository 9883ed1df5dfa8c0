//go:build linux

package compare

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"myfsio/bench/load"
)

func TestParseStat(t *testing.T) {
	line := "42 (a (b) c) S 1 42 42 0 -1 4194560 900 0 0 0 12 34 5 6 20 0 8 0 100 1000 200"
	if got, err := parseStat(line); err != nil || got != 460*time.Millisecond {
		t.Errorf("got %v, %v", got, err)
	}
	for _, bad := range []string{"", "42 (x", "1 (x) S 1 2 3", "1 (x) S 1 1 1 1 1 1 1 1 1 1 a b 1 1"} {
		if _, err := parseStat(bad); err == nil {
			t.Errorf("%q: want an error", bad)
		}
	}
}

func TestUsageOfSelf(t *testing.T) {
	u, err := usageOf(os.Getpid())
	if err != nil || u.RSS == 0 || u.Peak < u.RSS/2 {
		t.Errorf("%+v, %v", u, err)
	}
}

func TestField(t *testing.T) {
	io := "rchar: 1\nread_bytes: 2\nwrite_bytes: 345\ncancelled_write_bytes: 6\n"
	if got := field(io, "\nwrite_bytes:"); got != 345 {
		t.Errorf("got %d", got)
	}
	if got := field(io, "VmRSS:"); got != 0 {
		t.Errorf("got %d", got)
	}
}

func TestCostBetween(t *testing.T) {
	before := usage{PID: 1, CPU: 5 * time.Second, Written: 100}
	if got := costBetween(before, usage{PID: 1, CPU: 7 * time.Second, Written: 150, Peak: 9}); got != (cost{2 * time.Second, 9, 50}) {
		t.Errorf("got %+v", got)
	}
	if got := costBetween(before, usage{PID: 2, CPU: time.Second, Written: 5}); got != (cost{time.Second, 0, 5}) {
		t.Errorf("after a restart: got %+v", got)
	}
}

func TestParseStrace(t *testing.T) {
	log := `1 fdatasync(5) = 0
12   fsync(6 <unfinished ...>
1 openat(AT_FDCWD, "a", O_WRONLY|O_CREAT|O_DSYNC, 0666) = 7
1 openat(AT_FDCWD, "b", O_RDONLY|O_CLOEXEC) = 8
12 <... fsync resumed>) = 0
1 fdatasync(5) = 0
13 +++ exited with 0 +++
1 --- SIGURG {si_signo=SIGURG} ---
`
	got, err := parseStrace(strings.NewReader(log))
	want := map[string]float64{"fdatasync": 2, "fsync": 1, "open O_DSYNC": 1}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestSeedCopies(t *testing.T) {
	dir := t.TempDir()
	from := filepath.Join(dir, "data", "b", "dir0", "obj0")
	if err := os.MkdirAll(from, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(from, "xl.meta"), []byte("meta"), 0o640); err != nil {
		t.Fatal(err)
	}
	s := &server{dir: dir, spec: &Spec{Object: func(dir, bucket, key string) string { return filepath.Join(dir, "data", bucket, key) }}}
	if err := s.seed(t.Context(), "b", "dir0/obj0", []string{"dir0/obj1", "dir1/obj0"}); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"dir0/obj1", "dir1/obj0"} {
		b, err := os.ReadFile(filepath.Join(dir, "data", "b", key, "xl.meta"))
		if err != nil || string(b) != "meta" {
			t.Errorf("%s: %q, %v", key, b, err)
		}
	}
}

func turnOf(server, item string, unit load.Unit, value float64) Turn {
	return Turn{Server: server, Result: load.Result{Item: item, Unit: unit, Value: value, Ops: 1}}
}

func TestCompareMediansAndRatios(t *testing.T) {
	r := &Report{Rounds: 3, Servers: []Server{{Name: "ours"}, {Name: "a"}, {Name: "b"}, {Name: "static", Static: true}}}
	for _, v := range []float64{90, 100, 500} {
		r.Turns = append(r.Turns, turnOf("ours", "put", load.OpsPerSecond, v), turnOf("a", "put", load.OpsPerSecond, 50),
			turnOf("b", "put", load.OpsPerSecond, 200), turnOf("static", "put", load.OpsPerSecond, 400))
	}
	r.Turns = append(r.Turns, turnOf("ours", "startup", load.Millis, 10), turnOf("a", "startup", load.Millis, 40))
	r.Compare()
	if len(r.Compared) != 2 {
		t.Fatalf("%d rows", len(r.Compared))
	}
	put, start := r.Compared[0], r.Compared[1]
	want := map[string]float64{"a": 2, "b": 0.5, "static": 0.25}
	if !maps.Equal(put.Ratio, want) || put.Best != 0.5 || put.Medians["ours"].Low != 90 || put.Medians["ours"].High != 500 {
		t.Errorf("put: %+v", put)
	}
	if start.Best != 4 {
		t.Errorf("less is better for times: %+v", start)
	}
	var out bytes.Buffer
	if err := r.Markdown(&out); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"| put | op/s | 100 (90.0–500) | 50.0 (50.0–50.0) | 200 (200–200) | 400 (400–400) | 0.50 | 2.00 | 0.50 | 0.25 |",
		"| startup | ms | 10.0 (10.0–10.0) | 40.0 (40.0–40.0) |  |  | 4.00 | 4.00 |  |  |",
	} {
		if !strings.Contains(out.String(), line+"\n") {
			t.Errorf("missing %q in\n%s", line, out.String())
		}
	}
}

func TestFailuresFailTheRun(t *testing.T) {
	r := &Report{Turns: []Turn{turnOf("a", "put", load.OpsPerSecond, 1)}}
	if err := r.failures(); err != nil {
		t.Error(err)
	}
	r.Turns[0].Errors = 1
	if err := r.failures(); err == nil {
		t.Error("want an error")
	}
}
