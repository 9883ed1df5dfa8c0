package object_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"testing"

	"myfsio/fault"
	"myfsio/kv"
	"myfsio/object"
	"myfsio/object/encrypt"
	"myfsio/seal"
)

// keeper is master keys, of which one is in force, and a KMS with a key "k", which can be disabled.
type keeper struct {
	master   [32]byte
	inForce  byte // the number of the master key in force, from 0
	lost     byte // master keys of lower numbers are not found
	disabled bool
}

func (v *keeper) Current() (id [8]byte, key [32]byte, err error) {
	id = [8]byte{1 + v.inForce}
	key, err = v.Find(id)
	return id, key, err
}

func (v *keeper) Find(id [8]byte) ([32]byte, error) {
	if n := id[0] - 1; id != [8]byte{id[0]} || n < v.lost {
		return [32]byte{}, errors.New("no such master key")
	}
	key := v.master
	key[31] ^= id[0] - 1
	return key, nil
}

func (v *keeper) NewDataKey(keyID string, context map[string]string) (plain [32]byte, wrapped []byte, resolved string, err error) {
	switch {
	case keyID != "" && keyID != "k" && keyID != "arn:k" && keyID != "other":
		return plain, nil, "", &fault.Error{Kind: fault.NoSuchConfig, Code: "NotFoundException", Msg: "no such key"}
	case v.disabled:
		return plain, nil, "", &fault.Error{Kind: fault.InvalidState, Code: "DisabledException", Msg: "the key is disabled"}
	case keyID == "" || keyID == "arn:k":
		keyID = "k"
	}
	k := seal.NewKey()
	return k, []byte(fmt.Sprintf("wrapped %v %x", context, invert(k))), "arn:" + keyID, nil
}

func (v *keeper) OpenDataKey(wrapped []byte, context map[string]string) (plain [32]byte, err error) {
	if v.disabled {
		return plain, &fault.Error{Kind: fault.InvalidState, Code: "DisabledException", Msg: "the key is disabled"}
	}
	var hidden []byte
	head := fmt.Sprintf("wrapped %v ", context)
	if _, err := fmt.Sscanf(string(bytes.TrimPrefix(wrapped, []byte(head))), "%x", &hidden); err != nil || len(hidden) != 32 {
		return plain, &fault.Error{Kind: fault.InvalidRequest, Code: "InvalidCiphertextException", Msg: "not for this context"}
	}
	return invert([32]byte(hidden)), nil
}

func invert(k [32]byte) [32]byte {
	for i := range k {
		k[i] = ^k[i]
	}
	return k
}

func (v *keeper) keys() *seal.Keys { return &seal.Keys{Masters: v, KMS: v} }

// sealedShop is a shop whose store can encrypt.
func sealedShop(t testing.TB, versioning object.Versioning) (*shop, *keeper) {
	x, v := newShop(t, versioning), &keeper{master: [32]byte{7}}
	x.seal(v, true)
	return x, v
}

// seal reopens the store with keys.
func (x *shop) seal(v *keeper, encrypt bool) {
	x.Helper()
	c := object.Config{KV: x.db, Blobs: x.blobs, Inline: testInline, MinPartSize: testMinPart, Encrypt: encrypt}
	if v != nil {
		c.Keys = v.keys()
	}
	s, err := object.New(x.ctx, c)
	x.ok(err)
	x.s = s
}

var customer, stranger = seal.Key{1, 2, 3}, seal.Key{3, 2, 1}

// wishes are the states an object can be in.
var wishes = []*object.Sealing{
	nil,
	{Sort: seal.S3},
	{Sort: seal.KMS, KeyID: "k", Context: map[string]string{"a": "b"}},
	{Sort: seal.Customer, Customer: &customer},
}

func nameOf(w *object.Sealing) string {
	if w == nil {
		return "clear"
	}
	return w.Sort.String()
}

func keyOf(w *object.Sealing) *seal.Key {
	if w == nil {
		return nil
	}
	return w.Customer
}

// shown is what callers see of an object that w asked for.
func shown(w *object.Sealing) *object.Encryption {
	if w == nil {
		return nil
	}
	e := &object.Encryption{Sort: w.Sort}
	switch w.Sort {
	case seal.KMS:
		e.KeyID = "arn:k"
	case seal.Customer:
		e.CustomerMD5 = w.Customer.MD5()
	}
	return e
}

// sealedBody writes an object of these parts as the writer says.
type sealedWriter struct {
	name  string
	write func(x *shop, key string, w *object.Sealing, parts [][]byte) object.Version
}

var sealedWriters = []sealedWriter{
	{"put", func(x *shop, key string, w *object.Sealing, parts [][]byte) object.Version {
		v, err := x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: key, Seal: w, Body: body(join(parts...))})
		x.ok(err)
		return v
	}},
	{"put of unknown size", func(x *shop, key string, w *object.Sealing, parts [][]byte) object.Version {
		b := body(join(parts...))
		b.Size = -1
		v, err := x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: key, Seal: w, Body: b})
		x.ok(err)
		return v
	}},
	{"multipart", func(x *shop, key string, w *object.Sealing, parts [][]byte) object.Version {
		return sealedParts(x, key, w, 1, false, parts)
	}},
	{"multipart, odd numbers", func(x *shop, key string, w *object.Sealing, parts [][]byte) object.Version {
		return sealedParts(x, key, w, 3, false, parts)
	}},
	{"multipart, sent twice", func(x *shop, key string, w *object.Sealing, parts [][]byte) object.Version {
		return sealedParts(x, key, w, 1, true, parts)
	}},
}

func sealedParts(x *shop, key string, w *object.Sealing, step int, twice bool, parts [][]byte) object.Version {
	x.Helper()
	u, err := x.s.CreateUpload(x.ctx, object.CreateUpload{Bucket: home, Key: key, Seal: w})
	x.ok(err)
	if !reflect.DeepEqual(unkeyed(u.Encryption), unkeyed(shown(w))) {
		x.Errorf("the upload shows %+v", u.Encryption)
	}
	var list []object.CompletePart
	for i := range parts {
		send := func(data []byte) object.Part {
			p, err := x.s.PutPart(x.ctx, object.PutPart{Bucket: home, Key: key, UploadID: u.UploadID, Number: i*step + 1, Body: body(data), Customer: keyOf(w)})
			x.ok(err)
			return p
		}
		if twice {
			send(content(77, len(parts[i])))
		}
		p := send(parts[i])
		if p.Size != int64(len(parts[i])) || p.ETag != md5Hex(parts[i]) || !reflect.DeepEqual(p.Encryption, shown(w)) {
			x.Errorf("part %+v", p)
		}
		list = append(list, object.CompletePart{Number: p.Number, ETag: p.ETag})
	}
	return x.complete(u, list...)
}

// unkeyed is what is shown where no customer's key came.
func unkeyed(e *object.Encryption) *object.Encryption {
	if e == nil {
		return nil
	}
	c := *e
	c.CustomerMD5 = ""
	return &c
}

// bodies are parts that objects are made of.
func sealedBodies() [][][]byte {
	big := seal.PackageSize
	return [][][]byte{
		{nil},
		{content(1, 20)},
		{content(1, testInline)},
		{content(1, testInline+1)},
		{content(1, big)},
		{content(1, 100), content(2, 100), content(3, 30)},
		{content(1, 100), content(2, 70), content(3, 100)},
		{content(1, big), content(2, big), content(3, 1)},
		{content(1, big+5), content(2, 2*big), content(3, 77)},
		{content(1, 300_000)},
	}
}

// Whatever way an object is written, and however it is encrypted, it reads the same, whole, in ranges and by parts; and what is stored shows nothing of it.
func TestSealed(t *testing.T) {
	for _, versioning := range []object.Versioning{object.Unversioned, object.VersioningEnabled} {
		for _, w := range wishes {
			for _, wr := range sealedWriters {
				t.Run(fmt.Sprintf("%s/%s/%d", nameOf(w), wr.name, versioning), func(t *testing.T) {
					x, _ := sealedShop(t, versioning)
					for i, parts := range sealedBodies() {
						key := fmt.Sprintf("key %d", i)
						v := wr.write(x, key, w, parts)
						x.sealedAs(v, w, parts)
						x.readSealed(key, w, parts, v)
					}
					x.clean()
					x.secret(w, sealedBodies()...)
					x.drain()
					x.clean()
					for i, parts := range sealedBodies() {
						x.readSealed(fmt.Sprintf("key %d", i), w, parts, object.Version{})
					}
				})
			}
		}
	}
}

// sealedAs checks a description.
func (x *shop) sealedAs(v object.Version, w *object.Sealing, parts [][]byte) {
	x.Helper()
	want := shown(w)
	if v.Parts > 0 {
		want, v.Encryption = unkeyed(want), unkeyed(v.Encryption)
	}
	if !reflect.DeepEqual(v.Encryption, want) || v.Size != int64(len(join(parts...))) {
		x.Errorf("%s shows %+v and %d bytes, want %+v", v.Key, v.Encryption, v.Size, want)
	}
	if v.Parts == 0 && v.ETag != md5Hex(join(parts...)) {
		x.Errorf("%s has the tag %s", v.Key, v.ETag)
	}
}

// readSealed reads an object in all ways.
func (x *shop) readSealed(key string, w *object.Sealing, parts [][]byte, v object.Version) {
	x.Helper()
	all := join(parts...)
	get := object.GetObject{Key: key, Customer: keyOf(w)}
	r := x.open(get)
	if r.Version.Size != int64(len(all)) || r.Length != int64(len(all)) || !reflect.DeepEqual(r.Version.Encryption, shown(w)) || v.ETag != "" && v.ETag != r.Version.ETag {
		x.Errorf("%s is opened as %+v", key, r.Version)
	}
	x.rest(r, all)
	r = x.open(get)
	var sent bytes.Buffer
	_, err := r.WriteTo(&sent)
	x.ok(errors.Join(err, r.Close()))
	if !bytes.Equal(sent.Bytes(), all) {
		x.Errorf("%s is sent as other bytes", key)
	}
	for _, off := range []int{0, 1, len(all) / 2, len(all) - 1, seal.PackageSize - 1, seal.PackageSize, 100, 130} {
		for _, n := range []int{1, 50, seal.PackageSize, len(all)} {
			if off < 0 || off >= len(all) {
				continue
			}
			g := get
			g.Range = &object.Range{First: int64(off), Last: int64(off + n - 1)}
			x.rest(x.open(g), all[off:min(off+n, len(all))])
		}
	}
	for i := range parts {
		g := get
		g.PartNumber = i + 1
		if v.Parts == 0 && v.ETag != "" && i == 0 {
			x.rest(x.open(g), all)
		} else if v.Parts > 0 {
			x.rest(x.open(g), parts[i])
		}
	}
	g := get
	g.HeadOnly = true
	if h := x.open(g); !reflect.DeepEqual(h.Version.Encryption, shown(w)) {
		x.Errorf("%s shows %+v", key, h.Version.Encryption)
	}
}

// secret demands that nothing of the bodies stands in the engines, when they are encrypted.
func (x *shop) secret(w *object.Sealing, bodies ...[][]byte) {
	x.Helper()
	if w == nil {
		return
	}
	stored := x.everything()
	for _, parts := range bodies {
		for _, p := range parts {
			for at := 0; at+16 <= len(p); at += 1000 {
				if bytes.Contains(stored, p[at:at+16]) {
					x.Fatal("plaintext is stored")
				}
			}
		}
	}
	if bytes.Contains(stored, customer[:]) || bytes.Contains(stored, []byte(customer.MD5())) {
		x.Error("the customer's key is stored")
	}
}

// everything is all bytes in the engines.
func (x *shop) everything() (out []byte) {
	x.Helper()
	x.ok(x.db.View(x.ctx, func(r kv.Reader) error {
		for p, err := range kv.Scan(r, kv.Range{}) {
			x.ok(err)
			out = append(append(out, p.Key...), p.Value...)
		}
		return nil
	}))
	for info, err := range x.blobs.List(x.ctx, [16]byte{}) {
		x.ok(err)
		b, err := x.blobs.Open(x.ctx, info.ID)
		x.ok(err)
		data, err := io.ReadAll(io.NewSectionReader(b, 0, b.Size()))
		x.ok(errors.Join(err, b.Close()))
		out = append(out, data...)
	}
	return out
}

// A copy goes between any two states, and into itself.
func TestSealedCopies(t *testing.T) {
	parts := [][]byte{content(1, 100), content(2, 100), content(3, 30)}
	for _, from := range wishes {
		for _, to := range wishes {
			for _, wr := range sealedWriters {
				t.Run(nameOf(from)+" to "+nameOf(to)+"/"+wr.name, func(t *testing.T) {
					x, v := sealedShop(t, object.Unversioned)
					wr.write(x, "from", from, parts)
					want := to
					if to == nil && from != nil { // what is encrypted stays so
						want = &object.Sealing{Sort: seal.S3}
					}
					done, err := x.s.Copy(x.ctx, object.CopyObject{SourceBucket: home, SourceKey: "from", SourceCustomer: keyOf(from), Bucket: home, Key: "to", Seal: to})
					x.ok(err)
					whole := [][]byte{join(parts...)}
					x.sealedAs(done.Version, want, whole)
					x.readSealed("to", want, whole, done.Version)
					again := done.Version
					for i := range 2 { // the second time nothing about the encryption changes
						req := object.CopyObject{SourceBucket: home, SourceKey: "from", SourceCustomer: keyOf(from), Bucket: home, Key: "from", Seal: to, ReplaceMeta: true,
							Meta: object.Metadata{ContentType: fmt.Sprint(i)}}
						if i == 1 {
							req.SourceCustomer = keyOf(want)
						}
						done, err := x.s.Copy(x.ctx, req)
						x.ok(err)
						again = done.Version
						if again.Meta.ContentType != fmt.Sprint(i) {
							x.Errorf("%+v", again.Meta)
						}
					}
					shape := whole
					if again.Parts > 0 {
						shape = parts
					}
					x.readSealed("from", want, shape, again)
					x.drain()
					x.readSealed("from", want, shape, again)
					x.clean()
					if x.seal(v, false); to == nil && from == nil {
						x.readSealed("from", nil, shape, again)
					}
				})
			}
		}
	}
}

// UploadPartCopy goes between any two states.
func TestSealedPartCopies(t *testing.T) {
	data := content(1, 1000)
	for _, from := range wishes {
		for _, to := range wishes {
			x, _ := sealedShop(t, object.Unversioned)
			sealedWriters[0].write(x, "from", from, [][]byte{data})
			u, err := x.s.CreateUpload(x.ctx, object.CreateUpload{Bucket: home, Key: "to", Seal: to})
			x.ok(err)
			var list []object.CompletePart
			for n, g := range []*object.Range{{First: 10, Last: 99}, nil} {
				p, err := x.s.CopyPart(x.ctx, object.CopyPart{SourceBucket: home, SourceKey: "from", SourceCustomer: keyOf(from), Range: g,
					Bucket: home, Key: "to", UploadID: u.UploadID, Number: n + 1, Customer: keyOf(to)})
				x.ok(err)
				list = append(list, object.CompletePart{Number: n + 1, ETag: p.Part.ETag})
			}
			v := x.complete(u, list...)
			x.readSealed("to", to, [][]byte{data[10:100], data}, v)
			x.clean()
		}
	}
}

// Who brings no key, a wrong one, or one too many is refused, whatever he asks for.
func TestCustomerKeyRefused(t *testing.T) {
	x, _ := sealedShop(t, object.VersioningEnabled)
	c := wishes[3]
	parts := [][]byte{content(1, 100), content(2, 50)}
	sealedWriters[0].write(x, "c", c, parts)
	sealedWriters[0].write(x, "small", c, [][]byte{content(1, 5)})
	sealedWriters[2].write(x, "multi", c, parts)
	sealedWriters[0].write(x, "clear", nil, parts)
	sealedWriters[0].write(x, "s3", wishes[1], parts)
	for _, head := range []bool{false, true} {
		for _, key := range []string{"c", "small", "multi"} {
			_, err := x.s.Open(x.ctx, object.GetObject{Bucket: home, Key: key, HeadOnly: head})
			x.kind(err, fault.InvalidRequest)
			_, err = x.s.Open(x.ctx, object.GetObject{Bucket: home, Key: key, HeadOnly: head, If: object.Conditions{IfNoneMatch: []string{"*"}}})
			x.kind(err, fault.InvalidRequest)
			_, err = x.s.Open(x.ctx, object.GetObject{Bucket: home, Key: key, HeadOnly: head, Customer: &stranger})
			x.kind(err, fault.AccessDenied)
		}
		for _, key := range []string{"clear", "s3"} {
			_, err := x.s.Open(x.ctx, object.GetObject{Bucket: home, Key: key, HeadOnly: head, Customer: &customer})
			x.kind(err, fault.InvalidRequest)
		}
	}
	for _, k := range []*seal.Key{nil, &stranger} {
		_, err := x.s.Copy(x.ctx, object.CopyObject{SourceBucket: home, SourceKey: "c", SourceCustomer: k, Bucket: home, Key: "to"})
		if !fault.Is(err, fault.InvalidRequest) && !fault.Is(err, fault.AccessDenied) {
			t.Errorf("copy: %v", err)
		}
		u, err := x.s.CreateUpload(x.ctx, object.CreateUpload{Bucket: home, Key: "up", Seal: c})
		x.ok(err)
		_, err = x.s.PutPart(x.ctx, object.PutPart{Bucket: home, Key: "up", UploadID: u.UploadID, Number: 1, Body: body(content(1, 50)), Customer: k})
		x.kind(err, fault.InvalidRequest)
	}
	for _, w := range wishes[:3] {
		u, err := x.s.CreateUpload(x.ctx, object.CreateUpload{Bucket: home, Key: "up", Seal: w})
		x.ok(err)
		_, err = x.s.PutPart(x.ctx, object.PutPart{Bucket: home, Key: "up", UploadID: u.UploadID, Number: 1, Body: body(content(1, 50)), Customer: &customer})
		x.kind(err, fault.InvalidRequest)
	}
}

// What the server cannot do is refused; a key of the KMS that is disabled takes its objects along until it is enabled again.
func TestKeysRefused(t *testing.T) {
	x, v := sealedShop(t, object.Unversioned)
	data := [][]byte{content(1, 100)}
	sealedWriters[0].write(x, "s3", wishes[1], data)
	sealedWriters[0].write(x, "kms", wishes[2], data)
	sealedWriters[0].write(x, "c", wishes[3], data)
	refused := func(w *object.Sealing, code string) {
		t.Helper()
		_, err := x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: "new", Seal: w, Body: object.Body{Reader: unread{t}, Size: 3}})
		_, err2 := x.s.CreateUpload(x.ctx, object.CreateUpload{Bucket: home, Key: "new", Seal: w})
		for _, err := range []error{err, err2} {
			var fe *fault.Error
			if x.kind(err, fault.InvalidRequest); errors.As(err, &fe) && fe.Code != code {
				t.Errorf("%v has the code %q, want %q", err, fe.Code, code)
			}
		}
	}
	refused(&object.Sealing{Sort: seal.KMS, KeyID: "none"}, "KMS.NotFoundException")
	v.disabled = true
	refused(wishes[2], "KMS.DisabledException")
	_, err := x.s.Open(x.ctx, object.GetObject{Bucket: home, Key: "kms"})
	x.kind(err, fault.InvalidRequest)
	x.open(object.GetObject{Key: "kms", HeadOnly: true})
	x.clean() // what cannot be read is not damaged
	v.disabled = false
	x.readSealed("kms", wishes[2], data, object.Version{})

	x.seal(v, false)
	refused(wishes[1], "")
	refused(wishes[2], "")
	for i, w := range wishes[1:] {
		x.readSealed([]string{"s3", "kms", "c"}[i], w, data, object.Version{})
	}
	x.seal(nil, false)
	refused(wishes[1], "")
	refused(wishes[2], "")
	sealedWriters[0].write(x, "c2", wishes[3], data)
	x.readSealed("c", wishes[3], data, object.Version{})
	_, err = x.s.Open(x.ctx, object.GetObject{Bucket: home, Key: "s3"})
	x.kind(err, fault.InvalidState)
	x.clean()
}

// unread is a body that must not be read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body is read")
	return 0, io.EOF
}

// The setting of a bucket counts for those who say nothing.
func TestDefaultEncryption(t *testing.T) {
	x, v := sealedShop(t, object.Unversioned)
	data := [][]byte{content(1, 100)}
	set := func(r encrypt.Rule) {
		t.Helper()
		x.ok(x.s.SetConfig(x.ctx, home, object.ConfigEncryption, r.JSON()))
	}
	for _, c := range []struct {
		rule encrypt.Rule
		want object.Encryption
	}{
		{encrypt.Rule{Algorithm: encrypt.AES256}, object.Encryption{Sort: seal.S3}},
		{encrypt.Rule{BucketKey: true}, object.Encryption{Sort: seal.S3}},
		{encrypt.Rule{Algorithm: encrypt.KMS, KeyID: "other", BucketKey: true}, object.Encryption{Sort: seal.KMS, KeyID: "arn:other", BucketKey: true}},
		{encrypt.Rule{Algorithm: encrypt.KMS}, object.Encryption{Sort: seal.KMS, KeyID: "arn:k"}},
	} {
		set(c.rule)
		for _, wr := range sealedWriters {
			if v := wr.write(x, "k", wishes[1], data); *v.Encryption != *shown(wishes[1]) {
				t.Errorf("%s: %+v", wr.name, v.Encryption)
			}
		}
		u := x.begin("k")
		puts := []object.Version{x.put("k", data[0]), x.complete(u, x.part(u, 1, data[0]))}
		x.ok(x.s.DeleteConfig(x.ctx, home, object.ConfigEncryption))
		x.put("clear", data[0])
		set(c.rule)
		done, err := x.s.Copy(x.ctx, object.CopyObject{SourceBucket: home, SourceKey: "clear", Bucket: home, Key: "k"})
		x.ok(err)
		for i, v := range append(puts, done.Version) {
			if v.Encryption == nil || *v.Encryption != c.want {
				t.Errorf("%+v, %d: %+v", c.rule, i, v.Encryption)
			}
		}
		no := false
		got, err := x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: "k", Seal: &object.Sealing{Sort: seal.KMS, BucketKey: &no}, Body: body(data[0])})
		x.ok(err)
		if *got.Encryption != (object.Encryption{Sort: seal.KMS, KeyID: "arn:k"}) {
			t.Errorf("own wish: %+v", got.Encryption)
		}
	}
	set(encrypt.Rule{Algorithm: encrypt.AES256, BlockCustomer: true})
	_, err := x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: "k", Seal: wishes[3], Body: body(data[0])})
	x.kind(err, fault.AccessDenied)
	x.ok(x.s.SetConfig(x.ctx, home, object.ConfigEncryption, []byte("{")))
	_, err = x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: "k", Body: body(data[0])})
	x.kind(err, fault.Corrupted)
	set(encrypt.Rule{Algorithm: encrypt.AES256})
	x.seal(v, false) // a bucket that encrypts takes nothing in clear
	_, err = x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: "k", Body: body(data[0])})
	x.kind(err, fault.InvalidRequest)
	x.clean()
}

// Records cannot be exchanged: an envelope of another key, or version, opens nothing.
func TestEnvelopeBound(t *testing.T) {
	x, _ := sealedShop(t, object.VersioningEnabled)
	a := sealedWriters[0].write(x, "a", wishes[1], [][]byte{content(1, 100)})
	sealedWriters[0].write(x, "b", wishes[1], [][]byte{content(2, 100)})
	_ = a
	var ra, rb kv.Pair
	x.ok(x.db.View(x.ctx, func(r kv.Reader) error {
		for p, err := range kv.Scan(r, kv.Prefix([]byte{'o'})) {
			x.ok(err)
			p = kv.Pair{Key: slices.Clone(p.Key), Value: slices.Clone(p.Value)}
			if ra.Key == nil {
				ra = p
			} else {
				rb = p
			}
		}
		return nil
	}))
	x.ok(x.db.Update(x.ctx, func(t kv.Txn) error {
		t.Put(ra.Key, rb.Value)
		return nil
	}))
	_, err := x.s.Open(x.ctx, object.GetObject{Bucket: home, Key: "a"})
	x.kind(err, fault.Corrupted)
	var kinds []string
	_, err = x.s.Check(context.Background(), object.CheckOptions{Deep: true, Report: func(p object.Problem) { kinds = append(kinds, p.Kind) }})
	x.ok(err)
	if !slices.Contains(kinds, object.ProblemRecord) {
		t.Errorf("check finds %v", kinds)
	}
}

// Bytes that rot are noticed, by readers and by the deep check.
func TestSealedRot(t *testing.T) {
	for _, size := range []int{20, 1000} {
		x, _ := sealedShop(t, object.Unversioned)
		sealedWriters[0].write(x, "k", wishes[1], [][]byte{content(1, size)})
		sealedWriters[0].write(x, "c", wishes[3], [][]byte{content(1, size)})
		x.ok(x.db.Update(x.ctx, func(tx kv.Txn) error {
			for p, err := range kv.Scan(tx, kv.Prefix([]byte{'d'})) {
				x.ok(err)
				bad := slices.Clone(p.Value)
				bad[30] ^= 1
				tx.Put(slices.Clone(p.Key), bad)
			}
			return nil
		}))
		for info, err := range x.blobs.List(x.ctx, [16]byte{}) {
			x.ok(err)
			x.spoil(info.ID)
		}
		for key, k := range map[string]*seal.Key{"k": nil, "c": &customer} {
			r, err := x.s.Open(x.ctx, object.GetObject{Bucket: home, Key: key, Customer: k})
			if err == nil {
				var n int64
				if n, err = io.Copy(io.Discard, r); n > 0 {
					t.Errorf("%d bytes of what is rotten were given out", n)
				}
				x.ok(r.Close())
			}
			x.kind(err, fault.Corrupted)
		}
		var found []string
		_, err := x.s.Check(x.ctx, object.CheckOptions{Deep: true, Report: func(p object.Problem) { found = append(found, p.Kind+" "+p.Key) }})
		x.ok(err)
		if !slices.Equal(found, []string{object.ProblemRot + " c", object.ProblemRot + " k"}) { // the CRC of what is stored tells of the customer's
			t.Errorf("check finds %v", found)
		}
	}
}

// spoil changes a byte of a blob.
func (x *shop) spoil(id [16]byte) {
	x.Helper()
	b, err := x.blobs.Open(x.ctx, id)
	x.ok(err)
	data, err := io.ReadAll(io.NewSectionReader(b, 0, b.Size()))
	x.ok(errors.Join(err, b.Close()))
	data[30] ^= 1
	x.ok(x.blobs.Remove(x.ctx, id))
	w, err := x.blobs.Create(x.ctx, id, int64(len(data)))
	x.ok(err)
	_, err = w.Write(data)
	x.ok(err)
	x.ok(w.Commit(x.ctx))
}
