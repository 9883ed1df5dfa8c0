package kv_test

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"myfsio/kv"
)

func TestPrefixEnd(t *testing.T) {
	tests := []struct{ prefix, end string }{
		{"a", "b"}, {"ab", "ac"}, {"a\xff", "b"}, {"a\xff\xff", "b"}, {"\x00", "\x01"}, {"a\xfe", "a\xff"},
		{"", ""}, {"\xff", ""}, {"\xff\xff", ""},
	}
	for _, tt := range tests {
		end := kv.PrefixEnd([]byte(tt.prefix))
		if string(end) != tt.end || (end == nil) != (tt.end == "") {
			t.Errorf("PrefixEnd(%q) = %q, want %q", tt.prefix, end, tt.end)
		}
	}
}

func TestInt64(t *testing.T) {
	for _, n := range []int64{0, 1, -1, 255, math.MaxInt64, math.MinInt64} {
		if got := kv.Int64(kv.AppendInt64(nil, n)); got != n {
			t.Errorf("%d became %d", n, got)
		}
	}
	if kv.Int64(nil) != 0 || kv.Int64([]byte("short")) != 0 {
		t.Error("what is not a counter must read 0")
	}
}

func TestCheck(t *testing.T) {
	tests := []struct {
		key, value int
		ok         bool
	}{
		{0, 0, false}, {1, 0, true}, {kv.MaxKey, kv.MaxValue, true}, {kv.MaxKey + 1, 0, false}, {1, kv.MaxValue + 1, false},
	}
	for _, tt := range tests {
		if err := kv.Check(tt.key, tt.value); (err == nil) != tt.ok || err != nil && !errors.Is(err, kv.ErrLimit) {
			t.Errorf("Check(%d, %d) = %v", tt.key, tt.value, err)
		}
	}
}

func FuzzPrefix(f *testing.F) {
	f.Add([]byte("a"), []byte("ab"))
	f.Add([]byte("a\xff"), []byte("b"))
	f.Fuzz(func(t *testing.T, prefix, key []byte) {
		r := kv.Prefix(prefix)
		in := bytes.Compare(key, r.Start) >= 0 && (r.End == nil || bytes.Compare(key, r.End) < 0)
		if in != strings.HasPrefix(string(key), string(prefix)) {
			t.Errorf("Prefix(%x) has %x: %v", prefix, key, in)
		}
	})
}
