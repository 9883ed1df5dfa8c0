package kms

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"myfsio/fault"
	"myfsio/gcm"
)

func TestKeyLife(t *testing.T) {
	w := newWorld(t)
	m := w.create("k1", "mine")
	if m.Arn != "arn:aws:kms:local:000000000000:key/k1" || !m.Enabled || m.KeyState != "Enabled" || m.KeyUsage != "ENCRYPT_DECRYPT" ||
		m.KeySpec != "SYMMETRIC_DEFAULT" || m.CreationDate != "2026-03-01T12:00:00.000000+00:00" || m.KeyMaterialVersion != 1 {
		t.Errorf("%+v", m)
	}
	context := map[string]string{"a": "b"}
	blob := w.encrypt("k1", "hello", context)
	do := func(what string, fn func(string) (Metadata, error), state string) {
		t.Helper()
		if m, err := fn("alias/mine"); err != nil || m.KeyState != state || m.Enabled != (state == "Enabled") {
			t.Errorf("%s: %+v, %v", what, m, err)
		}
	}
	days := func(n int) func(string) (Metadata, error) {
		return func(id string) (Metadata, error) { return w.ScheduleDeletion(id, n) }
	}
	refused := func(code string) {
		t.Helper()
		_, _, err := w.Decrypt(blob, context, "")
		wants(t, "Decrypt", err, code)
		_, err = w.Encrypt("k1", []byte("x"), nil)
		wants(t, "Encrypt", err, code)
		_, err = w.GenerateDataKey(DataKeyRequest{KeyID: "k1"})
		wants(t, "GenerateDataKey", err, code)
		_, _, _, err = w.NewDataKey("k1", nil)
		wants(t, "NewDataKey", err, code)
		_, err = w.Rotate("k1")
		wants(t, "Rotate", err, code)
	}
	w.opens(w.Keyring, blob, context, "hello")
	do("disable", w.Disable, "Disabled")
	refused(Disabled)
	do("enable", w.Enable, "Enabled")
	w.opens(w.Keyring, blob, context, "hello")
	for _, n := range []int{-1, 1, 6, 31} {
		_, err := w.ScheduleDeletion("k1", n)
		wants(t, "days", err, Validation)
	}
	do("schedule", days(7), "PendingDeletion")
	refused(InvalidState)
	_, err := w.Enable("k1")
	wants(t, "enable", err, InvalidState)
	_, err = w.Disable("k1")
	wants(t, "disable", err, InvalidState)
	_, err = w.ScheduleDeletion("k1", 7)
	wants(t, "schedule again", err, InvalidState)
	do("cancel", w.CancelDeletion, "Disabled")
	_, err = w.CancelDeletion("k1")
	wants(t, "cancel again", err, InvalidState)
	do("enable", w.Enable, "Enabled")
	w.opens(w.Keyring, blob, context, "hello")
	do("schedule", days(0), "PendingDeletion")
	if m, _ := w.Describe("k1"); m.DeletionDate != "2026-03-31T12:00:00.000000+00:00" {
		t.Errorf("%+v", m)
	}
	w.now = w.now.Add(30*24*time.Hour - time.Nanosecond)
	do("cancel in the last moment", w.CancelDeletion, "Disabled")
}

func TestDeletionTakesTheMaterial(t *testing.T) {
	for name, look := range map[string]func(w *world, blob []byte) error{
		"describe": func(w *world, _ []byte) error { _, err := w.Describe("k1"); return err },
		"decrypt":  func(w *world, blob []byte) error { _, _, err := w.Decrypt(blob, nil, ""); return err },
		"alias":    func(w *world, _ []byte) error { _, err := w.Describe("alias/mine"); return err },
		"list": func(w *world, _ []byte) error {
			if n := len(w.Keys()); n != 1 {
				return fmt.Errorf("%d keys", n)
			}
			_, err := w.Describe("k1")
			return err
		},
		"purge":  func(w *world, _ []byte) error { w.Purge(w.now); _, err := w.Describe("k1"); return err },
		"change": func(w *world, _ []byte) error { w.create("k3", ""); _, err := w.Describe("k1"); return err },
		"cancel": func(w *world, _ []byte) error { _, err := w.CancelDeletion("k1"); w.Purge(w.now); return err },
	} {
		w := newWorld(t)
		w.create("k1", "mine")
		w.create("k2", "other")
		blob := w.encrypt("k1", "hello", nil)
		if _, err := w.Rotate("k1"); err != nil {
			t.Fatal(err)
		}
		if _, err := w.ScheduleDeletion("k1", 7); err != nil {
			t.Fatal(err)
		}
		before := w.file()
		if err := w.Purge(w.now); err != nil || w.file() != before {
			t.Errorf("%s: purged too early: %v", name, err)
		}
		w.now = w.now.Add(7 * 24 * time.Hour)
		wants(t, name, look(w, blob), NotFound)
		if f := w.file(); strings.Contains(f, `"k1"`) || strings.Contains(f, "alias/mine") || !strings.Contains(f, `"k2"`) || !strings.Contains(f, "alias/other") {
			t.Errorf("%s: the file is\n%s", name, f)
		}
		w.create("k1", "") // the id is free; the old blob does not open
		_, _, err := w.Decrypt(blob, nil, "")
		wants(t, name, err, InvalidCiphertext)
	}
}

func TestNames(t *testing.T) {
	w := newWorld(t)
	w.create("k1", "alias/mine")
	w.create("k2", "")
	for _, name := range []string{"k1", "alias/mine", arnPrefix + "key/k1", arnPrefix + "alias/mine"} {
		if m, err := w.Describe(name); err != nil || m.KeyID != "k1" {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
	for name, code := range map[string]string{
		"": Validation, arnPrefix: Validation, arnPrefix + "k1": Validation, strings.Repeat("k", 3000): Validation,
		"nobody": NotFound, "alias/none": NotFound, "mine": NotFound, "key/k1": NotFound, arnPrefix + "key/": NotFound, "arn:aws:kms:local:1:key/k1": NotFound,
	} {
		_, err := w.Describe(name)
		wants(t, fmt.Sprintf("%.60q", name), err, code)
	}
	for name, err := range map[string]error{
		"space": w.CreateAlias("alias/a b", "k1"), "no prefix": w.CreateAlias("a", "k1"), "empty": w.CreateAlias("alias/", "k1"),
		"reserved": w.CreateAlias("alias/aws/s3", "k1"), "reserved update": w.UpdateAlias("alias/aws/s3", "k1"),
	} {
		wants(t, name, err, Validation)
	}
	wants(t, "taken", w.CreateAlias("alias/mine", "k2"), AlreadyExists)
	wants(t, "of nobody", w.CreateAlias("alias/new", "nobody"), NotFound)
	wants(t, "update of none", w.UpdateAlias("alias/none", "k1"), NotFound)
	wants(t, "delete of none", w.DeleteAlias("alias/none"), NotFound)
	for _, err := range []error{w.UpdateAlias("alias/mine", "k2"), w.CreateAlias("alias/more", "alias/mine")} {
		if err != nil {
			t.Error(err)
		}
	}
	if all, err := w.Aliases("k2"); err != nil || len(all) != 2 || all[0].AliasArn != arnPrefix+"alias/mine" || all[1].TargetKeyID != "k2" {
		t.Errorf("%+v, %v", all, err)
	}
	if none, err := w.Aliases("k1"); err != nil || len(none) != 0 {
		t.Errorf("%+v, %v", none, err)
	}
	if err := w.DeleteAlias("alias/mine"); err != nil {
		t.Error(err)
	}
	if all, _ := w.Aliases(""); len(all) != 1 {
		t.Errorf("%+v", all)
	}
	for _, bad := range []CreateKey{{KeyID: "a/b"}, {KeyID: "a:b"}, {KeyID: strings.Repeat("x", 257)}, {Alias: "?"}, {Alias: "aws/x"}, {Description: strings.Repeat("x", maxDescription+1)}} {
		_, err := w.Create(bad)
		wants(t, fmt.Sprintf("%.60v", bad), err, Validation)
	}
	_, err := w.Create(CreateKey{KeyID: "k1"})
	wants(t, "taken", err, AlreadyExists)
	before := w.file()
	_, err = w.Create(CreateKey{KeyID: "k9", Alias: "more"})
	wants(t, "alias taken", err, AlreadyExists)
	if w.file() != before {
		t.Error("a refused change was written")
	}
	if m := w.create("", ""); len(m.KeyID) != 36 || m.KeyID[14] != '4' {
		t.Error(m.KeyID)
	}
}

func TestRotationKeepsOldMaterial(t *testing.T) {
	w := newWorld(t)
	w.create("k", "")
	var blobs [][]byte
	for i := range 4 {
		blobs = append(blobs, w.encrypt("k", fmt.Sprint("text ", i), nil))
		if m, err := w.Rotate("k"); err != nil || m.KeyMaterialVersion != uint32(i+2) {
			t.Fatal(m, err)
		}
	}
	if _, err := w.master.Rotate(w.Rekey); err != nil {
		t.Fatal(err)
	}
	for i, b := range blobs {
		h, _ := parseBlob(b)
		if h.version != uint32(i+1) {
			t.Errorf("blob %d has version %d", i, h.version)
		}
		w.opens(w.Keyring, b, nil, fmt.Sprint("text ", i))
		w.opens(w.open(), b, nil, fmt.Sprint("text ", i))
	}
	e, err := w.ReEncrypt(ReEncrypt{Blob: blobs[0], KeyID: "k", Destination: map[string]string{"n": "1"}})
	if h, _ := parseBlob(e.Blob); err != nil || h.version != 5 || e.KeyID != "k" || e.SourceKeyID != "k" {
		t.Errorf("%+v, %v", e, err)
	}
	w.opens(w.Keyring, e.Blob, map[string]string{"n": "1"}, "text 0")
	// A version that is not there.
	forged := slices.Clone(blobs[0])
	forged[len(blobMagic)+blobHeader+1+3] = 77
	_, _, err = w.Decrypt(forged, nil, "")
	wants(t, "no such version", err, InvalidCiphertext)
	forged[len(blobMagic)+blobHeader+1+3] = 2
	_, _, err = w.Decrypt(forged, nil, "")
	wants(t, "another version", err, InvalidCiphertext)
}

func TestCrypt(t *testing.T) {
	w := newWorld(t)
	w.create("k1", "")
	w.create("k2", "")
	context := map[string]string{"a": "b"}
	blob := w.encrypt("k1", "hello", context)
	for i := range blob {
		blob[i] ^= 1
		if _, _, err := w.Decrypt(blob, context, ""); err == nil {
			t.Errorf("byte %d may be anything", i)
		}
		blob[i] ^= 1
		if _, _, err := w.Decrypt(blob[:i], context, ""); err == nil {
			t.Errorf("cut at %d", i)
		}
	}
	_, _, err := w.Decrypt(blob, nil, "")
	wants(t, "no context", err, InvalidCiphertext)
	_, _, err = w.Decrypt(blob, context, "k2")
	wants(t, "another key", err, IncorrectKey)
	if _, id, err := w.Decrypt(blob, context, arnPrefix+"key/k1"); err != nil || id != "k1" {
		t.Error(id, err)
	}
	_, err = w.ReEncrypt(ReEncrypt{Blob: blob, KeyID: "k2", Source: context, SourceKeyID: "k2"})
	wants(t, "another source", err, IncorrectKey)
	_, _, err = w.Decrypt(make([]byte, maxBlob+1), nil, "")
	wants(t, "too long", err, InvalidCiphertext)
	_, err = w.Encrypt("k1", nil, nil)
	wants(t, "nothing", err, Validation)
	_, err = w.Encrypt("k1", make([]byte, maxPlaintext+1), nil)
	wants(t, "too much", err, Validation)
	_, _, err = w.Decrypt(w.encrypt("k1", strings.Repeat("x", maxPlaintext), nil), nil, "")
	if err != nil {
		t.Error(err)
	}
}

func TestDataKeys(t *testing.T) {
	w := newWorld(t)
	w.lo, w.hi = 8, 64
	w.create("k", "")
	for _, c := range []struct {
		spec string
		n    int
		want int // 0: refused
	}{{"", 0, 32}, {"AES_256", 0, 32}, {"AES_128", 0, 16}, {"", 8, 8}, {"", 64, 64}, {"", 7, 0}, {"", 65, 0}, {"", -1, 0}, {"AES_512", 0, 0}, {"AES_256", 32, 0}} {
		dk, err := w.GenerateDataKey(DataKeyRequest{KeyID: "k", Spec: c.spec, Bytes: c.n})
		if c.want == 0 {
			wants(t, fmt.Sprint(c), err, Validation)
			continue
		}
		if err != nil || len(dk.Plain) != c.want || dk.KeyID != "k" {
			t.Errorf("%v: %d bytes, %v", c, len(dk.Plain), err)
		}
		w.opens(w.Keyring, dk.Blob, nil, string(dk.Plain)) // what is wrapped is what is shown
	}
	m, err := w.Materials("k", nil)
	if err != nil || m.Algorithm != "AES-256-GCM" || m.KeyWrapAlgorithm != "kms" || m.KeyID != "k" || len(m.PlaintextKey) != 32 {
		t.Error(m, err)
	}
	w.opens(w.Keyring, m.EncryptedKey, nil, string(m.PlaintextKey))
}

func TestObjectKeys(t *testing.T) {
	w := newWorld(t)
	context := map[string]string{"aws:s3:arn": "arn:aws:s3:::b"}
	plain, blob, arn, err := w.NewDataKey("", context)
	if err != nil || plain == [32]byte{} || !strings.HasPrefix(arn, arnPrefix+"key/") {
		t.Fatal(arn, err)
	}
	_, _, again, err := w.NewDataKey("", nil)
	if err != nil || again != arn || len(w.Keys()) != 1 {
		t.Errorf("a second default key: %s, %v", again, err)
	}
	if got, err := w.OpenDataKey(blob, context); err != nil || got != plain {
		t.Error(err)
	}
	_, err = w.OpenDataKey(blob, nil)
	wants(t, "context", err, InvalidCiphertext)
	_, err = w.OpenDataKey(w.encrypt(arn, "short", nil), nil)
	if !fault.Is(err, fault.Corrupted) {
		t.Error(err)
	}
	other := w.open()
	if _, err := other.Disable(arn); err != nil {
		t.Fatal(err)
	}
	_, err = w.OpenDataKey(blob, context)
	wants(t, "disabled by another process", err, Disabled)
}

func TestClient(t *testing.T) {
	key := ClientKey()
	c, nonce, err := ClientEncrypt(key, []byte("hello"))
	if err != nil || len(nonce) != 12 || len(c) != 5+16 {
		t.Fatal(err)
	}
	if p, err := ClientDecrypt(key, c, nonce); err != nil || string(p) != "hello" {
		t.Error(err)
	}
	_, err = ClientDecrypt(ClientKey(), c, nonce)
	wants(t, "another key", err, InvalidCiphertext)
	for _, bad := range [][3][]byte{{key[:16], c, nonce}, {key, c, nonce[:4]}, {key, make([]byte, maxClient+17), nonce}} {
		_, err = ClientDecrypt(bad[0], bad[1], bad[2])
		wants(t, "bad lengths", err, Validation)
	}
	_, _, err = ClientEncrypt(key[:5], nil)
	wants(t, "short key", err, Validation)
	_, _, err = ClientEncrypt(key, make([]byte, maxClient+1))
	wants(t, "long text", err, Validation)
	for n, want := range map[int]int{0: 32, 1: 1, 1024: 1024} {
		if b, err := GenerateRandom(n); err != nil || len(b) != want {
			t.Error(n, len(b), err)
		}
	}
	for _, n := range []int{-1, 1025} {
		_, err := GenerateRandom(n)
		wants(t, "random", err, Validation)
	}
}

func TestUnknownMembersSurvive(t *testing.T) {
	w := newWorld(t)
	w.create("k", "a")
	f := w.file()
	f = strings.Replace(f, `"KeyId": "k"`, `"KeyId": "k", "Color": {"x": [1, 2.50]}`, 1)
	f = strings.Replace(f, `"AliasName"`, `"Flavour": null, "AliasName"`, 1)
	f = strings.Replace(f, `"keys"`, `"Top": "<&>", "keys"`, 1)
	w.write(f)
	if _, err := w.UpdateDescription("k", "new"); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Top  string
		Keys []struct {
			Color       json.RawMessage
			Description string
		} `json:"keys"`
		Aliases []map[string]any `json:"aliases"`
	}
	if err := json.Unmarshal([]byte(w.file()), &got); err != nil {
		t.Fatal(err)
	}
	var color bytes.Buffer
	json.Compact(&color, got.Keys[0].Color)
	if _, ok := got.Aliases[0]["Flavour"]; !ok || got.Top != "<&>" || color.String() != `{"x":[1,2.50]}` || got.Keys[0].Description != "new" {
		t.Errorf("%s", w.file())
	}
	if info, err := os.Stat(w.keysFile()); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
}

func TestDamagedAndForeignFiles(t *testing.T) {
	w := newWorld(t)
	w.create("k", "")
	blob, good := w.encrypt("k", "hello", nil), w.file()
	for name, text := range map[string]string{
		"half": good[:len(good)/2], "array": "[]", "null": "null", "no id": `{"keys":[{}]}`, "null key": `{"keys":[null]}`, "null alias": `{"aliases":[null]}`,
		"twice": `{"keys":[{"KeyId":"a"},{"KeyId":"a"}]}`, "date": `{"keys":[{"KeyId":"a","KeyState":"PendingDeletion","DeletionDate":"soon"}]}`,
	} {
		w.write(text)
		w.opens(w.Keyring, blob, nil, "hello")
		if w.Fault() == nil {
			t.Errorf("%s: no fault", name)
		}
		if _, err := w.tryOpen(); err == nil {
			t.Errorf("%s opens", name)
		}
		if w.file() != text {
			t.Errorf("%s was overwritten", name)
		}
	}
	w.write(good)
	w.opens(w.open(), blob, nil, "hello")
	// A state that a later release may bring is no licence to use the key.
	w.write(strings.Replace(good, `"KeyState": "Enabled"`, `"KeyState": "PendingImport"`, 1))
	_, _, err := w.Decrypt(blob, nil, "")
	wants(t, "an unknown state", err, InvalidState)
	// One key whose material is damaged does not stop the others.
	w.write(good)
	w.create("k2", "")
	blob2 := w.encrypt("k2", "two", nil)
	m := w.get().Keys[0].EncryptedKeyMaterial
	w.write(strings.Replace(w.file(), m, "AAAA"+m[4:], 1))
	again := w.open()
	w.opens(again, blob2, nil, "two")
	if _, _, err := again.Decrypt(blob, nil, ""); !fault.Is(err, fault.Corrupted) {
		t.Error(err)
	}
	if !strings.Contains(w.log.String(), "key=k ") && !strings.Contains(w.log.String(), "key=k\n") {
		t.Error("the log does not tell of it")
	}
	if err := again.Rekey(masterID([32]byte{})); err == nil {
		t.Error("moved to a master key that nobody has")
	}
}

// Changes that fail leave the file and the keys as they were. A name so long that its temporary file cannot be made is a disk that fails.
func TestFailedWrites(t *testing.T) {
	w := newWorld(t)
	w.create("k", "")
	long := filepath.Join(w.dir, strings.Repeat("n", 245))
	if err := os.WriteFile(long, []byte(w.file()), 0o600); err != nil {
		t.Fatal(err)
	}
	before := w.file()
	k, err := Open(Options{Path: long, Master: w.master})
	if err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"create": func() error { _, err := k.Create(CreateKey{}); return err }(), "disable": func() error { _, err := k.Disable("k"); return err }(),
		"rotate": func() error { _, err := k.Rotate("k"); return err }(), "alias": k.CreateAlias("alias/x", "k"),
		"rekey": func() error { id, _, _ := w.master.Current(); return k.Rekey(id) }(),
	} {
		if err == nil {
			t.Errorf("%s succeeded", name)
		}
	}
	if _, err := k.Encrypt("k", []byte("x"), nil); err != nil || len(k.Keys()) != 1 {
		t.Error("the key is gone:", err)
	}
	if b, _ := os.ReadFile(long); string(b) != before {
		t.Error("the file has changed")
	}
}

func TestConcurrentChanges(t *testing.T) {
	w := newWorld(t)
	w.create("shared", "")
	rings := []*Keyring{w.Keyring, w.open(), w.open()}
	const made = 40
	var wg sync.WaitGroup
	for i := range made {
		k := rings[i%len(rings)]
		wg.Go(func() {
			if _, err := k.Create(CreateKey{KeyID: fmt.Sprint("k", i), Alias: fmt.Sprint("a", i)}); err != nil {
				t.Error(err)
			}
			if i%10 == 0 {
				if _, err := k.Rotate("shared"); err != nil {
					t.Error(err)
				}
			}
			if _, err := k.Encrypt("shared", []byte("x"), nil); err != nil {
				t.Error(err)
			}
			if _, _, _, err := k.NewDataKey("", nil); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, k := range append(rings, w.open()) {
		aliases, err := k.Aliases("")
		if n := len(k.Keys()); n != made+2 || len(aliases) != made+1 || err != nil {
			t.Errorf("%d keys, %d aliases, %v", n, len(aliases), err)
		}
		if m, err := k.Describe("shared"); err != nil || m.KeyMaterialVersion != 1+made/10 {
			t.Errorf("%+v, %v", m, err)
		}
	}
}

// No key, in any of its usual forms, lies in a file or a log other than the master key's own.
func TestNothingSecretOnTheDisk(t *testing.T) {
	w := newWorld(t)
	w.create("k", "")
	dk, err := w.GenerateDataKey(DataKeyRequest{KeyID: "k"})
	if err != nil {
		t.Fatal(err)
	}
	_, master, _ := w.master.Current()
	d := w.get()
	material, err := d.Keys[0].open(master, 1)
	if err != nil {
		t.Fatal(err)
	}
	w.write("{")
	w.get()
	w.create("k2", "")
	slog.New(slog.NewJSONHandler(&w.log, nil)).Info("x", "dk", dk, "p", dk.Plain, "list", []Plaintext{dk.Plain})
	fmt.Fprintf(&w.log, "%v %+v %#v %s %x %d", dk, dk, dk.Plain, dk.Plain, dk.Plain, dk.Plain)
	j, _ := json.Marshal(dk)
	w.log.Write(j)
	files, _ := filepath.Glob(filepath.Join(w.dir, "*"))
	hay := map[string][]byte{"log": w.log.Bytes()}
	for _, f := range files {
		if filepath.Base(f) != "master.key" {
			hay[f], _ = os.ReadFile(f)
		}
	}
	if len(hay) < 3 {
		t.Fatalf("%v", files)
	}
	for what, secret := range map[string][]byte{"master": master[:], "material": material[:], "data key": dk.Plain} {
		b64, _ := json.Marshal([]byte(secret))
		for _, form := range [][]byte{secret, b64[1 : len(b64)-2], fmt.Appendf(nil, "%x", []byte(secret)), []byte(strings.Trim(fmt.Sprint([]byte(secret)), "[]"))} {
			for name, text := range hay {
				if bytes.Contains(text, form) {
					t.Errorf("the %s lies in %s", what, name)
				}
			}
		}
	}
}

func FuzzBlob(f *testing.F) {
	for _, c := range ciphertexts(f) {
		f.Add(c.Ciphertext)
	}
	f.Add([]byte(blobMagic + "\x00\x01k\x00\x00\x00\x01" + strings.Repeat("x", 40)))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, ok := parseBlob(b)
		if !ok {
			return
		}
		if len(h.keyID) == 0 || len(h.rest) <= gcm.NonceSize+gcm.TagSize || len(h.raw)+len(h.rest) > len(b) || h.raw != nil && !bytes.Equal(append(slices.Clone(h.raw), h.rest...), b) {
			t.Fatalf("%x: %+v", b, h)
		}
	})
}

func FuzzDocument(f *testing.F) {
	b, _ := os.ReadFile("testdata/0.4.0/kms_keys.json")
	f.Add(b)
	f.Add([]byte(`{"keys":[{"KeyId":"a","x":1,"DeletionDate":"2026-01-01T00:00:00Z","OldKeyMaterial":[{"Version":1}]}],"aliases":[{"AliasName":"alias/a","y":{}}],"z":null}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := decode(b)
		if err != nil {
			return
		}
		once, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		d2, err := decode(once)
		if err != nil {
			t.Fatalf("%s became %s: %v", b, once, err)
		}
		if twice, _ := json.Marshal(d2); !bytes.Equal(once, twice) {
			t.Fatalf("%s\n%s", once, twice)
		}
		for _, k := range d.Keys {
			k.open([32]byte{}, 1)
		}
		d.purge(time.Now())
	})
}
