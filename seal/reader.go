package seal

import (
	"errors"
	"fmt"
	"io"

	"github.com/minio/sio"

	"myfsio/fault"
)

// Reader gives the plaintext of a range of a stream, then io.EOF. It belongs to one goroutine and must be closed.
type Reader struct {
	dec  io.Reader
	src  section
	left int64 // plaintext to come
	tail bool  // the range reaches to the end of the stream
	err  error
}

// NewReader returns the n plain bytes from off of the stream that src holds from its offset 0. size is that of the whole plaintext, as the
// metadata tells. Only the packages that hold the range are read, each once, in order. Bytes are given when their package is verified; the
// last ones of a range that reaches to the end only when the stream is known to end there.
// The error of a Read is fault.Corrupted for bytes that are not what was sealed under k, else that of src.
func NewReader(src io.ReaderAt, k Key, size, off, n int64) (*Reader, error) {
	if size < 0 || size > MaxSize || off < 0 || n < 0 || off > size || n > size-off {
		return nil, fmt.Errorf("seal: no bytes %d+%d in a stream of %d", off, n, size)
	}
	r := &Reader{left: n}
	if n == 0 {
		r.err = io.EOF
		return r, nil
	}
	from, to := span(size, off, n)
	r.src = section{src: src, at: from, end: to}
	r.tail = n == size-off
	c := config(&k)
	c.SequenceNumber = uint32(off / PackageSize)
	dec, err := sio.DecryptReader(&r.src, c)
	if err != nil {
		panic(err) // the parameters are constant
	}
	r.dec = dec
	return r, r.skip(off % PackageSize)
}

// skip leaves out the beginning of the first package.
func (r *Reader) skip(n int64) error {
	if n == 0 {
		return nil
	}
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	if _, err := io.ReadFull(r.dec, (*buf)[:n]); err != nil {
		r.Close()
		return explain(err)
	}
	return nil
}

// Read gives verified bytes. It is fastest with 64 KiB and more, which are decrypted in place.
func (r *Reader) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	p = p[:min(int64(len(p)), r.left)]
	if len(p) == 0 {
		return 0, nil
	}
	n, err := io.ReadFull(r.dec, p)
	r.left -= int64(n)
	if err == nil && r.left == 0 {
		if err = r.end(); err != nil {
			n = 0
		}
	}
	if err != nil {
		r.err = explain(err)
		return n, r.err
	}
	if r.left == 0 {
		r.err = io.EOF
	}
	return n, nil
}

// end makes sure that the stream ends where the range does, when it should.
func (r *Reader) end() error {
	if !r.tail {
		return nil
	}
	var more [1]byte
	switch n, err := r.dec.Read(more[:]); {
	case n > 0:
		return damaged(nil)
	case err != io.EOF:
		return err
	}
	return nil
}

// WriteTo sends the rest to w. Of a long rest the next piece is decrypted while one is on its way, by a goroutine that has ended when WriteTo returns.
func (r *Reader) WriteTo(w io.Writer) (sent int64, err error) {
	if r.left > 2*bufferSize {
		return r.writeAhead(w)
	}
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	for {
		n, err := r.Read(*buf)
		m, werr := write(w, (*buf)[:n])
		sent += int64(m)
		switch {
		case werr != nil:
			return sent, werr
		case err == io.EOF:
			return sent, nil
		case err != nil:
			return sent, err
		}
	}
}

// piece is what one Read gave.
type piece struct {
	buf *[]byte
	n   int
	err error
}

// writeAhead is WriteTo with two buffers.
func (r *Reader) writeAhead(w io.Writer) (sent int64, err error) {
	free, ready := make(chan *[]byte, 2), make(chan piece, 2)
	for range cap(free) {
		free <- buffers.Get().(*[]byte)
	}
	go r.readAhead(free, ready)
	for p := range ready {
		n, err := write(w, (*p.buf)[:p.n])
		sent += int64(n)
		if free <- p.buf; err == nil {
			err = p.err
		}
		if err != nil {
			close(free)
			for p := range ready {
				buffers.Put(p.buf)
			}
			for buf := range free {
				buffers.Put(buf)
			}
			if err == io.EOF {
				err = nil
			}
			return sent, err
		}
	}
	panic("seal: a stream without an end") // the last piece has an error
}

// readAhead fills buffers until there is nothing more to read, or no buffer.
func (r *Reader) readAhead(free <-chan *[]byte, ready chan<- piece) {
	defer close(ready)
	for buf := range free {
		n, err := r.Read(*buf)
		ready <- piece{buf, n, err}
		if err != nil {
			return
		}
	}
}

func write(w io.Writer, p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	n, err := w.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	return n, err
}

// Close gives the buffers back. The source stays open.
func (r *Reader) Close() error {
	if r.dec == nil {
		return nil
	}
	r.src.stopped = true
	buf := buffers.Get().(*[]byte)
	for range 2 { // what is left of a package, then the failing source, upon which sio gives its buffer back
		if _, err := r.dec.Read(*buf); err != nil {
			break
		}
	}
	buffers.Put(buf)
	r.dec = nil
	if r.err == nil {
		r.err = errDone
	}
	return nil
}

// section reads the packages of a range, and fails as soon as it is stopped.
type section struct {
	src     io.ReaderAt
	at, end int64
	stopped bool
}

func (s *section) Read(p []byte) (int, error) {
	if s.stopped {
		return 0, errDone
	}
	p = p[:min(int64(len(p)), s.end-s.at)]
	if len(p) == 0 {
		return 0, io.EOF
	}
	n, err := s.src.ReadAt(p, s.at)
	s.at += int64(n)
	if n > 0 && err == io.EOF {
		err = nil
	}
	return n, err
}

// damaged is the error of bytes that are not what was sealed.
func damaged(err error) error {
	return &fault.Error{Kind: fault.Corrupted, Msg: "The stored bytes of the object are damaged.", Err: err}
}

// explain gives the failure of a decryption its kind.
func explain(err error) error {
	var se sio.Error
	if errors.As(err, &se) || err == io.EOF || err == io.ErrUnexpectedEOF {
		return damaged(err)
	}
	return err
}
