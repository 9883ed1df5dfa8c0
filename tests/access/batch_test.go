package access

import (
	"encoding/xml"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// body sends a request of a person and returns the status and body of the answer.
func (w *world) body(p person, q request) (int, []byte) {
	wy := byHeader
	if p.anonymous() {
		wy = anonymously
	}
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, wy.make(&q, w.as(p)))
	return rec.Code, rec.Body.Bytes()
}

// TestDeleteObjectsByKey: of a batch, those keys are deleted that each one may delete, and the others are refused.
func TestDeleteObjectsByKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	for _, p := range inS3 {
		for _, b := range buckets {
			q := request{method: "POST", target: "/" + b.name + "?delete", headers: []string{md5Header}, bucket: b.name,
				body: "<Delete><Object><Key>bob/k</Key></Object><Object><Key>dir/k</Key></Object><Object><Key>bob/tagged</Key></Object></Delete>"}
			status, body := w.body(p, q)
			var doc struct {
				Deleted []string `xml:"Deleted>Key"`
				Error   []struct{ Key, Code string }
			}
			if err := xml.Unmarshal(body, &doc); err != nil || status != 200 {
				t.Fatalf("%s in %s: status %d, %v\n%s", p.name, b.name, status, err, body)
			}
			var want, refused []string
			for _, key := range []string{"bob/k", "dir/k", "bob/tagged"} {
				dir, _, _ := strings.Cut(key, "/")
				if (model{}).right(p, need{action: "s3:DeleteObject", place: at(b.name, dir+"/", "", "")}) {
					want = append(want, key)
				} else {
					refused = append(refused, key+" AccessDenied")
				}
			}
			var got []string
			for _, e := range doc.Error {
				got = append(got, e.Key+" "+e.Code)
			}
			if !slices.Equal(doc.Deleted, want) || !slices.Equal(got, refused) {
				t.Errorf("%s in %s: deleted %q, refused %q; want %q and %q", p.name, b.name, doc.Deleted, got, want, refused)
			}
			if w.changed() != (len(want) > 0) {
				t.Errorf("%s in %s: deleted %q, and what is stored says otherwise", p.name, b.name, doc.Deleted)
			}
		}
	}
}

// TestListBucketsShows: the list of buckets shows one's own and those that one may list, and no others.
func TestListBucketsShows(t *testing.T) {
	t.Parallel()
	for _, strict := range []bool{false, true} {
		w := newWorld(t, strict)
		for _, p := range inS3 {
			if p.anonymous() {
				continue
			}
			var want []string
			for _, b := range buckets {
				n := need{action: "s3:ListBucket", place: at(b.name, "dir/", "", "")}
				if (model{strict}).right(p, n) || b.owner == p.user && p.keeps == nil {
					want = append(want, b.name)
				}
			}
			slices.Sort(want)
			var doc struct {
				Names []string `xml:"Buckets>Bucket>Name"`
			}
			status, body := w.body(p, request{method: "GET", target: "/"})
			if err := xml.Unmarshal(body, &doc); err != nil || status != 200 {
				t.Fatalf("%s: status %d, %v", p.name, status, err)
			}
			if !slices.Equal(doc.Names, want) {
				t.Errorf("strict=%t: %s sees %q, want %q", strict, p.name, doc.Names, want)
			}
		}
	}
}

// TestNoBucket: an anonymous request is not told that there is no such bucket, whatever it asks; nobody gets anything.
func TestNoBucket(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	none := place{bucket: bucket{name: "none"}, dir: "dir/"}
	for i := range shapes {
		s := &shapes[i]
		if !s.inPlace() || s.op == "CreateBucket" {
			continue
		}
		for _, p := range inS3 {
			wy := byHeader
			if p.anonymous() {
				wy = anonymously
			}
			q := w.requestAt(s, none).settled()
			got, err := w.send(q, wy, w.as(p))
			switch {
			case err != nil && !strings.HasPrefix(got.answer, "400"): // there is no version to name in the request
				t.Errorf("%s by %s: %v", s.title(), p.name, err)
			case p.anonymous() && got.allowed:
				t.Errorf("%s by %s: %s", s.title(), p.name, got)
			case got.allowed && strings.HasPrefix(got.answer, "2"):
				t.Errorf("%s by %s: %s", s.title(), p.name, got)
			}
			if w.changed() {
				t.Errorf("%s by %s changed something", s.title(), p.name)
			}
		}
	}
}

// TestClosedToPolicyWriters: a policy that denies everything keeps out those who have the word policy and are neither the owner nor
// administrators.
func TestClosedToPolicyWriters(t *testing.T) {
	t.Parallel()
	p := only("policy")
	w := newWorld(t, false, newUser(p.user, rulesOf(p.user)))
	for i := range shapes {
		s := &shapes[i]
		if !strings.Contains(s.request, "?policy") {
			continue
		}
		if got := w.try(s, at("closed", "dir/", "closed", ""), p, byHeader); got.allowed {
			t.Errorf("%s: %s", s.title(), got)
		}
		if got := w.try(s, foreign, p, byHeader); !got.allowed {
			t.Errorf("%s in a bucket that is not closed: %s", s.title(), got)
		}
	}
}
