package seal

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"myfsio/fault"
)

var place = Binding{Bucket: 7, Version: [16]byte{9, 8}, Key: "a/b"}

func samples(kek Key) []*KEK {
	return []*KEK{
		{kek, Source{Sort: S3, Master: [8]byte{1, 2, 3}}},
		{kek, Source{Sort: KMS, KeyID: "arn:aws:kms:local:000000000000:key/k", Wrapped: []byte("blob"), Context: []byte(`{"a":"b"}`)}},
		{kek, Source{Sort: KMS, KeyID: "k", Wrapped: bytes.Repeat([]byte{5}, 300)}},
		CustomerKEK(kek),
	}
}

func TestEnvelope(t *testing.T) {
	object, kek := NewKey(), NewKey()
	for _, from := range samples(kek) {
		e := from.Wrap(object, place)
		b := e.Append([]byte("before"))[6:]
		got, err := ParseEnvelope(b)
		if err != nil || got.Sort != from.Source.Sort || got.KeyID != from.Source.KeyID || got.Master != from.Source.Master ||
			!bytes.Equal(got.Wrapped, from.Source.Wrapped) || !bytes.Equal(got.Context, from.Source.Context) {
			t.Fatalf("%+v, %v", got, err)
		}
		if k, err := got.Unwrap(kek, place); err != nil || k != object {
			t.Errorf("%s: %v", got.Sort, err)
		}
		if bytes.Contains(b, object[:]) || bytes.Contains(b, kek[:]) {
			t.Error("a key lies in the envelope")
		}
		if bytes.Equal(from.Wrap(object, place).Append(nil), b) {
			t.Error("two envelopes are the same")
		}
		want := fault.Corrupted
		if got.Sort == Customer {
			want = fault.AccessDenied
		}
		for name, other := range map[string]Binding{
			"bucket": {8, place.Version, "a/b"}, "version": {7, [16]byte{9}, "a/b"}, "key": {7, place.Version, "a/c"}, "shorter": {7, place.Version, "a/"}, "none": {},
		} {
			if _, err := got.Unwrap(kek, other); !fault.Is(err, want) {
				t.Errorf("%s: another %s: %v", got.Sort, name, err)
			}
		}
		if _, err := got.Unwrap(NewKey(), place); !fault.Is(err, want) {
			t.Errorf("another KEK: %v", err)
		}
		for i := range b { // the source may change what is asked for; the wrapped key must not open in any case but the first
			b[i] ^= 1
			if bad, err := ParseEnvelope(b); err == nil && i < 82 {
				if _, err := bad.Unwrap(kek, place); err == nil {
					t.Errorf("byte %d may be anything", i)
				}
			}
			b[i] ^= 1
			if _, err := ParseEnvelope(b[:i]); err == nil {
				t.Errorf("cut at %d", i)
			}
		}
		if _, err := ParseEnvelope(append(b, 0)); err == nil {
			t.Error("a byte more is taken")
		}
	}
}

func FuzzParseEnvelope(f *testing.F) {
	for _, k := range samples(Key{1}) {
		f.Add(k.Wrap(Key{2}, place).Append(nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := ParseEnvelope(b)
		if err != nil {
			return
		}
		if !bytes.Equal(e.Append(nil), b) {
			t.Fatalf("%x became %x", b, e.Append(nil))
		}
		e.Unwrap(Key{1}, place)
		e.DecodeContext()
	})
}

// ring is Masters with several keys, the last in force.
type ring []Key

func (r ring) Current() ([8]byte, [32]byte, error) { return [8]byte{byte(len(r))}, r[len(r)-1], nil }
func (r ring) Find(id [8]byte) ([32]byte, error) {
	if n := int(id[0]); n >= 1 && n <= len(r) {
		return r[n-1], nil
	}
	return [32]byte{}, fault.New(fault.Unavailable, "no such master key")
}

// service is a KMS of one key that wraps by XOR.
type service struct {
	err  error
	seen map[string]string
}

func (s *service) NewDataKey(id string, context map[string]string) (plain [32]byte, wrapped []byte, resolved string, err error) {
	s.seen = context
	plain = NewKey()
	return plain, s.flip(plain[:]), "key/" + id, s.err
}

func (s *service) OpenDataKey(wrapped []byte, context map[string]string) ([32]byte, error) {
	if s.seen = context; s.err != nil {
		return [32]byte{}, s.err
	}
	return [32]byte(s.flip(wrapped)), nil
}

func (s *service) flip(b []byte) []byte {
	b = slices.Clone(b)
	for i := range b {
		b[i] ^= 0x55
	}
	return b
}

func TestKeys(t *testing.T) {
	kms, object, customer := &service{}, NewKey(), NewKey()
	masters := ring{NewKey()}
	keys := &Keys{Masters: masters, KMS: kms}
	s3kek, err := keys.MasterKEK()
	if err != nil {
		t.Fatal(err)
	}
	context := map[string]string{"aws:s3:arn": "arn:aws:s3:::b", "k": "ü"}
	kmskek, err := keys.KMSKEK("x", context)
	if err != nil {
		t.Fatal(err)
	}
	keys.Masters = append(masters, NewKey()) // rotated
	elsewhere := place
	elsewhere.Version = [16]byte{1}
	for _, c := range []struct {
		kek      *KEK
		customer *Key
		stays    bool
	}{{s3kek, nil, false}, {kmskek, nil, true}, {CustomerKEK(customer), &customer, true}} {
		e := c.kek.Wrap(object, place)
		if k, err := keys.Unwrap(e, c.customer, place); err != nil || k != object {
			t.Fatalf("%s: %v", e.Sort, err)
		}
		same, err := keys.Rewrap(e, nil, place, place)
		if err != nil || (same == e) != c.stays {
			t.Errorf("%s: rewrap in place: %v", e.Sort, err)
		}
		moved, err := keys.Rewrap(e, c.customer, place, elsewhere)
		if err != nil {
			t.Fatal(err)
		}
		if k, err := keys.Unwrap(moved, c.customer, elsewhere); err != nil || k != object {
			t.Errorf("%s: moved: %v", e.Sort, err)
		}
		under, err := keys.RewrapUnder(e, c.customer, kmskek, place, place)
		if err != nil || under.Sort != KMS || under.KeyID != "key/x" {
			t.Fatalf("%s: under another key: %v, %v", e.Sort, under, err)
		}
		if k, err := keys.Unwrap(under, nil, place); err != nil || k != object {
			t.Errorf("%s: under another key: %v", e.Sort, err)
		}
		if e.Sort == S3 && (same.Master != [8]byte{2} || moved.Master != [8]byte{2}) {
			t.Error("the master key is the old one")
		}
		if e.Sort == KMS && (fmt.Sprint(kms.seen) != fmt.Sprint(context) || moved.KeyID != "key/x") {
			t.Errorf("%v", kms.seen)
		}
	}
}

func TestRefusals(t *testing.T) {
	customer, object := NewKey(), NewKey()
	envelope := func(k *KEK) *Envelope { return k.Wrap(object, place) }
	disabled := &service{err: &fault.Error{Kind: fault.InvalidState, Code: "DisabledException", Msg: "m"}}
	for name, c := range map[string]struct {
		keys     Keys
		e        *Envelope
		customer *Key
		kind     fault.Kind
		code     string
	}{
		"no customer key":    {Keys{}, envelope(CustomerKEK(customer)), nil, fault.InvalidRequest, ""},
		"needless key":       {Keys{Masters: ring{{}}}, envelope(samples(Key{})[0]), &customer, fault.InvalidRequest, ""},
		"another key":        {Keys{}, envelope(CustomerKEK(customer)), &object, fault.AccessDenied, ""},
		"no KMS":             {Keys{}, envelope(samples(Key{})[1]), nil, fault.InvalidRequest, "KMS.NotFoundException"},
		"disabled":           {Keys{KMS: disabled}, envelope(samples(Key{})[1]), nil, fault.InvalidRequest, "KMS.DisabledException"},
		"no master key":      {Keys{}, envelope(samples(Key{})[0]), nil, fault.InvalidState, ""},
		"unknown master key": {Keys{Masters: ring{}}, envelope(samples(Key{})[0]), nil, fault.Unavailable, ""},
	} {
		_, err := c.keys.Unwrap(c.e, c.customer, place)
		var fe *fault.Error
		if !errors.As(err, &fe) || fe.Kind != c.kind || fe.Code != c.code {
			t.Errorf("%s: %+v", name, err)
		}
	}
	empty := &Keys{}
	if _, err := empty.MasterKEK(); !fault.Is(err, fault.InvalidRequest) {
		t.Error(err)
	}
	if _, err := empty.KMSKEK("", nil); !fault.Is(err, fault.InvalidRequest) {
		t.Error(err)
	}
	if _, err := (&Keys{KMS: disabled}).KMSKEK("", nil); !fault.Is(err, fault.InvalidRequest) {
		t.Error(err)
	}
	if _, err := encodeContext(map[string]string{"a": strings.Repeat("x", 17<<10)}); !fault.Is(err, fault.InvalidArgument) {
		t.Error(err)
	}
}

func TestParseCustomerKey(t *testing.T) {
	k := NewKey()
	text, sum := base64.StdEncoding.EncodeToString(k[:]), md5.Sum(k[:])
	right := base64.StdEncoding.EncodeToString(sum[:])
	for _, c := range []struct{ alg, key, sum, want string }{
		{"AES256", text, right, ""}, {"AES256", text, "", ""},
		{"", text, right, "valid encryption algorithm"}, {"AES128", text, right, "Supported value"}, {"aes256", text, right, "Supported value"},
		{"AES256", "", right, "appropriate secret key"}, {"AES256", text[:40], "", "secret key was invalid"}, {"AES256", "?", "", "secret key was invalid"},
		{"AES256", text[:20] + "\n" + text[20:], "", "secret key was invalid"}, {"AES256", text, "x", "did not match"}, {"AES256", text, text, "did not match"},
	} {
		got, err := ParseCustomerKey(c.alg, c.key, c.sum)
		if c.want == "" && (err != nil || *got != k || got.MD5() != right) {
			t.Errorf("%+v: %v", c, err)
		}
		if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), text[:20])) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if k, err := ParseCustomerKey("", "", ""); k != nil || err != nil {
		t.Error(k, err)
	}
}

func TestKeyNeverPrints(t *testing.T) {
	k := Key(bytes.Repeat([]byte("A"), 32))
	var out bytes.Buffer
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "k", k, "s", KEK{Key: k}, "p", &k)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "k", k, "s", KEK{Key: k})
	j, _ := json.Marshal(map[string]any{"k": k, "s": []Key{k}})
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb, k)
		fmt.Fprintf(&out, verb, struct{ K Key }{k})
		fmt.Fprintf(&out, verb, &KEK{Key: k})
	}
	for _, leak := range []string{"AAAA", "4141", "65 65", "65,65", "QUFB"} {
		if strings.Contains(out.String()+string(j), leak) {
			t.Errorf("%q in %s", leak, out.String())
		}
	}
}
