package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"testing/iotest"

	"myfsio/fault"
)

// text returns n bytes that tell their position.
func text(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i ^ i>>8 ^ i>>16)
	}
	return b
}

// sealed writes plain by a Writer, in pieces of step bytes.
func sealed(t testing.TB, k Key, plain []byte, step int) []byte {
	t.Helper()
	var out bytes.Buffer
	w := NewWriter(&out, k)
	for p := range slices.Chunk(plain, step) {
		if n, err := w.Write(p); n != len(p) || err != nil {
			t.Fatal(n, err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func readRange(src []byte, k Key, size, off, n int64) ([]byte, error) {
	r, err := NewReader(bytes.NewReader(src), k, size, off, n)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

func TestSizes(t *testing.T) {
	for _, n := range []int64{0, 1, 100, PackageSize - 1, PackageSize, PackageSize + 1, 5*PackageSize - 1, 5 * PackageSize, 5<<30 + 7, MaxSize} {
		if got, ok := plainSize(EncryptedSize(n)); !ok || got != n {
			t.Errorf("%d: %d, %v", n, got, ok)
		}
	}
	for _, n := range []int64{-1, 1, Overhead, sealedSize + 1, sealedSize + Overhead, EncryptedSize(MaxSize) + 1, 1<<63 - 1} {
		if got, ok := plainSize(n); ok {
			t.Errorf("%d: %d", n, got)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	k := NewKey()
	for _, n := range []int{0, 1, 31, PackageSize - 1, PackageSize, PackageSize + 1, 4 * PackageSize, 9*PackageSize + 5} {
		plain := text(n)
		for _, step := range []int{1 + n/3, 1000, PackageSize, 256 << 10} {
			c := sealed(t, k, plain, step)
			if int64(len(c)) != EncryptedSize(int64(n)) {
				t.Fatalf("%d bytes became %d", n, len(c))
			}
			if got, err := readRange(c, k, int64(n), 0, int64(n)); err != nil || !bytes.Equal(got, plain) {
				t.Fatalf("%d in steps of %d: %v", n, step, err)
			}
			if got, err := Open([]byte("x"), k, c); err != nil || !bytes.Equal(got, append([]byte("x"), plain...)) {
				t.Fatalf("open %d: %v", n, err)
			}
		}
		c := Seal([]byte("abc"), k, plain)
		if got, err := readRange(c[3:], k, int64(n), 0, int64(n)); err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("sealed in memory %d: %v", n, err)
		}
	}
}

func TestReaderForms(t *testing.T) {
	k, plain := NewKey(), text(3*PackageSize+100)
	c, size := sealed(t, k, plain, 1<<20), int64(len(plain))
	r, err := NewReader(bytes.NewReader(c), k, size, 0, size)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := iotest.TestReader(r, plain); err != nil {
		t.Error(err)
	}
	r2, _ := NewReader(bytes.NewReader(c), k, size, 5, size-5)
	var out bytes.Buffer
	if n, err := r2.WriteTo(&out); err != nil || n != size-5 || !bytes.Equal(out.Bytes(), plain[5:]) {
		t.Error(n, err)
	}
	for range 2 {
		if err := r2.Close(); err != nil {
			t.Error(err)
		}
	}
}

// counter counts what is read.
type counter struct {
	io.ReaderAt
	n, lo, hi int64
}

func (c *counter) ReadAt(p []byte, off int64) (int, error) {
	c.n += int64(len(p))
	c.lo, c.hi = min(c.lo, off), max(c.hi, off+int64(len(p)))
	return c.ReaderAt.ReadAt(p, off)
}

func TestRanges(t *testing.T) {
	k, plain := NewKey(), text(6*PackageSize+77)
	c, size := sealed(t, k, plain, 1<<20), int64(len(plain))
	edges := []int64{0, 1, 99, PackageSize - 1, PackageSize, PackageSize + 1, 3*PackageSize - 1, 3 * PackageSize, 6 * PackageSize, size - 1, size}
	for _, off := range edges {
		for _, end := range edges {
			n := end - off
			if n < 0 {
				continue
			}
			src := &counter{ReaderAt: bytes.NewReader(c), lo: 1 << 62}
			r, err := NewReader(src, k, size, off, n)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r)
			r.Close()
			if err != nil || !bytes.Equal(got, plain[off:end]) {
				t.Fatalf("%d-%d: %v", off, end, err)
			}
			if n == 0 {
				continue
			}
			touched := (end-1)/PackageSize - off/PackageSize + 1
			if src.n > touched*sealedSize || src.lo != off/PackageSize*sealedSize {
				t.Errorf("%d-%d: %d bytes read from %d, for %d packages", off, end, src.n, src.lo, touched)
			}
		}
	}
	for _, bad := range [][3]int64{{size, -1, 1}, {size, 0, size + 1}, {size, size + 1, 0}, {size, 5, -1}, {-1, 0, 0}, {size, 1, 1<<63 - 1}, {MaxSize + 1, 0, 1}} {
		if _, err := NewReader(bytes.NewReader(c), k, bad[0], bad[1], bad[2]); err == nil {
			t.Errorf("%v is allowed", bad)
		}
	}
}

// refused wants fault.Corrupted, and of the plaintext at most a true beginning.
func refused(t *testing.T, what string, c []byte, k Key, plain []byte) {
	t.Helper()
	size := int64(len(plain))
	got, err := readRange(c, k, size, 0, size)
	if !fault.Is(err, fault.Corrupted) || !bytes.HasPrefix(plain, got) || len(got) == len(plain) {
		t.Errorf("%s: %d bytes, %v", what, len(got), err)
	}
}

func TestEveryByteCounts(t *testing.T) {
	k, plain := NewKey(), text(37)
	c := Seal(nil, k, plain)
	for i := range c {
		for bit := range 8 {
			c[i] ^= 1 << bit
			refused(t, fmt.Sprint("byte ", i), c, k, plain)
			if _, err := Open(nil, k, c); !fault.Is(err, fault.Corrupted) {
				t.Errorf("byte %d opens: %v", i, err)
			}
			c[i] ^= 1 << bit
		}
	}
	for n := range c {
		refused(t, fmt.Sprint("cut at ", n), c[:n], k, plain)
		if _, err := Open(nil, k, c[:n]); n > 0 && !fault.Is(err, fault.Corrupted) {
			t.Errorf("cut at %d opens: %v", n, err)
		}
	}
	if _, err := Open(nil, k, append(slices.Clone(c), 0)); !fault.Is(err, fault.Corrupted) {
		t.Error("one byte more opens")
	}
}

func TestPackagesHaveTheirPlace(t *testing.T) {
	k, plain := NewKey(), text(3*PackageSize+10)
	c := sealed(t, k, plain, 1<<20)
	pack := func(c []byte, i int) []byte { return c[i*sealedSize : min((i+1)*sealedSize, len(c))] }
	join := func(ps ...[]byte) []byte { return bytes.Join(ps, nil) }
	other := sealed(t, NewKey(), plain, 1<<20)
	again := sealed(t, k, plain, 1<<20)
	part2 := sealed(t, k.Part(2), plain, 1<<20)
	for name, bad := range map[string][]byte{
		"reordered":                 join(pack(c, 1), pack(c, 0), pack(c, 2), pack(c, 3)),
		"repeated":                  join(pack(c, 0), pack(c, 0), pack(c, 2), pack(c, 3)),
		"left out":                  join(pack(c, 0), pack(c, 2), pack(c, 3)),
		"cut between packages":      c[:3*sealedSize],
		"cut in a package":          c[:len(c)-1],
		"of another object":         other,
		"one of another object":     join(pack(c, 0), pack(other, 1), pack(c, 2), pack(c, 3)),
		"one of an earlier sending": join(pack(c, 0), pack(again, 1), pack(c, 2), pack(c, 3)),
		"of another part":           part2,
		"empty":                     nil,
	} {
		refused(t, name, bad, k, plain)
	}
	// The size of the metadata must be that of the stream.
	for _, size := range []int64{PackageSize, 2 * PackageSize, 3 * PackageSize, 3*PackageSize + 9, 3*PackageSize + 11, 5 * PackageSize} {
		if got, err := readRange(c, k, size, 0, size); !fault.Is(err, fault.Corrupted) {
			t.Errorf("size %d: %d bytes, %v", size, len(got), err)
		}
	}
	// A range is checked for its own packages.
	bad := slices.Clone(c)
	bad[2*sealedSize+20] ^= 1
	if got, err := readRange(bad, k, int64(len(plain)), 10, PackageSize); err != nil || len(got) != PackageSize {
		t.Error("damage elsewhere stops a range:", err)
	}
	if _, err := readRange(bad, k, int64(len(plain)), 2*PackageSize+5, 1); !fault.Is(err, fault.Corrupted) {
		t.Error("damage in a skipped byte's package:", err)
	}
}

func TestPartKeys(t *testing.T) {
	k := Key{1, 2, 3}
	seen := map[Key]uint32{k: 99}
	for _, n := range []uint32{0, 1, 2, 255, 256, 10000, 1<<32 - 1} {
		p := k.Part(n)
		if was, twice := seen[p]; twice || p != k.Part(n) {
			t.Errorf("%d has the key of %d", n, was)
		}
		seen[p] = n
	}
}

// The nth call of the destination or the source fails.
func TestNthFailure(t *testing.T) {
	boom := errors.New("boom")
	k, plain := NewKey(), text(20*PackageSize)
	for n := range 8 {
		dst := &failing{at: n, err: boom}
		w := NewWriter(dst, k)
		_, err := w.Write(plain)
		if err == nil {
			err = w.Close()
		}
		if want := n < 6; (err == boom) != want {
			t.Errorf("write %d: %v", n, err)
		}
		if cerr := w.Close(); err != nil && cerr == nil {
			t.Errorf("write %d: the failure is forgotten", n)
		}
		w.Abort()
		if _, err := w.Write(plain); err == nil {
			t.Error("written after the end")
		}
	}
	c := sealed(t, k, plain, 1<<20)
	for n := range 20 {
		r, err := NewReader(&failing{src: c, at: n, err: boom}, k, int64(len(plain)), 0, int64(len(plain)))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != boom || !bytes.HasPrefix(plain, got) || len(got) != n*PackageSize {
			t.Errorf("read %d: %d bytes, %v", n, len(got), err)
		}
		r.Close()
		if _, err := r.Read(make([]byte, 1)); err == nil {
			t.Error("read after the end")
		}
	}
	if _, err := NewReader(&failing{src: c, err: boom}, k, int64(len(plain)), 5, 6); err != boom {
		t.Error(err)
	}
}

type failing struct {
	src []byte
	at  int
	err error
}

func (f *failing) fail() error {
	if f.at--; f.at < 0 {
		return f.err
	}
	return nil
}

func (f *failing) Write(p []byte) (int, error) { return len(p), f.fail() }

func (f *failing) ReadAt(p []byte, off int64) (int, error) {
	if err := f.fail(); err != nil {
		return 0, err
	}
	return bytes.NewReader(f.src).ReadAt(p, off)
}

func TestAbortedAndAbandoned(t *testing.T) {
	k := NewKey()
	var out bytes.Buffer
	w := NewWriter(&out, k)
	w.Write(text(3 * PackageSize))
	w.Abort()
	w.Abort()
	if err := w.Close(); err == nil || out.Len() > 0 {
		t.Error("an aborted stream:", err, out.Len())
	}
	c, size := sealed(t, k, text(3*PackageSize), 1<<20), int64(3*PackageSize)
	for _, n := range []int{0, 1, 100, PackageSize, PackageSize + 1, 3 * PackageSize} {
		r, err := NewReader(bytes.NewReader(c), k, size, 0, size)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(r, make([]byte, n)); err != nil {
			t.Fatal(err)
		}
		r.Close()
		if n, err := r.Read(make([]byte, 10)); n > 0 || err == nil {
			t.Error("read after Close")
		}
	}
}

func FuzzOpen(f *testing.F) {
	k := Key{1}
	f.Add(Seal(nil, k, []byte("hello")))
	f.Add(Seal(nil, k, text(PackageSize+1)))
	f.Add([]byte{0x20})
	f.Fuzz(func(t *testing.T, b []byte) {
		plain, err := Open(nil, k, b)
		size, ok := plainSize(int64(len(b)))
		if !ok {
			size = int64(len(b))
		}
		got, rerr := readRange(b, k, size, 0, size)
		if err == nil && (rerr != nil || !bytes.Equal(got, plain)) || err != nil && ok && rerr == nil {
			t.Fatal(err, rerr)
		}
	})
}

// brief takes left bytes and fails then.
type brief struct {
	bytes.Buffer
	left int
}

var errFull = errors.New("full")

func (b *brief) Write(p []byte) (int, error) {
	if len(p) > b.left {
		n, _ := b.Buffer.Write(p[:b.left])
		b.left = 0
		return n, errFull
	}
	b.left -= len(p)
	return b.Buffer.Write(p)
}

// TestWriteAhead: a long rest comes whole and in order, up to where its bytes are damaged or whoever takes them fails.
func TestWriteAhead(t *testing.T) {
	k, plain := NewKey(), text(9*bufferSize+12345)
	c, size := sealed(t, k, plain, 1<<20), int64(len(plain))
	write := func(c []byte, off int64, room int) ([]byte, error) {
		r, err := NewReader(bytes.NewReader(c), k, size, off, size-off)
		if err != nil {
			t.Fatal(err)
		}
		out := &brief{left: room}
		n, err := r.WriteTo(out)
		if n != int64(out.Len()) {
			t.Errorf("%d bytes are told, %d were taken", n, out.Len())
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		return out.Bytes(), err
	}
	for _, off := range []int64{0, 77, size - 2*bufferSize - 1, size - 2*bufferSize} {
		if got, err := write(c, off, len(plain)); err != nil || !bytes.Equal(got, plain[off:]) {
			t.Errorf("from %d: %d bytes, %v", off, len(got), err)
		}
	}
	for _, room := range []int{0, 1, bufferSize, 2*bufferSize + 1, 5 * bufferSize, len(plain) - 1} {
		if got, err := write(c, 0, room); err != errFull || !bytes.Equal(got, plain[:room]) {
			t.Errorf("room for %d: %d bytes, %v", room, len(got), err)
		}
	}
	for _, at := range []int{0, len(c) / 3, 2 * len(c) / 3, len(c) - 1} {
		c[at] ^= 1
		if got, err := write(c, 0, len(plain)); !fault.Is(err, fault.Corrupted) || !bytes.HasPrefix(plain, got) || len(got) > at {
			t.Errorf("damaged at %d: %d bytes, %v", at, len(got), err)
		}
		c[at] ^= 1
	}
}
