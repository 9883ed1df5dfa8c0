package kvtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"myfsio/kv"
)

// model is the store as one would write it without thinking: a sorted slice.
type model []kv.Pair

func (m model) find(key []byte) (int, bool) {
	return slices.BinarySearchFunc(m, key, func(p kv.Pair, k []byte) int { return bytes.Compare(p.Key, k) })
}

func (m model) get(key []byte) ([]byte, bool) {
	if i, ok := m.find(key); ok {
		return m[i].Value, true
	}
	return nil, false
}

func (m *model) put(key, value []byte) {
	i, ok := m.find(key)
	if !ok {
		*m = slices.Insert(*m, i, kv.Pair{Key: bytes.Clone(key)})
	}
	(*m)[i].Value = append([]byte{}, value...)
}

func (m *model) del(key []byte) {
	if i, ok := m.find(key); ok {
		*m = slices.Delete(*m, i, i+1)
	}
}

func (m model) within(r kv.Range) model {
	lo, _ := m.find(r.Start)
	hi := len(m)
	if r.End != nil {
		hi, _ = m.find(r.End)
	}
	return m[lo:max(lo, hi)]
}

// testModel runs random programs on the store and on the model.
func testModel(t *testing.T, db kv.DB) {
	seed := uint64(1)
	p := &program{rng: rand.New(rand.NewPCG(seed, 2))}
	for i := range 400 {
		if err := p.round(db); err != nil {
			t.Fatalf("seed %d, round %d: %v", seed, i, err)
		}
	}
}

// program makes random operations.
type program struct {
	rng *rand.Rand
	m   model
}

// key returns a short key of few letters, so that programs meet the same ones again. Counters begin with 'n'.
func (p *program) key() []byte {
	k := make([]byte, 1+p.rng.IntN(3))
	for i := range k {
		k[i] = []byte{0x00, 'a', 'b', '/', 0xFE, 0xFF}[p.rng.IntN(6)]
	}
	return k
}

func (p *program) counter() []byte { return append([]byte("n"), p.key()[:1]...) }

func (p *program) keyRange() kv.Range {
	var r kv.Range
	if p.rng.IntN(3) > 0 {
		r.Start = p.key()
	}
	if p.rng.IntN(3) > 0 {
		r.End = p.key()
	}
	if p.rng.IntN(4) == 0 {
		r = kv.Prefix(p.key())
	}
	return r
}

// round runs one Update (some fail on purpose) and one View.
func (p *program) round(db kv.DB) error {
	seed, fails := p.rng.Uint64(), p.rng.IntN(4) == 0
	var next model
	err := db.Update(context.Background(), func(tx kv.Txn) error {
		// The same choices in every run of the closure.
		q := &program{rng: rand.New(rand.NewPCG(seed, 3)), m: slices.Clone(p.m)}
		for range 1 + q.rng.IntN(12) {
			q.write(tx)
			if q.rng.IntN(3) == 0 {
				if err := q.read(tx); err != nil {
					return err
				}
			}
		}
		next = q.m
		if fails {
			return errWanted
		}
		return nil
	})
	switch {
	case fails && err != errWanted:
		return fmt.Errorf("Update = %v, want fn's error", err)
	case !fails && err != nil:
		return err
	case !fails:
		p.m = next
	}
	return db.View(context.Background(), func(r kv.Reader) error {
		return errors.Join(p.read(r), p.read(r), p.scan(r, kv.Range{}))
	})
}

func (p *program) write(tx kv.Txn) {
	switch p.rng.IntN(6) {
	case 0, 1, 2:
		k, v := p.key(), make([]byte, p.rng.IntN(40))
		for i := range v {
			v[i] = byte(p.rng.Uint32())
		}
		tx.Put(k, v)
		p.m.put(k, v)
	case 3:
		k := p.key()
		tx.Delete(k)
		p.m.del(k)
	case 4:
		k, d := p.counter(), p.rng.Int64N(100)-50
		tx.Add(k, d)
		old, _ := p.m.get(k)
		p.m.put(k, kv.AppendInt64(nil, kv.Int64(old)+d))
	case 5:
		k := p.counter()
		tx.Delete(k)
		p.m.del(k)
	}
}

func (p *program) read(r kv.Reader) error {
	for range 3 {
		k := p.key()
		if p.rng.IntN(4) == 0 {
			k = p.counter()
		}
		v, err := r.Get(k)
		w, ok := p.m.get(k)
		if ok && (err != nil || !bytes.Equal(v, w)) || !ok && !errors.Is(err, kv.ErrNotFound) {
			return fmt.Errorf("Get(%x) = %x, %v; the model has %x, %v", k, v, err, w, ok)
		}
	}
	if err := p.scan(r, p.keyRange()); err != nil {
		return err
	}
	return p.seeks(r, p.keyRange())
}

func (p *program) scan(r kv.Reader, rg kv.Range) error {
	rest := p.m.within(rg)
	for got, err := range kv.Scan(r, rg) {
		if err != nil {
			return err
		}
		if len(rest) == 0 || !bytes.Equal(got.Key, rest[0].Key) || !bytes.Equal(got.Value, rest[0].Value) {
			return fmt.Errorf("scan of %x to %x: %x=%x, the model goes on with %x", rg.Start, rg.End, got.Key, got.Value, rest)
		}
		rest = rest[1:]
	}
	if len(rest) != 0 {
		return fmt.Errorf("scan of %x to %x ends before %x", rg.Start, rg.End, rest)
	}
	return nil
}

// seeks moves one cursor at random.
func (p *program) seeks(r kv.Reader, rg kv.Range) (err error) {
	c, err := r.Cursor(rg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	rows, at := p.m.within(rg), -1
	for range 8 {
		var ok bool
		if p.rng.IntN(2) == 0 {
			k := p.key()
			at, _ = rows.find(k)
			ok = c.SeekGE(k)
		} else {
			at = min(at+1, len(rows))
			ok = c.Next()
		}
		if ok != (at < len(rows)) || ok && !bytes.Equal(c.Key(), rows[at].Key) {
			return fmt.Errorf("cursor on %x to %x: %v, want row %d of %x", rg.Start, rg.End, ok, at, rows)
		}
	}
	return c.Err()
}
