package access

import (
	"fmt"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"myfsio/gate"
)

// cell is what became of a request.
type cell struct {
	allowed bool
	answer  string // status and, of an error, its code
}

func (c cell) String() string {
	if c.allowed {
		return "allowed, " + c.answer
	}
	return "refused, " + c.answer
}

var errorCode = regexp.MustCompile(`<Code>([^<]*)</Code>|"(?:code|__type)":"([^"]*)"`)

// send makes a request and tells what became of it. A refusal must say AccessDenied.
func (w *world) send(q request, wy way, c credentials) (cell, error) {
	r := wy.make(&q, c)
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, r)
	code := ""
	if m := errorCode.FindSubmatch(rec.Body.Bytes()); m != nil {
		code = string(m[1]) + string(m[2])
	}
	out := cell{answer: strings.TrimSpace(strconv.Itoa(rec.Code) + " " + code)}
	switch {
	case code == "AccessDenied" && (rec.Code == 403 || rec.Code == 200), rec.Code == 403 && q.method == "HEAD":
		return out, nil
	case code == "AccessDeniedException" && rec.Code == 403, code == "MissingAuthenticationTokenException" && wy.name == anonymously.name: // the words of keys
		return out, nil
	case code == "MissingAuthenticationToken" && wy.name == anonymously.name: // the words of the service for temporary credentials
		return out, nil
	case rec.Code == 403 || rec.Code == 500:
		return out, fmt.Errorf("%s: %s", out.answer, rec.Body)
	case rec.Code == 400 && code != "InvalidRequest" && code != "InvalidCiphertextException": // which says that the bucket is not in a state for it
		return out, fmt.Errorf("the shape is not a whole request: %s: %s", out.answer, rec.Body)
	}
	out.allowed = true
	return out, nil
}

// try makes a request of a shape at a place, and leads back to where the world was.
func (w *world) try(s *shape, pl place, p person, wy way) cell {
	q := w.requestAt(s, pl)
	if !wy.form {
		q = q.settled()
	}
	got, err := w.send(q, wy, w.as(p))
	where := fmt.Sprintf("%s at %s, %s by %s", s.title(), pl.title, p.name, wy.name)
	if err != nil {
		w.t.Errorf("%s: %v", where, err)
	}
	if want := gate.Lookup(s.op); w.op != s.op && (want == nil || w.op != want.State.Alias) && got.allowed {
		w.t.Errorf("%s: the request led to %q", where, w.op)
	}
	if q.method != "GET" && q.method != "HEAD" && w.changed() && !got.allowed {
		w.t.Errorf("%s: %s, and yet something was changed", where, got)
	}
	return got
}

// ways are those in which a person can make a request of a shape.
func waysOf(s *shape, p person) []way {
	if p.anonymous() {
		return []way{anonymously}
	}
	var out []way
	for _, wy := range every {
		if !wy.form || s.fields != "" {
			out = append(out, wy)
		}
	}
	return out
}

// firstWay is the one that the others agree with.
func firstWay(s *shape, p person) []way { return waysOf(s, p)[:1] }

// decide tries a shape at a place for a person in every way, all of which must agree.
func (w *world) decide(s *shape, pl place, p person, ways []way) (got cell, tries int) {
	q := w.requestAt(s, pl)
	for i, wy := range ways {
		c := w.try(s, pl, p, wy)
		tries++
		switch {
		case wy.name == byV2.name && !q.coversV2():
			if c.allowed {
				w.t.Errorf("%s at %s, %s: Signature V2 does not cover the request, and yet it was %s", s.title(), pl.title, p.name, c)
			}
		case i == 0:
			got = c
		case c.allowed != got.allowed || !wy.form && c.answer != got.answer:
			w.t.Errorf("%s at %s, %s: %s by %s and %s by %s", s.title(), pl.title, p.name, got, ways[0].name, c, wy.name)
		}
	}
	return got, tries
}

// table is the answers of the server: by place and shape, one for each column.
type table map[string][]row

type row struct {
	shape *shape
	cells []cell
}

// shapesAt are those that are tried at a place. Where nothing is special about the bucket, it is only what is about objects.
func shapesAt(pl place) (out []*shape) {
	for i := range shapes {
		s := &shapes[i]
		switch {
		case !s.inPlace():
		case (pl.dir == "bob/" || pl.written) && !s.inDirectory(): // the same as beside it
		default:
			out = append(out, s)
		}
	}
	return out
}

// atService are those that are about no bucket that is there.
func atService() (out []*shape) {
	for i := range shapes {
		if s := &shapes[i]; !s.inPlace() {
			out = append(out, s)
		}
	}
	return out
}

const service = "service"

// ask fills the table, all places at a time, and holds it to the model.
func ask(t *testing.T, strict bool, ways func(*shape, person) []way) table {
	out := table{}
	var mu sync.Mutex
	cells, tries := 0, 0
	list := append([]place{at("own", "dir/", service, "")}, places...)
	t.Run("places", func(t *testing.T) {
		for _, pl := range list {
			t.Run(pl.title, func(t *testing.T) {
				t.Parallel()
				todo := shapesAt(pl)
				if pl.title == service {
					todo = atService()
				}
				rows, n := askAt(newWorld(t, strict), pl, todo, ways)
				mu.Lock()
				defer mu.Unlock()
				out[pl.title] = rows
				cells += len(rows) * len(inS3)
				tries += n
			})
		}
	})
	t.Logf("%d cells, %d requests", cells, tries)
	return out
}

func askAt(w *world, pl place, todo []*shape, ways func(*shape, person) []way) (rows []row, tries int) {
	m := model{w.strict}
	for _, s := range todo {
		r := row{shape: s}
		for _, p := range inS3 {
			got, n := w.decide(s, pl, p, ways(s, p))
			tries += n
			if want := m.may(p, s, pl); got.allowed != want {
				w.t.Errorf("%s at %s, %s: %s, but by the rules allowed=%t", s.title(), pl.title, p.name, got, want)
			}
			r.cells = append(r.cells, got)
		}
		rows = append(rows, r)
	}
	return rows, tries
}

// TestEveryOperationHasAShape fails for an operation that was added without a row here.
func TestEveryOperationHasAShape(t *testing.T) {
	has := map[string]bool{}
	for i := range shapes {
		s := &shapes[i]
		has[s.op] = true
		switch op := gate.Lookup(s.op); {
		case op == nil:
			t.Errorf("%s is no operation of the gate", s.op)
		case s.onObject() != (op.Scope == gate.Object) || !s.inPlace() && op.Scope == gate.Object:
			t.Errorf("%s is an operation on the %s, and its request is %s", s.title(), op.Scope, s.request)
		}
	}
	for i := range adminShapes {
		has[adminShapes[i].op] = true
		if gate.Admin(adminShapes[i].op) == nil {
			t.Errorf("%s is no operation of the gate", adminShapes[i].op)
		}
	}
	for _, list := range [][]gate.Op{gate.Ops(), gate.AdminOps()} {
		for _, op := range list {
			if !has[op.Name] {
				t.Errorf("%s has no row in tests/access: who may use it is not known", op.Name)
			}
			if op.VersionAction != "" && !versionRow(op) {
				t.Errorf("%s takes a version and has no row with one", op.Name)
			}
		}
	}
}

// versionRow reports whether an operation has a row that names a version.
func versionRow(op gate.Op) bool {
	for i := range shapes {
		if s := &shapes[i]; s.op == op.Name && (strings.Contains(s.request, "versionId=") || strings.Contains(s.body, "VersionId")) {
			return true
		}
	}
	return false
}
