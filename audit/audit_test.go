package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"myfsio/fault"
	"myfsio/logs"
)

// fixture is an audit log in a directory of its own, with a clock that stands still.
type fixture struct {
	t    *testing.T
	dir  string
	disk *faulty
	log  *Log
	mu   sync.Mutex
	at   time.Time
	out  bytes.Buffer
}

func newFixture(t *testing.T, o Options) *fixture {
	t.Helper()
	fx := &fixture{t: t, dir: filepath.Join(t.TempDir(), "audit"), disk: &faulty{}, at: time.Date(2026, 1, 31, 23, 0, 0, 5e6, time.UTC)}
	fx.open(o)
	return fx
}

func (fx *fixture) open(o Options) {
	fx.t.Helper()
	o.Dir, o.disk, o.Now, o.Log = fx.dir, fx.disk, fx.now, slog.New(slog.NewTextHandler(&fx.out, nil))
	l, err := Open(o)
	if err != nil {
		fx.t.Fatal(err)
	}
	fx.log = l
	fx.t.Cleanup(func() { l.Close() })
}

func (fx *fixture) now() time.Time {
	fx.mu.Lock()
	defer fx.mu.Unlock()
	return fx.at
}

func (fx *fixture) advance(d time.Duration) {
	fx.mu.Lock()
	defer fx.mu.Unlock()
	fx.at = fx.at.Add(d)
}

func (fx *fixture) change(action string) {
	fx.log.Change(Event{Action: action, Actor: Actor{UserID: "u1"}, Outcome: "ok"})
}

func (fx *fixture) logged() string { return fx.out.String() }

// tear appends bytes to the newest file, as a crash leaves them.
func (fx *fixture) tear(s string) {
	fx.t.Helper()
	files := fx.files()
	f, err := os.OpenFile(filepath.Join(fx.dir, files[len(files)-1]), os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteString(s)
		f.Close()
	}
	if err != nil {
		fx.t.Fatal(err)
	}
}

// files are the names in the order of their lines.
func (fx *fixture) files() []string {
	fx.t.Helper()
	names, _, err := list(osDisk{}, fx.dir)
	if err != nil {
		fx.t.Fatal(err)
	}
	var out []string
	for _, n := range names {
		out = append(out, n.String())
	}
	return out
}

// text returns the good lines of all files, and how many are not JSON.
func (fx *fixture) text() (good string, torn int) {
	fx.t.Helper()
	for _, n := range fx.files() {
		b, err := os.ReadFile(filepath.Join(fx.dir, n))
		if err != nil {
			fx.t.Fatal(err)
		}
		for l := range strings.Lines(string(b)) {
			if json.Valid([]byte(l)) {
				good += l
			} else {
				torn++
			}
		}
	}
	return good, torn
}

// all reads the whole log by pages of a size.
func (fx *fixture) all(limit int) (lines []string) {
	fx.t.Helper()
	before := ""
	for range 10_000 {
		p, err := fx.log.Read(fx.t.Context(), limit, before)
		if err != nil {
			fx.t.Fatal(err)
		}
		for _, l := range p.Lines {
			lines = append(lines, string(l))
		}
		if before = p.Next; before == "" {
			return lines
		}
	}
	fx.t.Fatal("the log has no end")
	return nil
}

func TestLines(t *testing.T) {
	fx := newFixture(t, Options{})
	fx.log.Change(Event{RequestID: "R1", Action: "CreateUser", Actor: Actor{"u-1", "AKIA1", "admin", "nightly"}, SourceIP: "192.0.2.1", UserAgent: "aws-cli",
		Bucket: "b", Key: "k/ä", Target: "u-2", Outcome: "ok", Details: map[string]any{"policies": 2, "secret": logs.Secret("hunter2")}})
	fx.log.Change(Event{Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600)), Action: "DeleteUser", Outcome: "AccessDenied"})
	fx.log.Refused(Refusal{"AKIA\x1b[2J\n", "192.0.2.9", "header", "SignatureDoesNotMatch", "the signature differs"})
	got, torn := fx.text()
	want := `{"time":"2026-01-31T23:00:00.005Z","kind":"change","request_id":"R1","action":"CreateUser","actor":{"user_id":"u-1","access_key":"AKIA1","name":"admin","session":"nightly"},"source_ip":"192.0.2.1","user_agent":"aws-cli","bucket":"b","key":"k/ä","target":"u-2","outcome":"ok","details":{"policies":2,"secret":"********"}}
{"time":"2026-01-02T02:04:05.000Z","kind":"change","action":"DeleteUser","outcome":"AccessDenied"}
{"time":"2026-01-31T23:00:00.005Z","kind":"refused","access_key":"AKIA\u001b[2J\n","source_ip":"192.0.2.9","method":"header","code":"SignatureDoesNotMatch","reason":"the signature differs","count":1}
`
	if got = strings.ReplaceAll(got, masked(), "********"); got != want || torn != 0 {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if d, err := os.Stat(fx.dir); err != nil || d.Mode().Perm() != 0o700 {
		t.Errorf("the directory: %v, %v", d.Mode(), err)
	}
	if f, err := os.Stat(filepath.Join(fx.dir, "2026-01-31.jsonl")); err != nil || f.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v", err)
	}
}

func masked() string { return logs.Secret("hunter2").String() }

func TestFieldsAreBounded(t *testing.T) {
	fx := newFixture(t, Options{})
	long := strings.Repeat("\x00é\u202e\x9b", 1<<18)
	fx.log.Change(Event{RequestID: long, Action: long, Actor: Actor{long, long, long, long}, SourceIP: long, UserAgent: long, Bucket: long, Key: long, Target: long, Outcome: long, Details: long})
	fx.log.Change(Event{Action: "x", Details: func() {}})
	fx.log.Refused(Refusal{long, long, long, long, long})
	text, torn := fx.text()
	if torn != 0 || strings.Count(text, "\n") != 3 || strings.ContainsAny(text, "\u202e\x00") {
		t.Errorf("%d torn: %.200s", torn, text)
	}
	for l := range strings.Lines(text) {
		if len(l) > maxLine/2 || !utf8.ValidString(l) {
			t.Errorf("a line of %d bytes", len(l))
		}
	}
	if !strings.Contains(text, `{"not_written":"too long"}`) || !strings.Contains(text, `{"not_written":"not JSON"}`) {
		t.Errorf("details: %.300s", text)
	}
}

func TestFilesByDayAndSize(t *testing.T) {
	fx := newFixture(t, Options{MaxBytes: 250, MaxTotal: 1 << 20})
	if len(fx.files()) != 0 {
		t.Error("a file before the first line")
	}
	for i := range 5 { // two lines of about 110 bytes a file
		fx.change(fmt.Sprint("a", i))
	}
	fx.advance(2 * time.Hour)
	fx.change("b")
	fx.advance(-24 * time.Hour)
	fx.change("c") // the clock was set back: lines stay in the order they were written
	want := []string{"2026-01-31.jsonl", "2026-01-31.1.jsonl", "2026-01-31.2.jsonl", "2026-02-01.jsonl"}
	if got := fx.files(); !slices.Equal(got, want) {
		t.Fatalf("files %v, want %v", got, want)
	}
	fx.log.Close()
	fx.open(Options{MaxBytes: 250, MaxTotal: 1 << 20})
	fx.change("d")
	if got := fx.files(); !slices.Equal(got, append(want, "2026-02-01.1.jsonl")) {
		t.Fatalf("files %v after opening again", got)
	}
	var actions []string
	for _, l := range fx.all(3) {
		var v struct{ Action string }
		if err := json.Unmarshal([]byte(l), &v); err != nil {
			t.Fatal(err)
		}
		actions = append(actions, v.Action)
	}
	if got := fmt.Sprint(actions); got != "[d c b a4 a3 a2 a1 a0]" {
		t.Errorf("read %s", got)
	}
}

func TestOldestFilesGo(t *testing.T) {
	fx := newFixture(t, Options{MaxBytes: 250, MaxTotal: 1000})
	if err := os.WriteFile(filepath.Join(fx.dir, "2000-01-01.txt"), make([]byte, 5000), 0o600); err != nil {
		t.Fatal(err)
	}
	for i := range 40 {
		fx.change(fmt.Sprint("a", i))
		if i%10 == 9 {
			fx.advance(24 * time.Hour)
		}
	}
	_, sizes, err := list(osDisk{}, fx.dir)
	total := int64(0)
	for _, s := range sizes {
		total += s
	}
	lines := fx.all(100)
	if err != nil || total > 1000 || len(lines) < 5 || !strings.Contains(lines[0], `"a39"`) {
		t.Errorf("%d bytes in %v, %d lines, %v", total, fx.files(), len(lines), err)
	}
	if _, err := os.Stat(filepath.Join(fx.dir, "2000-01-01.txt")); err != nil {
		t.Errorf("somebody else's file: %v", err)
	}
}

// TestTornByACrash cuts the last line at every byte; what is written afterwards is whole.
func TestTornByACrash(t *testing.T) {
	whole := `{"time":"2026-01-31T23:00:00.000Z","kind":"change","action":"torn"}`
	for cut := range len(whole) + 1 {
		fx := newFixture(t, Options{})
		fx.change("before")
		fx.log.Close()
		fx.tear(whole[:cut])
		fx.open(Options{})
		if cut%2 == 0 {
			fx.advance(2 * time.Hour) // the next line goes to another file
		}
		fx.change("after")
		text, torn := fx.text()
		lines := strings.Count(text, "\n")
		if !strings.HasSuffix(text, "\n") || !strings.Contains(text, `"after"`) || !strings.Contains(text, `"before"`) || lines+torn > 3 || cut == len(whole) && lines != 3 {
			t.Errorf("cut at %d: %d torn\n%s", cut, torn, text)
		}
		if got := fx.all(2); len(got) != lines {
			t.Errorf("cut at %d: read %d lines of %d", cut, len(got), lines)
		}
	}
}

// TestOneSyncForMany holds the first sync until all others have come.
func TestOneSyncForMany(t *testing.T) {
	const many = 50
	fx := newFixture(t, Options{})
	fx.change("first") // makes the file
	fx.disk.arm(0, 0)
	entered, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	fx.disk.onSync = func() { once.Do(func() { close(entered); <-release }) }
	var wg sync.WaitGroup
	wg.Go(func() { fx.change("holds the disk") })
	<-entered
	for i := range many {
		wg.Go(func() { fx.change(fmt.Sprint("w", i)) })
	}
	for waiting := int64(0); waiting < many; {
		fx.log.mu.Lock()
		if fx.log.next != nil {
			waiting = fx.log.next.count
		}
		fx.log.mu.Unlock()
	}
	close(release)
	wg.Wait()
	if n := fx.disk.count("sync"); n != 2 {
		t.Errorf("%d syncs, want 2", n)
	}
	if text, torn := fx.text(); strings.Count(text, "\n") != many+2 || torn != 0 {
		t.Errorf("%d lines, %d torn", strings.Count(text, "\n"), torn)
	}
}

func TestClosed(t *testing.T) {
	fx := newFixture(t, Options{})
	fx.change("a")
	if err := fx.log.Close(); err != nil {
		t.Fatal(err)
	}
	fx.change("late")
	fx.log.Refused(Refusal{AccessKey: "late"})
	if err := fx.log.Close(); err != nil {
		t.Error(err)
	}
	if text, _ := fx.text(); strings.Contains(text, "late") || fx.log.Health().Lost != 2 {
		t.Errorf("%+v: %s", fx.log.Health(), text)
	}
}

func TestReadPages(t *testing.T) {
	fx := newFixture(t, Options{MaxBytes: 50_000})
	for i := range 1200 {
		fx.log.Change(Event{Action: fmt.Sprint("a", i), UserAgent: strings.Repeat("u", i%256)})
		if i == 300 {
			fx.tear("garbage\n\n{\n" + strings.Repeat("x", 200_000) + "\n")
		}
	}
	text, _ := fx.text()
	want := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	slices.Reverse(want)
	for _, limit := range []int{3, 100, 1000, 1 << 30} {
		if got := fx.all(limit); !slices.Equal(got, want) {
			t.Errorf("limit %d: %d lines, want %d", limit, len(got), len(want))
		}
	}
	if p, err := fx.log.Read(t.Context(), 0, ""); err != nil || len(p.Lines) != 100 {
		t.Errorf("by default %d lines, %v", len(p.Lines), err)
	}
	if p, err := fx.log.Read(t.Context(), 1<<30, ""); err != nil || len(p.Lines) != maxLimit {
		t.Errorf("at most %d lines, %v", len(p.Lines), err)
	}
	for _, before := range []string{"x", "2026-01-31.jsonl", "2026-01-31.jsonl@-1", "../../etc/passwd@5", "2026-01-31.jsonl@1@2", "@1"} {
		if _, err := fx.log.Read(t.Context(), 5, before); !fault.Is(err, fault.InvalidArgument) {
			t.Errorf("%q: %v", before, err)
		}
	}
	for _, before := range []string{"2026-01-31.jsonl@99999999999", "2000-01-01.jsonl@5", "2026-01-31.jsonl@17", "2027-01-01.7.jsonl@3"} {
		if _, err := fx.log.Read(t.Context(), 5, before); err != nil {
			t.Errorf("%q: %v", before, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := fx.log.Read(ctx, 5, ""); err == nil {
		t.Error("nobody waits, and it reads")
	}
}

func TestReadNothing(t *testing.T) {
	fx := newFixture(t, Options{})
	if got := fx.all(10); len(got) != 0 {
		t.Errorf("%q", got)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("{}\n{\"a\":1}\n"), "")
	f.Add([]byte("\n\n{}"), "2026-01-31.jsonl@3")
	f.Fuzz(func(t *testing.T, content []byte, before string) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "2026-01-31.jsonl"), content, 0o600); err != nil {
			t.Fatal(err)
		}
		fx := &fixture{t: t, dir: dir, disk: &faulty{}}
		fx.log = &Log{o: Options{Dir: dir, disk: fx.disk}}
		fx.log.Read(t.Context(), 3, before)
		n := 0
		for l := range bytes.Lines(content) {
			if body, ok := bytes.CutSuffix(l, []byte{'\n'}); ok && len(body) > 0 && json.Valid(body) {
				n++
			}
		}
		if got := fx.all(2); len(got) != n {
			t.Errorf("%d lines, want %d: %q", len(got), n, content)
		}
	})
}
