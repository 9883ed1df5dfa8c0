package seal

import (
	"bytes"
	"crypto/md5"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
)

const benchSize = 32 << 20

func sealedBench(b *testing.B) ([]byte, Key) {
	b.Helper()
	k := NewKey()
	var out bytes.Buffer
	w := NewWriter(&out, k)
	if _, err := w.Write(make([]byte, benchSize)); err != nil {
		b.Fatal(err)
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	return out.Bytes(), k
}

// The body comes in pieces of 256 KiB and is hashed, as an upload is.
func BenchmarkWriter(b *testing.B) {
	piece := make([]byte, 256<<10)
	for _, c := range []struct {
		name      string
		hash, enc bool
	}{{"seal", false, true}, {"md5", true, false}, {"md5+seal", true, true}} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(benchSize)
			b.ReportAllocs()
			for b.Loop() {
				h, w := md5.New(), NewWriter(io.Discard, NewKey())
				for range benchSize / len(piece) {
					if c.hash {
						h.Write(piece)
					}
					if c.enc {
						w.Write(piece)
					}
				}
				w.Close()
			}
		})
	}
}

func BenchmarkReader(b *testing.B) {
	sealed, k := sealedBench(b)
	b.SetBytes(benchSize)
	b.ReportAllocs()
	for b.Loop() {
		r, err := NewReader(bytes.NewReader(sealed), k, benchSize, 0, benchSize)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := r.WriteTo(io.Discard); err != nil {
			b.Fatal(err)
		}
		r.Close()
	}
}

func BenchmarkRange64K(b *testing.B) {
	sealed, k := sealedBench(b)
	b.SetBytes(64 << 10)
	b.ReportAllocs()
	for b.Loop() {
		r, err := NewReader(bytes.NewReader(sealed), k, benchSize, 12345678, 64<<10)
		if err != nil {
			b.Fatal(err)
		}
		r.WriteTo(io.Discard)
		r.Close()
	}
}

func BenchmarkBytes4K(b *testing.B) {
	k, plain := NewKey(), make([]byte, 4<<10)
	var sealed, opened []byte
	b.SetBytes(4 << 10)
	b.ReportAllocs()
	for b.Loop() {
		sealed = Seal(sealed[:0], k, plain)
		opened, _ = Open(opened[:0], k, sealed)
	}
}

// A download over loopback from a file in the cache, beside the plain file by sendfile.
func BenchmarkDownload(b *testing.B) {
	sealed, k := sealedBench(b)
	path := filepath.Join(b.TempDir(), "f")
	if err := os.WriteFile(path, sealed, 0o600); err != nil {
		b.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				buf := make([]byte, 1<<20)
				for {
					if _, err := c.Read(buf); err != nil {
						return
					}
				}
			}()
		}
	}()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	b.Run("plain", func(b *testing.B) {
		b.SetBytes(benchSize)
		for b.Loop() {
			f.Seek(0, io.SeekStart)
			if _, err := conn.(*net.TCPConn).ReadFrom(&io.LimitedReader{R: f, N: benchSize}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("sealed", func(b *testing.B) {
		b.SetBytes(benchSize)
		for b.Loop() {
			r, err := NewReader(f, k, benchSize, 0, benchSize)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := r.WriteTo(conn); err != nil {
				b.Fatal(err)
			}
			r.Close()
		}
	})
}

func BenchmarkEnvelope(b *testing.B) {
	kek, object := CustomerKEK(NewKey()), NewKey()
	e := kek.Wrap(object, place)
	b.Run("Wrap", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			kek.Wrap(object, place)
		}
	})
	b.Run("Unwrap", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			e.Unwrap(kek.Key, place)
		}
	})
	b.Run("Part", func(b *testing.B) {
		for b.Loop() {
			object.Part(1)
		}
	})
}
