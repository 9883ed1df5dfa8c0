package seal

import (
	"errors"
	"io"
	"sync"

	"github.com/minio/sio"
)

// bufferSize is the size of what goes to the destination at a time, and of the pieces of WriteTo: whole pages, and a
// buffer of that size begins at one, so that engines can write it past the system's cache.
const bufferSize = 256 << 10

var buffers = sync.Pool{New: func() any { b := make([]byte, bufferSize); return &b }}

var errDone = errors.New("seal: used after Close or Abort")

func config(k *Key) sio.Config {
	return sio.Config{MinVersion: sio.Version20, MaxVersion: sio.Version20, CipherSuites: []byte{sio.AES_256_GCM}, Key: k[:]}
}

// Writer seals a stream on its way to a destination. It belongs to one goroutine; one of Close and Abort must be called.
type Writer struct {
	enc  io.WriteCloser
	out  pieces
	size int64 // plaintext
	err  error // of the first failure, or that it is done
}

// NewWriter returns a Writer that seals under k, which is used for nothing else, and writes to dst in pieces of 256 KiB, the last one shorter.
// Write copies what it is given; memory does not grow with the stream.
func NewWriter(dst io.Writer, k Key) *Writer {
	w := &Writer{out: pieces{dst: dst, buf: buffers.Get().(*[]byte)}}
	enc, err := sio.EncryptWriter(&w.out, config(&k))
	if err != nil {
		panic(err) // the parameters are constant
	}
	w.enc = enc
	return w
}

// Write takes plaintext. A failure of the destination is returned as it is, here or later.
func (w *Writer) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	if int64(len(p)) > MaxSize-w.size {
		w.err = errors.New("seal: the stream is too long")
		return 0, w.err
	}
	n, err := w.enc.Write(p)
	w.size += int64(n)
	w.err = err
	return n, err
}

// Close writes the end of the stream. The destination has all bytes when it returns without an error; it is not closed.
func (w *Writer) Close() error {
	if w.err != nil {
		w.Abort()
		return w.err
	}
	err := w.enc.Close()
	if err == nil {
		err = w.out.flush()
	}
	w.err = err
	w.Abort()
	return err
}

// Abort gives the stream up: what the destination has is no stream. After Close it does nothing.
func (w *Writer) Abort() {
	if w.out.buf == nil {
		return
	}
	w.out.free()
	w.enc.Close() // gives its buffer back; pieces takes nothing any more
	if w.err == nil {
		w.err = errDone
	}
}

// pieces gathers what is written into whole buffers.
type pieces struct {
	dst io.Writer
	buf *[]byte // nil when it is given back
	n   int
}

// Write implements io.Writer.
func (o *pieces) Write(p []byte) (n int, err error) {
	if o.buf == nil {
		return 0, errDone
	}
	for n < len(p) {
		m := copy((*o.buf)[o.n:], p[n:])
		n, o.n = n+m, o.n+m
		if o.n == len(*o.buf) {
			if err := o.flush(); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

func (o *pieces) flush() error {
	if o.n == 0 {
		return nil
	}
	n, err := o.dst.Write((*o.buf)[:o.n])
	if err == nil && n < o.n {
		err = io.ErrShortWrite
	}
	o.n = 0
	return err
}

func (o *pieces) free() {
	buffers.Put(o.buf)
	o.buf = nil
}
