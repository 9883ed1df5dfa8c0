package bucketpolicy

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"myfsio/docstore"
	"myfsio/iam/policy"
)

func doc(bucket, action string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":%q,"Resource":["arn:aws:s3:::%s","arn:aws:s3:::%s/*"]}]}`, action, bucket, bucket)
}

func open(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// reads reports whether anonymous may read an object of the bucket.
func reads(s *Store, bucket string) policy.Decision {
	_, p, ok := s.Get(bucket)
	if !ok {
		return policy.Silent
	}
	return p.Eval(&policy.Request{Action: policy.Lookup("s3:GetObject"), Bucket: bucket, Key: "k"}).Decision
}

func TestPutIsDurableAndActsAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config", "bucket_policies.json")
	s := open(t, path)
	if err := s.Put("photos", []byte(" "+doc("photos", "s3:GetObject")+"\n")); err != nil {
		t.Fatal(err)
	}
	for _, st := range []*Store{s, open(t, path)} {
		raw, _, ok := st.Get("photos")
		if !ok || string(raw) != doc("photos", "s3:GetObject") {
			t.Errorf("got %s %v", raw, ok)
		}
		if d := reads(st, "photos"); d != policy.Allow {
			t.Errorf("the policy decides %v", d)
		}
	}
	if err := s.Delete("photos"); err != nil {
		t.Fatal(err)
	}
	if d := reads(open(t, path), "photos"); d != policy.Silent {
		t.Errorf("after Delete it decides %v", d)
	}
}

func TestMalformedPolicyIsRefused(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "p.json"))
	for _, raw := range []string{"", "{", "[]", `{"Statement":[]}`, doc("other", "s3:GetObject"), doc("photos", "s3:Nonsense")} {
		if err := s.Put("photos", []byte(raw)); err == nil {
			t.Errorf("%s was taken", raw)
		}
	}
	if _, _, ok := s.Get("photos"); ok {
		t.Error("something was stored")
	}
}

func TestEditByHandActsOnTheNextRequest(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p.json")
	s := open(t, path)
	if err := s.Put("photos", []byte(doc("photos", "s3:ListBucket"))); err != nil {
		t.Fatal(err)
	}
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"policies":{"photos":` + doc("photos", "s3:GetObject") + `},"note":"mine"}`)
	if d := reads(s, "photos"); d != policy.Allow {
		t.Fatalf("after the edit it decides %v", d)
	}
	whole := `{"policies":{"photos":` + doc("photos", "s3:ListBucket") + `}}`
	for n := range len(whole) { // a file that is half written changes nothing
		write(whole[:n])
		if d := reads(s, "photos"); d != policy.Allow {
			t.Fatalf("with the first %d bytes it decides %v", n, d)
		}
	}
	write(`{"policies":{"photos":` + doc("photos", "s3:GetNonsense") + `}}`)
	if d := reads(s, "photos"); d != policy.Allow {
		t.Errorf("with a policy that does not parse it decides %v", d)
	}
	if err := s.Fault(); !errors.Is(err, docstore.ErrDamaged) {
		t.Errorf("fault %v", err)
	}
	write(whole)
	if d := reads(s, "photos"); d != policy.Silent {
		t.Errorf("after mending it decides %v", d)
	}
}

func TestUnknownMembersAreKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p.json")
	if err := os.WriteFile(path, []byte(`{"note":"mine","policies":{}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := open(t, path).Put("photos", []byte(doc("photos", "s3:GetObject"))); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(b), `"note": "mine"`) {
		t.Errorf("%s %v", b, err)
	}
}

func TestABrokenPolicyAtTheStartClosesItsBucketAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p.json")
	broken := `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::shut/*","Condition":{"NoSuchOperator":{"aws:SourceIp":"10.0.0.0/8"}}}]}`
	text := `{"policies":{"shut":` + broken + `,"photos":` + doc("photos", "s3:GetObject") + `}}`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, path)
	if d := reads(s, "shut"); d != policy.Deny {
		t.Errorf("the broken policy decides %v", d)
	}
	if s.Broken("shut") == nil || s.Broken("photos") != nil {
		t.Errorf("broken: %v, %v", s.Broken("shut"), s.Broken("photos"))
	}
	if d := reads(s, "photos"); d != policy.Allow {
		t.Errorf("the good policy decides %v", d)
	}
	// Changes of others go on, and what could not be understood stays as it was written.
	if err := s.Put("more", []byte(doc("more", "s3:GetObject"))); err != nil {
		t.Fatal(err)
	}
	raw, _, _ := open(t, path).Get("shut")
	if string(raw) != broken {
		t.Errorf("the broken policy became %s", raw)
	}
	if err := s.Put("shut", []byte(doc("shut", "s3:GetObject"))); err != nil {
		t.Fatal(err)
	}
	if d := reads(s, "shut"); d != policy.Allow || s.Broken("shut") != nil {
		t.Errorf("after mending it decides %v, %v", d, s.Broken("shut"))
	}
}

func TestDamagedFileAtTheStartIsLeftAlone(t *testing.T) {
	for _, text := range []string{"{", "[]", "null", `{"policies":[]}`} {
		path := filepath.Join(t.TempDir(), "p.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(Options{Path: path}); err == nil {
			t.Errorf("%s was opened", text)
		}
		if b, _ := os.ReadFile(path); string(b) != text {
			t.Errorf("%s became %s", text, b)
		}
	}
}

func TestConcurrentChangesLoseNone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p.json")
	stores := []*Store{open(t, path), open(t, path)} // as of two processes
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			name := fmt.Sprintf("bucket%d", i)
			if err := stores[i%2].Put(name, []byte(doc(name, "s3:GetObject"))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	var f struct{ Policies map[string]json.RawMessage }
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &f); err != nil || len(f.Policies) != 100 {
		t.Errorf("%d policies, %v", len(f.Policies), err)
	}
}

func BenchmarkGet(b *testing.B) {
	s, err := Open(Options{Path: filepath.Join(b.TempDir(), "p.json")})
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Put("photos", []byte(doc("photos", "s3:GetObject"))); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		s.Get("photos")
	}
}
