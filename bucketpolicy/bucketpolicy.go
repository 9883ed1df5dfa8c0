// Package bucketpolicy keeps the policies of buckets in one JSON file that people may edit, bucket_policies.json:
//
//	{"policies": {"photos": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*",
//	    "Action": "s3:GetObject", "Resource": "arn:aws:s3:::photos/*"}]}}}
//
// An edit acts on the next request (see docstore). A file with a policy that does not parse is refused as a
// whole, as one that is half written: the last good state stays in force. Only at the start, when there is no such state, the
// other buckets must not suffer: the bucket of the broken policy is closed until somebody mends it. A closed bucket's
// policy denies everything to everyone; its owner and administrators may always replace a policy (see gate/access).
//
// What the file holds that this package does not know is kept when it is written again.
package bucketpolicy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"sync/atomic"

	"myfsio/docstore"
	"myfsio/iam/policy"
)

// Options say where the policies live. Path is needed.
type Options struct {
	Path string
	Log  *slog.Logger // nil: none
}

// Store is the policies of all buckets. Its methods may be called at the same time.
type Store struct {
	docs *docstore.Store[file]
	log  *slog.Logger
	// lenient says that the file is read for the first time.
	lenient atomic.Bool
}

// entry is the policy of one bucket.
type entry struct {
	raw    json.RawMessage
	policy *policy.Policy
	broken error // why policy does not stand for raw: the bucket is closed
}

// file is bucket_policies.json, decoded.
type file struct {
	entries map[string]entry
	extra   map[string]json.RawMessage
}

// Open reads the policies. It fails for a file that is damaged beyond single policies, and leaves it alone.
func Open(o Options) (*Store, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(filepath.Dir(o.Path), 0o755); err != nil {
		return nil, err
	}
	s := &Store{log: o.Log}
	s.lenient.Store(true)
	docs, err := docstore.Open(docstore.Options[file]{
		Path: o.Path, Decode: s.decode, Encode: encode, New: newFile, Log: o.Log,
	})
	if err != nil {
		return nil, fmt.Errorf("the bucket policies cannot be read: %w", err)
	}
	s.docs = docs
	s.lenient.Store(false)
	return s, nil
}

// Get returns the policy of a bucket as it was written, and ready for evaluation. ok is false when it has none.
// What it returns is shared and must not be changed.
func (s *Store) Get(bucket string) (raw []byte, p *policy.Policy, ok bool) {
	e, ok := s.docs.Get().entries[bucket]
	return e.raw, e.policy, ok
}

// Broken returns why the policy of a bucket is not in force and the bucket closed, nil when it is in force.
func (s *Store) Broken(bucket string) error { return s.docs.Get().entries[bucket].broken }

// Fault returns why the file on the disk is not what is in force, nil when it is.
func (s *Store) Fault() error { return s.docs.Fault() }

// Put gives a bucket a policy, durably; it acts on the next request. Its error is MalformedPolicy for a document that does not parse.
func (s *Store) Put(bucket string, raw []byte) error {
	p, err := policy.Parse(raw, policy.Bucket, bucket)
	if err != nil {
		return err
	}
	return s.docs.Update(func(f *file) error {
		f.entries = maps.Clone(f.entries)
		if f.entries == nil {
			f.entries = map[string]entry{}
		}
		f.entries[bucket] = entry{raw: compact(raw), policy: p}
		return nil
	})
}

// Delete takes the policy of a bucket away, durably. A bucket without one stays as it is, and the file too.
func (s *Store) Delete(bucket string) error {
	if _, _, ok := s.Get(bucket); !ok {
		return nil
	}
	return s.docs.Update(func(f *file) error {
		f.entries = maps.Clone(f.entries)
		delete(f.entries, bucket)
		return nil
	})
}

func newFile() *file { return &file{} }

// decode reads the file. It must not be called by two goroutines at once, which docstore sees to.
func (s *Store) decode(b []byte) (*file, error) {
	f := &file{}
	if err := json.Unmarshal(b, &f.extra); err != nil || f.extra == nil {
		return nil, errors.New("not a JSON object")
	}
	var docs map[string]json.RawMessage
	if raw, ok := f.extra["policies"]; ok {
		if err := json.Unmarshal(raw, &docs); err != nil {
			return nil, fmt.Errorf(`"policies" is not a JSON object: %w`, err)
		}
	}
	delete(f.extra, "policies")
	f.entries = make(map[string]entry, len(docs))
	for bucket, raw := range docs {
		e, err := s.entry(bucket, raw)
		if err != nil {
			return nil, err
		}
		f.entries[bucket] = e
	}
	return f, nil
}

func (s *Store) entry(bucket string, raw json.RawMessage) (entry, error) {
	p, err := policy.Parse(raw, policy.Bucket, bucket)
	switch {
	case err == nil:
		return entry{raw: compact(raw), policy: p}, nil
	case !s.lenient.Load() && !s.known(bucket, raw):
		return entry{}, fmt.Errorf("the policy of bucket %q: %w", bucket, err)
	}
	if s.lenient.Load() {
		s.log.Error("the policy of a bucket cannot be understood; the bucket is closed to all but its owner and administrators until it is mended", "bucket", bucket, "fault", err)
	}
	return entry{raw: compact(raw), policy: closed(bucket), broken: err}, nil
}

// known reports whether raw is a broken policy that the state in force holds already: it does not void an edit elsewhere in the file.
func (s *Store) known(bucket string, raw json.RawMessage) bool {
	if s.docs == nil {
		return false
	}
	e, ok := s.docs.Peek().entries[bucket]
	return ok && e.broken != nil && bytes.Equal(e.raw, compact(raw))
}

// compact takes the blanks out of a document, which the file lays out anew.
func compact(raw []byte) json.RawMessage {
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		return bytes.Clone(raw)
	}
	return b.Bytes()
}

// closed is a policy that denies everything in a bucket.
func closed(bucket string) *policy.Policy {
	arn := "arn:aws:s3:::" + bucket
	doc, err := json.Marshal(map[string]any{
		"Version": "2012-10-17",
		"Statement": []any{map[string]any{
			"Sid": "ClosedForABrokenPolicy", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": []string{arn, arn + "/*"},
		}},
	})
	if err != nil {
		panic(err) // strings always marshal
	}
	p, err := policy.Parse(doc, policy.Bucket, bucket)
	if err != nil {
		// A name that no bucket can have: nobody will ask for it.
		return nil
	}
	return p
}

func encode(f *file) ([]byte, error) {
	docs := make(map[string]json.RawMessage, len(f.entries))
	for bucket, e := range f.entries {
		docs[bucket] = e.raw
	}
	all := map[string]any{"policies": docs}
	for name, raw := range f.extra {
		all[name] = raw
	}
	return json.MarshalIndent(all, "", "  ")
}
