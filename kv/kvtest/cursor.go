package kvtest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"myfsio/kv"
)

func testCursorBounds(t *testing.T, db kv.DB) {
	put(t, db, "a", "1", "b", "2", "b\x00", "3", "b\xff", "4", "c", "5", "\xff", "6", "\xff\xff", "7")
	rg := func(start, end string) kv.Range { return kv.Range{Start: []byte(start), End: []byte(end)} }
	tests := []struct {
		rg   kv.Range
		want string
	}{
		{all, "1 2 3 4 5 6 7"},
		{rg("a", "c"), "1 2 3 4"},
		{rg("b", "b"), ""},
		{rg("c", "b"), ""},
		{rg("b", "b\x00"), "2"},
		{kv.Range{Start: []byte("b\x01")}, "4 5 6 7"},
		{kv.Range{End: []byte("b\x00")}, "1 2"},
		{kv.Range{Start: []byte{}, End: []byte{}}, ""},
		{kv.Prefix([]byte("b")), "2 3 4"},
		{kv.Prefix([]byte{0xFF}), "6 7"},
		{kv.Prefix(nil), "1 2 3 4 5 6 7"},
		{kv.Prefix([]byte("d")), ""},
	}
	check := func(r kv.Reader) error {
		for _, tt := range tests {
			var got []string
			for p, err := range kv.Scan(r, tt.rg) {
				if err != nil {
					return err
				}
				got = append(got, string(p.Value))
			}
			if s := strings.Join(got, " "); s != tt.want {
				return fmt.Errorf("range %q to %q: %q, want %q", tt.rg.Start, tt.rg.End, s, tt.want)
			}
		}
		return nil
	}
	view(t, db, check)
	update(t, db, func(tx kv.Txn) error { return check(tx) })
	update(t, db, func(tx kv.Txn) error {
		tx.Put([]byte("b\x00"), []byte("3"))
		return check(tx)
	})
}

// step is one move of a cursor: a key to seek, or "" for Next. end is where the walk is over.
type step struct{ seek, at string }

const end = "<end>"

func testCursorSeeks(t *testing.T, db kv.DB) {
	put(t, db, "a", "", "c", "", "e", "", "g", "", "i", "")
	tests := []struct {
		name  string
		rg    kv.Range
		steps []step
	}{
		{"next", all, []step{{"", "a"}, {"", "c"}, {"", "e"}, {"", "g"}, {"", "i"}, {"", end}, {"", end}}},
		{"seek", all, []step{{"c", "c"}, {"d", "e"}, {"", "g"}, {"b", "c"}, {"a\x00", "c"}, {"z", end}, {"", end}, {"a", "a"}}},
		{"same", all, []step{{"c", "c"}, {"c", "c"}, {"b", "c"}, {"", "e"}}},
		{"bounds", kv.Range{Start: []byte("b"), End: []byte("g")},
			[]step{{"", "c"}, {"a", "c"}, {"g", end}, {"", end}, {"f", end}, {"e", "e"}, {"", end}, {"z", end}, {"a", "c"}}},
		{"empty", kv.Range{Start: []byte("d"), End: []byte("d")}, []step{{"", end}, {"a", end}, {"d", end}, {"", end}}},
		{"inverted", kv.Range{Start: []byte("g"), End: []byte("c")}, []step{{"", end}, {"e", end}, {"a", end}}},
	}
	check := func(r kv.Reader) error {
		for _, tt := range tests {
			if err := walk(r, tt.rg, tt.steps); err != nil {
				return fmt.Errorf("%s: %w", tt.name, err)
			}
		}
		return nil
	}
	view(t, db, check)
	update(t, db, func(tx kv.Txn) error { return check(tx) })
	update(t, db, func(tx kv.Txn) error {
		tx.Delete([]byte("d"))
		tx.Put([]byte("e"), nil)
		return check(tx)
	})
}

// walk moves a cursor and checks where it stands.
func walk(r kv.Reader, rg kv.Range, steps []step) error {
	c, err := r.Cursor(rg)
	if err != nil {
		return err
	}
	for i, s := range steps {
		var ok bool
		if s.seek == "" {
			ok = c.Next()
		} else {
			ok = c.SeekGE([]byte(s.seek))
		}
		at := end
		if ok {
			at = string(c.Key())
		}
		if at != s.at || c.Err() != nil {
			return errors.Join(fmt.Errorf("step %d (seek %q): at %q, want %q", i, s.seek, at, s.at), c.Err(), c.Close())
		}
	}
	return c.Close()
}

func testCursorOwnWrites(t *testing.T, db kv.DB) {
	put(t, db, "a", "1", "b", "1", "c", "1", "d", "1")
	update(t, db, func(tx kv.Txn) error {
		tx.Delete([]byte("a"))
		tx.Put([]byte("b"), []byte("2"))
		tx.Put([]byte("bb"), []byte("2"))
		tx.Delete([]byte("d"))
		tx.Put([]byte("d"), []byte("2"))
		tx.Put([]byte("x"), nil)
		tx.Delete([]byte("x"))
		if err := wantList(tx, all, "b=2", "bb=2", "c=1", "d=2"); err != nil {
			return err
		}
		return walk(tx, all, []step{{"a", "b"}, {"bb", "bb"}, {"", "c"}, {"a", "b"}, {"x", end}})
	})
	view(t, db, func(r kv.Reader) error { return wantList(r, all, "b=2", "bb=2", "c=1", "d=2") })
}

// testCursorSurvivesWrites deletes and rewrites rows while a cursor stands on them.
func testCursorSurvivesWrites(t *testing.T, db kv.DB) {
	const n = 2000
	update(t, db, func(tx kv.Txn) error {
		for i := range n {
			tx.Put(fmt.Appendf(nil, "%05d", i), []byte("old"))
		}
		return nil
	})
	update(t, db, func(tx kv.Txn) error {
		seen := 0
		for p, err := range kv.Scan(tx, all) {
			if err != nil {
				return err
			}
			if string(p.Key) != fmt.Sprintf("%05d", seen) {
				return fmt.Errorf("at %q, want row %d", p.Key, seen)
			}
			if seen%2 == 0 {
				tx.Delete(p.Key)
			} else {
				tx.Put(p.Key, []byte("new"))
			}
			seen++
		}
		if seen != n {
			return fmt.Errorf("saw %d of %d rows", seen, n)
		}
		return nil
	})
	view(t, db, func(r kv.Reader) error {
		got, err := list(r, all)
		if err == nil && (len(got) != n/2 || got[0] != "00001=new") {
			err = fmt.Errorf("%d rows, first %q", len(got), got[0])
		}
		return err
	})
}
