package scrub

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"time"

	"myfsio/blob"
	"myfsio/checksum"
	"myfsio/fault"
	"myfsio/kv"
	"myfsio/object"
)

// verdict is what reading a version showed.
type verdict struct {
	state  state
	detail string
	sum    string    // of what was read, to compare two reads
	blobs  []blob.ID // that hold what is wrong
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
	got := r.verify(ctx, v)
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
	if v.Poisoned && got.state == whole {
		return r.good(ctx, v)
	}
	if v.Latest && r.Tree != nil && got.state == whole {
		return r.missing(ctx, v)
	}
	return nil
}

// good tells of a version that is marked as poisoned, and whose bytes are what they must be.
func (r *run) good(ctx context.Context, v *object.Version) error {
	i := Issue{Type: Corrupted, Bucket: v.Bucket, Key: v.Key, VersionID: v.VersionID, Detail: "the version is marked as damaged, and its bytes are good again"}
	if !r.ask.DryRun {
		if err := r.Store.Cure(ctx, v.Examined()); err != nil {
			return ignoreGone(err)
		}
		i.Healed, i.Action = true, "the mark was taken away"
	}
	r.found(i)
	return nil
}

// verify reads a version and compares it with its checksums: as clients read it or, where that takes a key that the server does not have, as it
// is stored.
func (r *run) verify(ctx context.Context, v *object.Version) verdict {
	out := r.read(ctx, v)
	if out.state == unverified {
		return r.stored(ctx, v)
	}
	return out
}

func (r *run) read(ctx context.Context, v *object.Version) (out verdict) {
	rd, err := r.Store.Open(ctx, object.GetObject{Bucket: v.Bucket, Key: v.Key, VersionID: v.VersionID, Damaged: true})
	if err != nil {
		if rd != nil {
			rd.Close()
		}
		return judgeError(err, nil)
	}
	defer rd.Close()
	if rd.Version.Stamp != v.Stamp {
		return verdict{state: gone}
	}
	if out.pieces, err = r.pieces(ctx, &rd.Version); fault.Is(err, fault.Corrupted) {
		return verdict{state: lost, detail: "the list of its parts is gone, or cannot be read"}
	} else if err != nil {
		return judgeError(err, nil)
	}
	all := md5.New()
	for i := range out.pieces {
		t := traced{Reader: rd}
		detail, err := r.piece(ctx, &t, &out.pieces[i], all)
		switch {
		case err != nil:
			e := judgeError(err, t.blobs)
			e.pieces = out.pieces
			return e
		case detail != "":
			if len(out.pieces) > 1 {
				detail = fmt.Sprintf("part %d: %s", i+1, detail)
			}
			out.state, out.detail = rotten, detail
			out.blobs = append(out.blobs, t.blobs...)
		}
	}
	out.sum = hex.EncodeToString(all.Sum(nil))
	return out
}

// traced notes which blobs a Reader reads.
type traced struct {
	*object.Reader
	blobs []blob.ID
}

// Read implements io.Reader.
func (t *traced) Read(p []byte) (int, error) {
	if at := t.At(); !at.IsZero() && !slices.Contains(t.blobs, at) {
		t.blobs = append(t.blobs, at)
	}
	return t.Reader.Read(p)
}

// stored compares what is stored with its CRCs.
func (r *run) stored(ctx context.Context, v *object.Version) (out verdict) {
	b, err := r.Store.Bodies(ctx, v.Examined())
	if err != nil {
		return judgeError(err, nil)
	}
	all := md5.New()
	for i := range b.Pieces {
		p := &b.Pieces[i]
		sum := crc32.New(castagnoli)
		n, err := r.copyPiece(ctx, io.MultiWriter(all, sum), &b, p)
		switch {
		case err != nil:
			return judgeError(err, []blob.ID{p.Blob})
		case n < p.Size:
			out.state, out.detail, out.blobs = rotten, "the bytes end too early", append(out.blobs, p.Blob)
		case !p.Known && out.state == whole:
			out.state = unverified
		case p.Known && sum.Sum32() != p.Sum:
			out.state, out.detail, out.blobs = rotten, "the encrypted bytes do not match their CRC", append(out.blobs, p.Blob)
		}
	}
	out.blobs = slices.DeleteFunc(out.blobs, blob.ID.IsZero)
	out.sum = hex.EncodeToString(all.Sum(nil))
	return out
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// copyPiece copies a piece as it is stored and returns how much of it there is.
func (r *run) copyPiece(ctx context.Context, w io.Writer, b *object.Bodies, p *object.Piece) (int64, error) {
	if p.Blob.IsZero() {
		if b.Inline == nil {
			return 0, fault.Wrap(fault.Corrupted, blob.ErrNotFound, "The bytes are gone.")
		}
		n, err := w.Write(b.Inline)
		return int64(n), err
	}
	f, err := r.Blobs.Open(ctx, p.Blob)
	if errors.Is(err, blob.ErrNotFound) {
		return 0, fault.Wrap(fault.Corrupted, err, "The bytes are gone.")
	}
	if err != nil {
		return 0, fault.Wrap(fault.Internal, err, "The bytes cannot be opened.")
	}
	defer f.Close()
	n, err := io.Copy(w, &paced{Reader: io.NewSectionReader(f, p.Off, p.Size), r: r, ctx: ctx})
	if err != nil {
		err = fault.Wrap(fault.Internal, err, "The bytes cannot be read.")
	}
	return n, err
}

// paced reads at the rate of a run.
type paced struct {
	io.Reader
	r   *run
	ctx context.Context
}

// Read implements io.Reader.
func (p *paced) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	if werr := p.r.wait(p.ctx, n); werr != nil {
		return n, werr
	}
	return n, err
}

// judgeError tells what an error of reading means. blobs are those that it may be about.
func judgeError(err error, blobs []blob.ID) verdict {
	switch k := fault.KindOf(err); {
	case k == fault.NoSuchBucket || k == fault.NoSuchKey || k == fault.NoSuchVersion || k == fault.MethodNotAllowed || k == fault.ConditionalConflict:
		return verdict{state: gone}
	case k == fault.Corrupted && (errors.Is(err, blob.ErrNotFound) || errors.Is(err, kv.ErrNotFound)):
		return verdict{state: lost, detail: "the bytes are gone", blobs: slices.Clone(blobs)}
	case k == fault.Corrupted:
		return verdict{state: rotten, detail: err.Error(), blobs: slices.Clone(blobs)}
	case k == fault.Internal || k == fault.Unavailable:
		return verdict{state: unreadable, err: err}
	}
	return verdict{state: unverified} // it asks for a key
}

// pieces returns what a version must consist of.
func (r *run) pieces(ctx context.Context, v *object.Version) ([]piece, error) {
	if v.Parts == 0 {
		p := piece{size: v.Size, alg: v.Checksum.Algorithm, sum: v.Checksum.Value}
		if b, err := hex.DecodeString(v.ETag); err == nil && len(b) == md5.Size {
			p.etag = v.ETag
		}
		return []piece{p}, nil
	}
	var out []piece
	for req := (object.ObjectParts{Bucket: v.Bucket, Key: v.Key, VersionID: v.VersionID, Max: object.MaxListKeys}); ; {
		page, err := r.Store.ObjectParts(ctx, req)
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
