package clients

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"myfsio/tests/daemon"
	"myfsio/tests/signed"
)

// shows waits until a plain file has the wanted bytes (nil: is not there). The view follows a write within
// milliseconds, but not within the request; the number of tries is what bounds the wait.
func shows(t *testing.T, path string, want []byte) {
	t.Helper()
	for range 1000 {
		got, err := os.ReadFile(path)
		if want == nil && os.IsNotExist(err) || want != nil && err == nil && bytes.Equal(got, want) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	got, err := os.ReadFile(path)
	t.Errorf("%s: %d bytes, %v; want %d", path, len(got), err, len(want))
}

// own starts a server for one test, with further settings as NAME=value.
func own(t *testing.T, env ...string) *target {
	t.Helper()
	if os.Getenv("MYFSIO_CLIENTS_ENDPOINT") != "" {
		t.Skip("needs our own server")
	}
	s, err := daemon.New(t.TempDir(), env...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	return &target{URL: s.URL(), Host: s.Host(), own: s}
}

// stopped runs fn while the server is down; before and after, its data is in order.
func (s *target) stopped(t *testing.T, fn func(ctx context.Context)) {
	t.Helper()
	if err := s.own.Stop(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	fn(ctx)
	if err := s.own.Fsck(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.own.Start(); err != nil {
		t.Fatal(err)
	}
}

// run runs another command of the program and fails the test when it fails.
func (s *target) run(t *testing.T, ctx context.Context, args ...string) {
	t.Helper()
	if _, err := s.own.Run(ctx, args...); err != nil {
		t.Fatal(err)
	}
}

// TestPlainFiles looks at objects as files, and at files as objects.
func TestPlainFiles(t *testing.T) {
	t.Parallel()
	s := own(t)
	const bucket = "plain"
	put := func(key string, b []byte) {
		t.Helper()
		s.ask(t, signed.Request{Method: "PUT", Bucket: bucket, Key: key, Body: b})
	}
	is := func(key string, want []byte) {
		t.Helper()
		if got := s.ask(t, signed.Request{Method: "GET", Bucket: bucket, Key: key}); !bytes.Equal(got.Body, want) {
			t.Errorf("%s: %d bytes, want %d", key, len(got.Body), len(want))
		}
	}
	file := func(key string) string { return filepath.Join(s.own.Data(), bucket, filepath.FromSlash(key)) }
	small, large := body(1, 500), body(2, 3<<20)

	s.ask(t, signed.Request{Method: "PUT", Bucket: bucket})
	put("small.txt", small)
	put("dir/sub dir/large ä.bin", large)
	put("empty", []byte{})
	put("gone", small)
	shows(t, file("small.txt"), small)
	shows(t, file("dir/sub dir/large ä.bin"), large)
	shows(t, file("empty"), []byte{})
	shows(t, file("gone"), small)
	put("small.txt", large)
	shows(t, file("small.txt"), large)
	s.ask(t, signed.Request{Method: "DELETE", Bucket: bucket, Key: "gone"})
	shows(t, file("gone"), nil)

	s.stopped(t, func(ctx context.Context) {
		write(t, file("by hand/new.txt"), small)
		write(t, filepath.Join(s.own.Data(), "second-bucket", "file"), large)
		s.run(t, ctx, "adopt")
	})
	is("by hand/new.txt", small)
	shows(t, file("by hand/new.txt"), small)
	if got := s.ask(t, signed.Request{Method: "GET", Bucket: "second-bucket", Key: "file"}); !bytes.Equal(got.Body, large) {
		t.Errorf("second-bucket/file: %d bytes", len(got.Body))
	}

	s.stopped(t, func(ctx context.Context) {
		for _, key := range []string{"small.txt", "by hand/new.txt"} {
			if err := os.Remove(file(key)); err != nil {
				t.Fatal(err)
			}
		}
		s.run(t, ctx, "rebuild-view")
		shows(t, file("small.txt"), large)
		shows(t, file("by hand/new.txt"), small)
	})
	is("small.txt", large)
	is("dir/sub dir/large ä.bin", large)

	if err := s.own.Stop(); err != nil {
		t.Fatal(err)
	}
}

// TestFilesAreObjects serves a tree of thousands of files that somebody copied into the storage root.
func TestFilesAreObjects(t *testing.T) {
	t.Parallel()
	s := own(t)
	dir := filepath.Join(s.own.Data(), "copied-here")
	s.stopped(t, func(ctx context.Context) {
		tree(t, dir)
		s.run(t, ctx, "adopt")
	})
	for name, path := range files(t, dir) {
		if got := s.ask(t, signed.Request{Method: "GET", Bucket: "copied-here", Key: name}); !bytes.Equal(got.Body, read(t, path)) {
			t.Errorf("%q: %d bytes", name, len(got.Body))
		}
	}
	if err := s.own.Stop(); err != nil {
		t.Fatal(err)
	}
}
