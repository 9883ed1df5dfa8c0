package object

import (
	"bytes"
	"context"

	"google.golang.org/protobuf/encoding/protowire"

	"myfsio/fault"
	"myfsio/kv"
	"myfsio/object/encrypt"
	"myfsio/seal"
)

// Sealing is how a write asks for encryption.
type Sealing struct {
	Sort      seal.Sort
	KeyID     string            // KMS: id, ARN or alias of the key; "": the default one
	Context   map[string]string // KMS: the client's context
	BucketKey *bool             // KMS: recorded and shown; nil: as the bucket's setting has it
	Customer  *seal.Key         // Customer
}

// Encryption tells how the bytes of a version, or of the parts of an upload, are encrypted.
type Encryption struct {
	Sort      seal.Sort
	KeyID     string // KMS
	BucketKey bool   // KMS
	// CustomerMD5 is the base64 MD5 of the customer's key that the request brought, "" when it brought none.
	CustomerMD5 string
}

// sealRecord is the encryption of a version or upload as it is stored, and, while it is written or read, its keys.
type sealRecord struct {
	raw       []byte         // the envelope as it is stored
	envelope  *seal.Envelope // nil: what is stored cannot be read
	bucketKey bool
	partSize  int64 // of the parts of a body in one blob, whose numbers are 1, 2, …, and of which the last may be shorter; 0: the manifest tells

	sealer      *sealer // of a version that is being written: its commit wraps the key
	customerMD5 string
	key         seal.Key // of a version that was opened
}

// sealer is the key of an object that is being written, and what wraps it.
type sealer struct {
	key seal.Key
	kek *seal.KEK
}

func (r *versionRecord) sealed() *sealRecord {
	if r.rare == nil {
		return nil
	}
	return r.rare.seal
}

func (s *sealRecord) encode(b []byte) []byte {
	b = appendBytes(b, fSeal, s.raw)
	if s.bucketKey {
		b = appendUint(b, fBucketKey, 1)
	}
	return appendUint(b, fPartSize, uint64(s.partSize))
}

// field reads one of the fields of encode. An envelope that cannot be read stays as it is: nobody can read what it is of, and
// nobody takes its ciphertext for the object.
func (s *sealRecord) field(num protowire.Number, v uint64, data []byte) {
	switch num {
	case fSeal:
		s.raw = append([]byte(nil), data...)
		s.envelope, _ = seal.ParseEnvelope(data)
	case fBucketKey:
		s.bucketKey = v != 0
	case fPartSize:
		s.partSize = int64(v)
	}
}

// show is what callers see.
func (s *sealRecord) show() *Encryption {
	if s == nil {
		return nil
	}
	e := &Encryption{BucketKey: s.bucketKey, CustomerMD5: s.customerMD5}
	if s.envelope != nil {
		e.Sort, e.KeyID = s.envelope.Sort, s.envelope.KeyID
	}
	return e
}

// wrap makes the envelope.
func (s *sealRecord) wrap(to seal.Binding) {
	if s == nil || s.sealer == nil {
		return
	}
	s.envelope = s.sealer.kek.Wrap(s.sealer.key, to)
	s.raw = s.envelope.Append(nil)
}

// binding is what the envelope of the version belongs to: of a multipart body the upload, whose envelope it was before.
func (r *versionRecord) binding(bucket uint64, key string) seal.Binding {
	if !r.upload.IsZero() {
		return seal.Binding{Bucket: bucket, Version: r.upload, Key: key}
	}
	return seal.Binding{Bucket: bucket, Version: r.id, Key: key}
}

// stored is the length of size plain bytes of one stream as they are stored.
func (s *sealRecord) stored(size int64) int64 {
	if s == nil {
		return size
	}
	return seal.EncryptedSize(size)
}

// storedSize is how many bytes the body of the version has as it is stored; m is its manifest where it has one.
func (r *versionRecord) storedSize(m *manifest) int64 {
	s := r.sealed()
	if s == nil || r.flags&flagParts == 0 {
		return s.stored(r.size)
	}
	total := int64(0)
	for i := range m.parts {
		total += s.stored(m.parts[i].size)
	}
	return total
}

// part returns the key that a part is written under, 0 for a body in one piece; nil for what is stored in clear.
func (s *sealRecord) part(n uint32) *seal.Key {
	if s == nil {
		return nil
	}
	k := s.sealer.key.Part(n)
	return &k
}

func (r *versionRecord) setSealed(s *sealRecord) {
	if s != nil {
		r.seldom().seal = s
	}
}

// defaultRule reads the default encryption of a bucket; nil when it has none.
func defaultRule(r kv.Reader, b *Bucket) (*encrypt.Rule, error) {
	if !b.Has(ConfigEncryption) {
		return nil, nil
	}
	doc, err := r.Get(configKey(b.ID, ConfigEncryption))
	if err != nil {
		return nil, ignoreAbsent(err)
	}
	rule, err := encrypt.Parse(doc)
	if err != nil {
		return nil, &fault.Error{Kind: fault.Corrupted, Msg: "The encryption configuration of the bucket is damaged. Set it again.", Err: err}
	}
	return rule, nil
}

// defaultRule is the same in a look of its own.
func (s *Store) defaultRule(ctx context.Context, bucket string) (rule *encrypt.Rule, err error) {
	err = s.viewDB(ctx, func(r kv.Reader) error {
		b, err := glanceBucket(r, bucket)
		if err == nil {
			rule, err = defaultRule(r, &b)
		}
		return err
	})
	return rule, err
}

// Encrypts reports whether the server encrypts by keys of its own, where a writer or a bucket asks for it.
func (s *Store) Encrypts() bool { return s.encrypt }

// sealing decides how a new object is encrypted: as its writer asks, else by the rule of the bucket, else not at all (nil).
func (s *Store) sealing(bucket string, wish *Sealing, rule *encrypt.Rule) (*sealRecord, error) {
	if wish == nil && rule == nil {
		return nil, nil
	}
	var w Sealing
	if wish != nil {
		w = *wish
	} else if w.Sort = s.sortOf(rule); w.Sort == seal.KMS {
		w.KeyID = rule.KeyID
	}
	kek, err := s.kek(bucket, &w, rule)
	if err != nil {
		return nil, err
	}
	out := &sealRecord{sealer: &sealer{key: seal.NewKey(), kek: kek}}
	switch w.Sort {
	case seal.Customer:
		out.customerMD5 = w.Customer.MD5()
	case seal.KMS:
		out.bucketKey = rule != nil && rule.BucketKey
		if w.BucketKey != nil {
			out.bucketKey = *w.BucketKey
		}
	}
	return out, nil
}

// sortOf is what a rule asks for, which may leave the choice to the server.
func (s *Store) sortOf(rule *encrypt.Rule) seal.Sort {
	switch rule.Algorithm {
	case encrypt.AES256:
		return seal.S3
	case encrypt.KMS:
		return seal.KMS
	}
	return s.defaultSort
}

// bucketContext is the member of an encryption context that names the bucket.
const bucketContext = "aws:s3:arn"

// kek makes the key that wraps that of a new object.
func (s *Store) kek(bucket string, w *Sealing, rule *encrypt.Rule) (*seal.KEK, error) {
	if w.Sort == seal.Customer {
		switch {
		case rule != nil && rule.BlockCustomer:
			return nil, fault.New(fault.AccessDenied, "The bucket does not take objects encrypted with customers' keys (SSE-C): its encryption configuration blocks them.")
		case w.Customer == nil:
			return nil, fault.New(fault.InvalidArgument, "Encryption with a customer's key needs the key.")
		}
		return seal.CustomerKEK(*w.Customer), nil
	}
	if !s.encrypt {
		return nil, fault.New(fault.InvalidRequest, "Server-side encryption is not enabled on this server: ENCRYPTION_ENABLED is not set.")
	}
	switch w.Sort {
	case seal.S3:
		return s.keys.MasterKEK()
	case seal.KMS:
	default:
		return nil, fault.New(fault.InvalidArgument, "There is no such encryption.")
	}
	context := make(map[string]string, len(w.Context)+1)
	for k, v := range w.Context {
		context[k] = v
	}
	if _, taken := context[bucketContext]; taken {
		return nil, fault.New(fault.InvalidArgument, "The encryption context cannot name %s, which the server sets.", bucketContext)
	}
	context[bucketContext] = "arn:aws:s3:::" + bucket
	return s.keys.KMSKEK(w.KeyID, context)
}

// keyOf finds the key of an encrypted version or upload. customer is the key that came with the request, nil for none.
func (s *Store) keyOf(r *sealRecord, customer *seal.Key, b seal.Binding) (seal.Key, error) {
	if r.envelope == nil {
		return seal.Key{}, errEnvelope()
	}
	return s.keys.Unwrap(r.envelope, customer, b)
}

// sealerOf finds the key of a stored version, and what wraps it from now on: the master key in force, or the key that wraps it now.
func (s *Store) sealerOf(r *sealRecord, customer *seal.Key, b seal.Binding) (*sealer, error) {
	if r.envelope == nil {
		return nil, errEnvelope()
	}
	kek, err := s.keys.KEK(r.envelope, customer)
	if err != nil {
		return nil, err
	}
	key, err := r.envelope.Unwrap(kek.Key, b)
	if err == nil && r.envelope.Sort == seal.S3 {
		kek, err = s.keys.MasterKEK()
	}
	return &sealer{key: key, kek: kek}, err
}

func errEnvelope() error {
	return fault.New(fault.Corrupted, "The stored encryption of the object is damaged. Run myfsio fsck.")
}

// applicable says whether a read may bring this customer's key (nil: none).
func (s *sealRecord) applicable(customer *seal.Key) error {
	if s == nil {
		return seal.Applicable(nil, customer)
	}
	if s.envelope == nil {
		return nil // keyOf tells
	}
	return seal.Applicable(s.envelope, customer)
}

// storedSize is the length of size plain bytes as they are stored under key; what is not known (-1) stays so.
func storedSize(size int64, key *seal.Key) int64 {
	if key == nil || size < 0 {
		return size
	}
	return seal.EncryptedSize(size)
}

// partKey returns the key of a part that is sent; nil for one of an upload that is stored in clear. A part must bring the customer's key that the
// upload was begun with.
func (s *Store) partKey(up *uploadRecord, req *PutPart, b seal.Binding) (*seal.Key, error) {
	switch err := up.seal.applicable(req.Customer); {
	case err != nil && req.Customer == nil:
		return nil, fault.New(fault.InvalidRequest, "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters.")
	case err != nil:
		return nil, fault.New(fault.InvalidRequest, "The multipart initiate request did not ask for encryption with this customer's key.")
	case up.seal == nil:
		return nil, nil
	}
	k, err := s.keyOf(up.seal, req.Customer, b)
	if fault.Is(err, fault.AccessDenied) && req.Customer != nil {
		return nil, fault.New(fault.InvalidRequest, "The provided encryption parameters did not match the ones used originally.")
	}
	if err != nil {
		return nil, err
	}
	if req.Customer != nil {
		up.seal.customerMD5 = req.Customer.MD5()
	}
	k = k.Part(uint32(req.Number))
	return &k, nil
}

// ofObject is the encryption of the object that an upload becomes of the parts of m.
func (s *sealRecord) ofObject(m *manifest) *sealRecord {
	if s == nil {
		return nil
	}
	out := &sealRecord{raw: s.raw, envelope: s.envelope, bucketKey: s.bucketKey, partSize: m.parts[0].size}
	for i := range m.parts {
		p, last := m.parts[i].size, i == len(m.parts)-1
		if m.numbers[i] != i+1 || p > out.partSize || p < out.partSize && !last {
			out.partSize = 0
		}
	}
	return out
}

// copySealing is what a copy of rec asks for. What is encrypted is not stored in clear just because nobody said anything.
func (s *Store) copySealing(req *CopyObject, rec *versionRecord, o *order) *Sealing {
	if req.Seal == nil && o.rule == nil && rec.sealed() != nil && s.encrypt {
		return &Sealing{Sort: s.defaultSort}
	}
	return req.Seal
}

// like reports whether a new object is to be encrypted as an old one is, so that the old body can serve on under another envelope.
func (s *sealRecord) like(old *sealRecord) bool {
	if s == nil || old == nil || old.envelope == nil {
		return s == nil && old == nil
	}
	a, b := &s.sealer.kek.Source, &old.envelope.Source
	return a.Sort == b.Sort && a.KeyID == b.KeyID && bytes.Equal(a.Context, b.Context) && s.customerMD5 == old.customerMD5
}

// take makes the body of old that of s, for a record that is written with another envelope.
func (s *sealRecord) take(old *sealRecord) {
	if s != nil {
		s.sealer.key, s.partSize = old.key, old.partSize
	}
}

// renew undoes take: bytes that are written anew have a key of their own.
func (s *sealRecord) renew() {
	if s != nil {
		s.sealer.key, s.partSize = seal.NewKey(), 0
	}
}
