package policy

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"myfsio/fault"
)

// FuzzParse: no document makes the parser panic, what it takes is taken again without its blanks and gives the same
// verdicts, and what it refuses is refused as MalformedPolicy.
func FuzzParse(f *testing.F) {
	for seed := range 20 {
		d := dice{rand.New(rand.NewPCG(uint64(seed), 3))}
		f.Add(d.document(Bucket), uint8(Bucket), uint64(seed))
		f.Add(d.document(User), uint8(User), uint64(seed))
	}
	f.Add([]byte(strings.Repeat("[", 100)), uint8(0), uint64(0))
	f.Fuzz(func(t *testing.T, doc []byte, k uint8, seed uint64) {
		kind := Kind(k % 3)
		p, err := Parse(doc, kind, "b")
		if err != nil {
			if fe, ok := err.(*fault.Error); !ok || fe.Code != "MalformedPolicy" || fe.Msg == "" {
				t.Fatalf("%q: %#v", doc, err)
			}
			return
		}
		var b bytes.Buffer
		if err := json.Compact(&b, doc); err != nil {
			t.Fatalf("%q is taken and is not JSON: %v", doc, err)
		}
		again, err := Parse(b.Bytes(), kind, "b")
		if err != nil {
			t.Fatalf("%q is taken, and without blanks refused: %v", doc, err)
		}
		if p.Public() != again.Public() {
			t.Errorf("%q: public differs", doc)
		}
		d := dice{rand.New(rand.NewPCG(seed, 4))}
		for range 5 {
			r := d.request()
			if v, w := p.Eval(r), again.Eval(r); v != w {
				t.Errorf("%q: %v, then %v", doc, v, w)
			}
		}
	})
}
