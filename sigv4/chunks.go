package sigv4

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"hash"
	"io"
	"net/http"
	"sync"
)

// Limits of the framing, in bytes and fields.
const (
	maxChunkHeader = 256      // one chunk header line
	maxTrailerSize = 16 << 10 // the whole trailer
	maxTrailers    = 16
)

// chunkBuffer holds headers and small reads. It is as long as the longest line.
const chunkBuffer = maxTrailerSize

var chunkBuffers = sync.Pool{New: func() any { return new([chunkBuffer]byte) }}

// chunks decodes aws-chunked framing:
//
//	chunk   = hex-size [";chunk-signature=" signature] CRLF bytes CRLF
//	body    = *chunk "0" [";chunk-signature=" signature] CRLF *(name ":" value CRLF)
//	          ["x-amz-trailer-signature:" signature CRLF] CRLF
type chunks struct {
	src       io.Reader
	buf       *[chunkBuffer]byte
	r, w      int   // buf[r:w] is read and not used
	left      int64 // bytes of this chunk still to come
	rest      int64 // bytes of the body still to come
	signed    bool
	trailers  bool
	announced []string
	seal      *seal // nil for unsigned chunks
	trailer   http.Header
	started   bool // within a chunk or behind one
	done      bool // all is read and right
}

func newChunks(src io.Reader, size int64, p Payload, announced []string) *chunks {
	return &chunks{
		src: src, buf: chunkBuffers.Get().(*[chunkBuffer]byte), rest: size, announced: announced,
		signed: p != StreamUnsignedTrailer, trailers: p != StreamSigned,
	}
}

func (c *chunks) release() {
	if c.buf != nil {
		chunkBuffers.Put(c.buf)
		c.buf = nil
	}
}

// read gives the next bytes. It sets done, with a nil error, when the body is complete: with the last bytes, or
// without any when the body is empty.
func (c *chunks) read(p []byte) (n int, err error) {
	if c.rest > 0 {
		if c.left == 0 {
			if err := c.nextChunk(); err != nil {
				return 0, err
			}
		}
		if n, err = c.data(p[:min(int64(len(p)), c.left)]); err != nil {
			return 0, err
		}
		c.left -= int64(n)
		c.rest -= int64(n)
		if c.left == 0 && !c.endChunk() {
			return 0, mismatch()
		}
	}
	if c.rest == 0 {
		err = c.finish()
	}
	return n, err
}

// data reads bytes of a chunk: those in the buffer first, a large p directly, a small one by the buffer.
func (c *chunks) data(p []byte) (n int, err error) {
	if c.r == c.w {
		if len(p) >= 4<<10 {
			n, err = c.src.Read(p)
		} else {
			err = c.fill()
		}
	}
	if n == 0 && c.r < c.w {
		n, err = copy(p, c.buf[c.r:c.w]), nil
		c.r += n
	}
	if c.seal != nil {
		c.seal.sum.Write(p[:n])
	}
	if n > 0 {
		err = nil // an error of the source will come again
	}
	return n, unexpected(err)
}

// unexpected turns an early end of the source into IncompleteBody.
func unexpected(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return incomplete()
	}
	return err
}

// fill reads more bytes behind those in the buffer. There must be room.
func (c *chunks) fill() error {
	if c.r == c.w {
		c.r, c.w = 0, 0
	} else if c.r > 0 && c.w == len(c.buf) {
		c.w = copy(c.buf[:], c.buf[c.r:c.w])
		c.r = 0
	}
	for range 100 {
		n, err := c.src.Read(c.buf[c.w:])
		c.w += n
		if n > 0 {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

// line returns the next line without its end, valid until the next fill.
func (c *chunks) line(limit int) ([]byte, error) {
	for from := 0; ; {
		if i := bytes.IndexByte(c.buf[c.r+from:c.w], '\n'); i >= 0 && from+i < limit {
			line := c.buf[c.r : c.r+from+i]
			c.r += from + i + 1
			return bytes.TrimSuffix(line, []byte("\r")), nil
		}
		from = c.w - c.r
		if from >= limit {
			return nil, badChunk("a line is too long")
		}
		if err := c.fill(); err != nil {
			return nil, unexpected(err)
		}
	}
}

// nextChunk reads a chunk header, and the end of the chunk before it.
func (c *chunks) nextChunk() error {
	if c.started {
		if err := c.blank(); err != nil {
			return err
		}
	}
	c.started = true
	line, err := c.line(maxChunkHeader)
	if err != nil {
		return err
	}
	size, ext, _ := bytes.Cut(line, []byte(";"))
	n, ok := chunkSize(size)
	switch {
	case !ok:
		return badChunk("a chunk has no size")
	case n > c.rest, n == 0 && c.rest > 0:
		return incomplete()
	}
	c.left = n
	if !c.signed {
		return nil
	}
	sig, ok := bytes.CutPrefix(ext, []byte("chunk-signature="))
	if !ok || !c.seal.claim(sig) {
		return badChunk("a chunk has no signature")
	}
	return nil
}

func (c *chunks) blank() error {
	line, err := c.line(2)
	if err == nil && len(line) > 0 {
		err = badChunk("a chunk does not end where it says")
	}
	return err
}

// chunkSize reads up to 15 hexadecimal digits.
func chunkSize(s []byte) (n int64, ok bool) {
	if len(s) == 0 || len(s) > 15 {
		return 0, false
	}
	for _, d := range s {
		v := unhex[d]
		if v < 0 {
			return 0, false
		}
		n = n<<4 | int64(v)
	}
	return n, true
}

func (c *chunks) endChunk() bool { return c.seal == nil || c.seal.chunk() }

// finish reads the last chunk, the trailer and the end of the source.
func (c *chunks) finish() error {
	if err := c.nextChunk(); err != nil {
		return err
	}
	if !c.endChunk() {
		return mismatch()
	}
	c.trailer = make(http.Header)
	if err := c.readTrailer(); err != nil {
		return err
	}
	if c.r == c.w {
		if err := c.fill(); err == io.EOF {
			c.done = true
			return nil
		} else if err != nil {
			return unexpected(err)
		}
	}
	return badChunk("there are bytes behind the end")
}

// readTrailer reads to the blank line that ends the body.
func (c *chunks) readTrailer() error {
	if !c.trailers {
		return c.blank()
	}
	left, proven := maxTrailerSize, c.seal == nil
	for lines := 0; ; lines++ {
		line, err := c.line(left)
		if err != nil {
			return err
		}
		left = max(left-len(line)-2, 2)
		name, value, ok := bytes.Cut(line, []byte(":"))
		value = bytes.Trim(value, " \t")
		switch {
		case len(line) == 0 && proven:
			return c.allAnnounced()
		case len(line) == 0 && lines < maxTrailers+2:
			// The published example puts a blank line before the signature.
		case !ok || lines > maxTrailers+2:
			return badTrailer()
		case c.seal != nil && bytes.EqualFold(name, []byte("x-amz-trailer-signature")):
			if proven || !c.seal.claim(value) {
				return badTrailer()
			}
			if proven = c.seal.trailerSigned(); !proven {
				return mismatch()
			}
		case proven && c.seal != nil:
			return badTrailer()
		default:
			if err := c.field(string(bytes.ToLower(name)), value); err != nil {
				return err
			}
		}
	}
}

// field takes one field of the trailer, which must be announced and new.
func (c *chunks) field(name string, value []byte) error {
	key := http.CanonicalHeaderKey(name)
	if _, twice := c.trailer[key]; twice || !c.isAnnounced(name) {
		return badTrailer()
	}
	c.trailer[key] = []string{string(value)}
	if c.seal != nil {
		s := c.seal.sum
		s.Write([]byte(name))
		s.Write([]byte{':'})
		s.Write(value)
		s.Write([]byte{'\n'})
	}
	return nil
}

func (c *chunks) isAnnounced(name string) bool {
	for _, a := range c.announced {
		if a == name {
			return true
		}
	}
	return false
}

func (c *chunks) allAnnounced() error {
	for _, a := range c.announced {
		if _, ok := c.trailer[http.CanonicalHeaderKey(a)]; !ok {
			return badTrailer()
		}
	}
	return nil
}

// seal is the chain of chunk signatures: each signs the one before it.
type seal struct {
	key      *signingKey
	date     string
	scope    string
	previous [64]byte // hexadecimal
	claimed  [32]byte
	out      [32]byte  // room for a digest
	sum      hash.Hash // of the bytes of this chunk, or of the trailer
	msg      []byte
}

func newSeal(q *Request) *seal {
	s := &seal{key: q.key, date: q.date, scope: q.scope, sum: sha256.New(), msg: make([]byte, 0, 512)}
	hex.Encode(s.previous[:], q.signature[:])
	return s
}

// claim takes the signature that the sender wrote.
func (s *seal) claim(sig []byte) bool {
	if len(sig) != 2*len(s.claimed) {
		return false
	}
	_, err := hex.Decode(s.claimed[:], sig)
	return err == nil
}

// chunk reports whether the claimed signature is that of the bytes in sum, and begins the next chunk.
func (s *seal) chunk() bool {
	return s.verify("AWS4-HMAC-SHA256-PAYLOAD", emptySHA256+"\n")
}

func (s *seal) trailerSigned() bool { return s.verify("AWS4-HMAC-SHA256-TRAILER", "") }

func (s *seal) verify(kind, extra string) bool {
	b := append(s.msg[:0], kind...)
	b = append(append(b, '\n'), s.date...)
	b = append(append(b, '\n'), s.scope...)
	b = append(append(b, '\n'), s.previous[:]...)
	b = append(append(b, '\n'), extra...)
	b = hex.AppendEncode(b, s.sum.Sum(s.out[:0]))
	s.msg = b
	s.sum.Reset()
	ok := subtle.ConstantTimeCompare(s.key.sign(s.out[:0], b), s.claimed[:]) == 1
	hex.Encode(s.previous[:], s.claimed[:])
	return ok
}
