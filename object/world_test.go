package object_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"myfsio/blob"
	"myfsio/blob/memblob"
	"myfsio/fault"
	"myfsio/internal/model"
	"myfsio/kv"
	"myfsio/kv/memkv"
	"myfsio/object"
)

// Small limits, so that small programs meet every path.
const (
	testInline  = 64
	testMinPart = 16
)

// world is a store and the model of it, which do the same things.
type world struct {
	ctx           context.Context
	cfg           object.Config
	s             *object.Store
	m             *model.Model
	clock, latest time.Time
	floor         time.Time // the clock does not go back behind this: what an earlier process numbered comes before it

	model map[string]string // version and upload ids: real to model
	real  map[string]string
	log   []string // what was done

	view map[[2]string][]byte // what a worker that follows the queue has shown, by bucket and key

	versions map[string][]string // model ids ever given out, by bucket and key
	uploads  []object.Upload     // ever begun, with model ids
	seen     scanned             // the scan before
	keys     keeper
}

var epoch = time.Date(2024, 2, 29, 23, 59, 58, 123456789, time.UTC)

// newWorld makes a store over these engines and an empty model.
func newWorld(db kv.DB, blobs blob.Store) (*world, error) {
	w := &world{
		ctx: context.Background(), clock: epoch,
		model: map[string]string{}, real: map[string]string{}, versions: map[string][]string{}, view: map[[2]string][]byte{},
	}
	now := func() time.Time { return w.clock }
	w.m = &model.Model{Now: now, MinPart: testMinPart}
	w.cfg = object.Config{KV: db, Blobs: blobs, Inline: testInline, MinPartSize: testMinPart, View: true, Now: now, Keys: w.keys.keys(), Encrypt: true}
	return w, w.restart()
}

// restart makes a new store over the same engines, as a process that begins.
func (w *world) restart() (err error) {
	if w.clock.Before(w.latest) { // what one process numbered stays in order in the next only as far as the clock does
		w.clock = w.latest
	}
	w.floor = w.clock.Add(time.Millisecond)
	w.clock = w.clock.Add(time.Second)
	w.latest = w.clock
	w.s, err = object.New(w.ctx, w.cfg)
	return err
}

func memWorld(t testing.TB) *world {
	t.Helper()
	w, err := newWorld(memkv.New(), memblob.New())
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// pair records that both ids name the same thing.
func (w *world) pair(modelID, realID string) error {
	if modelID == "" || modelID == object.NullVersion || realID == "" || realID == object.NullVersion {
		if modelID != realID {
			return fmt.Errorf("id is %q, the model says %q", realID, modelID)
		}
		return nil
	}
	if old, ok := w.model[realID]; ok && old != modelID {
		return fmt.Errorf("id %q of %s was given out for %s before", realID, modelID, old)
	}
	w.model[realID], w.real[modelID] = modelID, realID
	return nil
}

// toReal translates a model id in a request.
func (w *world) toReal(id string) string {
	if r, ok := w.real[id]; ok {
		return r
	}
	return id
}

// toModel translates a real id in a result.
func (w *world) toModel(id string) string {
	if m, ok := w.model[id]; ok {
		return m
	}
	return id
}

// same compares results and errors of the store and the model.
func (w *world) same(what string, got any, gotErr error, want any, wantErr error) error {
	if g, m := kindText(gotErr), kindText(wantErr); g != m {
		return fmt.Errorf("%s: error %s (%v), the model says %s", what, g, gotErr, m)
	}
	g, m := w.text(got), w.text(want)
	if gotErr == nil && g != m {
		return fmt.Errorf("%s:\n  store %s\n  model %s", what, g, m)
	}
	return nil
}

// kindText names the kind of an error.
func kindText(err error) string {
	if err == nil {
		return "none"
	}
	return fmt.Sprintf("kind %d", fault.KindOf(err))
}

// text writes a value so that values that mean the same read the same.
func (w *world) text(v any) string {
	var sb strings.Builder
	w.write(&sb, reflect.ValueOf(v), "")
	return sb.String()
}

var idFields = map[string]bool{
	"VersionID": true, "NextVersionMarker": true, "SourceVersionID": true, "UploadID": true, "NextUploadIDMarker": true,
}

func (w *world) write(sb *strings.Builder, v reflect.Value, name string) {
	if !v.IsValid() {
		sb.WriteString("nil")
		return
	}
	switch x := v.Interface().(type) {
	case time.Time:
		sb.WriteString(x.UTC().Format(time.RFC3339Nano))
		return
	case []byte:
		fmt.Fprintf(sb, "%d bytes %.4x", len(x), sha256.Sum256(x))
		return
	case error:
		sb.WriteString(kindText(x))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		w.write(sb, v.Elem(), name)
	case reflect.Struct:
		sb.WriteString("{")
		for i := range v.NumField() {
			f, n := v.Field(i), v.Type().Field(i).Name
			if f.IsZero() || f.Kind() == reflect.Slice && f.Len() == 0 || n == "ID" && f.Kind() != reflect.String || n == "Stamp" || n == "At" || n == "BucketID" || n == "Since" || n == "extra" || n == "features" {
				continue
			}
			var inner strings.Builder
			w.write(&inner, f, n)
			if s := inner.String(); s != "{ }" {
				sb.WriteString(" " + n + ":" + s)
			}
		}
		sb.WriteString(" }")
	case reflect.Slice:
		sb.WriteString("[")
		for i := range v.Len() {
			sb.WriteString(" ")
			w.write(sb, v.Index(i), name)
		}
		sb.WriteString(" ]")
	case reflect.String:
		s := v.String()
		if idFields[name] {
			s = w.toModel(s)
		}
		if len(s) > 40 {
			s = fmt.Sprintf("%s… %d bytes %.4x", s[:8], len(s), sha256.Sum256([]byte(s)))
		}
		fmt.Fprintf(sb, "%q", s)
	default:
		fmt.Fprint(sb, v.Interface())
	}
}

// noted records a version that both sides made.
func (w *world) noted(got, want object.Version) error {
	if err := w.pair(want.VersionID, got.VersionID); err != nil {
		return err
	}
	w.remember(want.Bucket, want.Key, want.VersionID)
	return nil
}

func (w *world) remember(bucket, key, id string) {
	at := bucket + "/" + key
	for _, x := range w.versions[at] {
		if x == id {
			return
		}
	}
	w.versions[at] = append(w.versions[at], id)
}

// read opens a version in the store as the model would.
func (w *world) read(req object.GetObject, odd bool) (model.Read, error) {
	r, err := w.s.Open(w.ctx, req)
	if r == nil {
		return model.Read{}, err
	}
	out := model.Read{Version: r.Version, Found: true}
	if err != nil {
		return out, err
	}
	out.Offset, out.Length, out.Ranged, out.PartsCount = r.Offset, r.Length, r.Ranged, r.PartsCount
	defer r.Close()
	if odd {
		out.Data, err = readOddly(r)
	} else {
		var buf bytes.Buffer
		_, err = r.WriteTo(struct{ io.Writer }{&buf})
		out.Data = buf.Bytes()
	}
	return out, errors.Join(err, r.Close())
}

// readOddly reads in pieces of changing lengths.
func readOddly(r io.Reader) ([]byte, error) {
	var out []byte
	for n := 1; ; n = n%7 + 3 {
		p := make([]byte, n)
		m, err := r.Read(p)
		out = append(out, p[:m]...)
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return out, err
		}
	}
}

// drain runs the workers' upkeep to the end of their queues.
func (w *world) drain() error {
	w.clock = w.clock.Add(object.AppendQuiet)
	if err := assembleAll(w.ctx, w.s); err != nil {
		return err
	}
	return reclaimAll(w.ctx, w.s)
}

func reclaimAll(ctx context.Context, s *object.Store) error {
	for mark, done := (object.Mark{}), false; !done; {
		var err error
		if mark, done, err = s.ForgetAnnotations(ctx, mark); err != nil {
			return fmt.Errorf("forget annotations: %w", err)
		}
	}
	for mark := (object.Mark{}); ; {
		last, n, err := s.Reclaim(ctx, mark, 3)
		if err != nil {
			return fmt.Errorf("reclaim: %w", err)
		}
		if mark = last; n < 3 {
			return nil
		}
	}
}

func assembleAll(ctx context.Context, s *object.Store) error {
	for mark := (object.Mark{}); ; {
		at, done, err := s.Assemble(ctx, mark, func(int64) error { return nil })
		if err != nil {
			return fmt.Errorf("assemble: %w", err)
		}
		if mark = at; !done {
			return nil
		}
	}
}

// check runs the store's own check; strays says whether blobs that belong to nothing are forgiven.
func check(ctx context.Context, s *object.Store, strays bool) error {
	var found []string
	_, err := s.Check(ctx, object.CheckOptions{Deep: true, Report: func(p object.Problem) {
		if p.Kind != object.ProblemPoison && (p.Kind != object.ProblemStray || !strays) {
			found = append(found, fmt.Sprintf("%s %s/%q: %s", p.Kind, p.Bucket, p.Key, p.Detail))
		}
	}})
	if err != nil {
		return fmt.Errorf("check: %w", err)
	}
	if len(found) > 0 {
		return fmt.Errorf("check found:\n  %s", strings.Join(found, "\n  "))
	}
	return nil
}

// content makes size bytes that depend on the seed.
func content(seed uint64, size int) []byte {
	rng := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16), byte(size)})
	b := make([]byte, size)
	rng.Read(b)
	return b
}
