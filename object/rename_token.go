package object

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"myfsio/fault"
	"myfsio/kv"
)

// Tokens make a rename happen once though it is sent again: a row under the hash of token and actor says what was done, and when. Each rename with a
// token looks at a few rows behind its own and removes those that are too old. As hashes fall anywhere, the rows that
// outlive their time stay a small share of all.

// tokenLife is how long the token of a rename is remembered.
const tokenLife = 24 * time.Hour

// tokenLooks is how many rows a rename looks at for that.
const tokenLooks = 4

// tokenKey is the row of the request's token.
func (req *RenameObject) tokenKey(bucket uint64) []byte {
	h := sha256.Sum256([]byte(req.By.Principal + "\x00" + req.Token))
	return append(inBucket(tToken, bucket, 16), h[:16]...)
}

// purpose is a digest of what the request asks for.
func (req *RenameObject) purpose() []byte {
	h := sha256.New()
	for _, s := range []string{req.Source, req.Key, fmt.Sprintf("%q %q", req.SourceIf, req.If)} {
		_ = binary.Write(h, binary.BigEndian, uint64(len(s))) // a hash does not fail
		h.Write([]byte(s))
	}
	return h.Sum(nil)[:16]
}

// RenameDone reports whether the request was done before, as its token tells. One that was used for another rename is an error of kind InvalidRequest.
func (s *Store) RenameDone(ctx context.Context, req RenameObject) (done bool, err error) {
	if req.Token == "" {
		return false, nil
	}
	err = s.viewDB(ctx, func(r kv.Reader) error {
		b, err := glanceBucket(r, req.Bucket)
		if err != nil {
			return err
		}
		done, err = spent(r, b.ID, &req, s.now())
		return err
	})
	return done, err
}

// spent reads the row of the request's token.
func spent(r kv.Reader, bucket uint64, req *RenameObject, now time.Time) (bool, error) {
	v, err := r.Get(req.tokenKey(bucket))
	if errors.Is(err, kv.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	at, purpose, err := readToken(v)
	switch {
	case err != nil:
		return false, err
	case now.Sub(at) > tokenLife:
		return false, nil
	case !bytes.Equal(purpose, req.purpose()):
		return false, &fault.Error{Kind: fault.InvalidRequest, Code: "IdempotencyParameterMismatch", Msg: "The client token was used for another request."}
	}
	return true, nil
}

func readToken(v []byte) (at time.Time, purpose []byte, err error) {
	err = fields(v, func(num protowire.Number, n uint64, data []byte) error {
		switch num {
		case 1:
			at = time.Unix(0, int64(n))
		case 2:
			purpose = bytes.Clone(data)
		}
		return nil
	})
	return at, purpose, err
}

// spend notes that the request is done, unless it was: then it reports true.
func (t *txn) spend(b *Bucket, req *RenameObject) (done bool, err error) {
	if req.Token == "" {
		return false, nil
	}
	now := t.s.now()
	if done, err = spent(t, b.ID, req, now); done || err != nil {
		return done, err
	}
	own := req.tokenKey(b.ID)
	rg := kv.Prefix(inBucket(tToken, b.ID, 0))
	rg.Start = append(bytes.Clone(own), 0)
	var old [][]byte
	looks := 0
	for p, err := range kv.Scan(t, rg) {
		if err != nil {
			return false, err
		}
		if at, _, err := readToken(p.Value); err != nil || now.Sub(at) > tokenLife {
			old = append(old, bytes.Clone(p.Key))
		}
		if looks++; looks == tokenLooks {
			break
		}
	}
	for _, k := range old {
		t.Delete(k)
	}
	t.Put(own, appendBytes(appendUint(nil, 1, uint64(now.UnixNano())), 2, req.purpose()))
	return false, nil
}
