package scrub

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"myfsio/blob"
	"myfsio/checksum"
	"myfsio/fault"
	"myfsio/object"
)

// tracer tells which blobs are opened. It belongs to one goroutine.
type tracer struct {
	blob.Store
	opened []blob.ID
}

// Open implements blob.Store.
func (t *tracer) Open(ctx context.Context, id blob.ID) (blob.Blob, error) {
	if len(t.opened) == 0 || t.opened[len(t.opened)-1] != id {
		t.opened = append(t.opened, id)
	}
	return t.Store.Open(ctx, id)
}

// verdict is what reading a version showed.
type verdict struct {
	state  state
	detail string
	sum    string    // of what was read, to compare two reads
	blobs  []blob.ID // that hold what is wrong
	all    []blob.ID // of the version, as far as it was read
	pieces []piece
	err    error // of unreadable
}

type state uint8

const (
	whole      state = iota
	gone             // there is no such version any more
	unverified       // only other keys open it
	rotten           // the bytes are there and are others
	lost             // bytes are not there
	unreadable       // the engine failed, which says nothing of the bytes
)

// piece is a part of a body with its checksums.
type piece struct {
	size int64
	etag string // MD5 in hex; "" unknown
	alg  checksum.Algorithm
	sum  string // base64; "" unknown
}

// version verifies one version, and its plain file when it is current.
func (r *run) version(ctx context.Context, v *object.Version) error {
	if v.DeleteMarker {
		return nil
	}
	got := r.read(ctx, r.reads, v)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	switch got.state {
	case gone:
		return nil
	case unverified:
		r.Unverified++
	case unreadable:
		r.fail(v.Bucket, v.Key, got.err)
	case rotten, lost:
		return r.bad(ctx, v, &got)
	}
	if v.Latest && r.Tree != nil && got.state == whole {
		return r.missing(ctx, v)
	}
	return nil
}

// read reads a version from a store and compares it with its checksums.
func (r *run) read(ctx context.Context, from *object.Store, v *object.Version) (out verdict) {
	r.trace.opened = r.trace.opened[:0]
	rd, err := from.Open(ctx, object.GetObject{Bucket: v.Bucket, Key: v.Key, VersionID: v.VersionID})
	defer func() { out.all = slices.Clone(r.trace.opened) }()
	if err != nil {
		if rd != nil {
			rd.Close()
		}
		return judgeError(err, r.trace.opened)
	}
	defer rd.Close()
	if out.pieces, err = r.pieces(ctx, from, &rd.Version); err != nil {
		return judgeError(err, nil)
	}
	all := md5.New()
	for i := range out.pieces {
		before := max(len(r.trace.opened)-1, 0)
		detail, err := r.piece(ctx, rd, &out.pieces[i], all)
		switch {
		case err != nil:
			e := judgeError(err, r.trace.opened[before:])
			e.pieces = out.pieces
			return e
		case detail != "":
			if len(out.pieces) > 1 {
				detail = fmt.Sprintf("part %d: %s", i+1, detail)
			}
			out.state, out.detail = rotten, detail
			out.blobs = append(out.blobs, r.trace.opened[before:]...)
		}
	}
	out.sum = hex.EncodeToString(all.Sum(nil))
	return out
}

// judgeError tells what an error of reading means. blobs are those that it may be about.
func judgeError(err error, blobs []blob.ID) verdict {
	switch k := fault.KindOf(err); {
	case k == fault.NoSuchBucket || k == fault.NoSuchKey || k == fault.NoSuchVersion || k == fault.MethodNotAllowed:
		return verdict{state: gone}
	case k == fault.Corrupted && errors.Is(err, blob.ErrNotFound):
		return verdict{state: lost, detail: "the bytes are gone", blobs: slices.Clone(blobs)}
	case k == fault.Corrupted:
		return verdict{state: rotten, detail: err.Error(), blobs: slices.Clone(blobs)}
	case k == fault.Internal || k == fault.Unavailable:
		return verdict{state: unreadable, err: err}
	}
	return verdict{state: unverified} // it asks for a key
}

// pieces returns what a version must consist of.
func (r *run) pieces(ctx context.Context, from *object.Store, v *object.Version) ([]piece, error) {
	if v.Parts == 0 {
		p := piece{size: v.Size, alg: v.Checksum.Algorithm, sum: v.Checksum.Value}
		if b, err := hex.DecodeString(v.ETag); err == nil && len(b) == md5.Size {
			p.etag = v.ETag
		}
		return []piece{p}, nil
	}
	var out []piece
	for req := (object.ObjectParts{Bucket: v.Bucket, Key: v.Key, VersionID: v.VersionID, Max: object.MaxListKeys}); ; {
		page, err := from.ObjectParts(ctx, req)
		if err != nil {
			return nil, err
		}
		if page.Version.Stamp != v.Stamp {
			return nil, fault.New(fault.NoSuchVersion, "") // another one by now
		}
		for _, p := range page.Parts {
			out = append(out, piece{p.Size, p.ETag, p.Checksum.Algorithm, p.Checksum.Value})
		}
		if !page.Truncated {
			return out, nil
		}
		req.After = page.Next
	}
}

// piece reads a piece and says what is wrong with it, if anything.
func (r *run) piece(ctx context.Context, from io.Reader, p *piece, all io.Writer) (wrong string, err error) {
	h, sum := md5.New(), checksum.New(p.alg)
	w := io.MultiWriter(h, all)
	if sum != nil && p.sum != "" {
		w = io.MultiWriter(h, all, sum)
	}
	const step = 1 << 20
	buf := make([]byte, min(p.size, step))
	for left := p.size; left > 0; {
		n, err := io.ReadFull(from, buf[:min(left, int64(len(buf)))])
		w.Write(buf[:n]) // hashes do not fail
		if left -= int64(n); err != nil {
			if err == io.EOF || err == io.ErrUnexpectedEOF {
				return "the bytes end too early", nil
			}
			return "", err
		}
		if err := r.wait(ctx, n); err != nil {
			return "", err
		}
	}
	switch {
	case p.etag != "" && hex.EncodeToString(h.Sum(nil)) != p.etag:
		return "the bytes do not match their MD5 " + p.etag, nil
	case sum != nil && p.sum != "" && checksum.Encode(sum.Sum(nil)) != p.sum:
		return fmt.Sprintf("the bytes do not match their %s %s", p.alg, p.sum), nil
	}
	return "", nil
}

// wait holds the reading to its rate and its share.
func (r *run) wait(ctx context.Context, n int) error {
	r.BytesScanned += int64(n)
	r.pace.Yield(ctx)
	d := time.Duration(n) * time.Second / time.Duration(r.BytesPerSecond)
	if d < time.Millisecond {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
