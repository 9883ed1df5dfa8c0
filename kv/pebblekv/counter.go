package pebblekv

import (
	"io"

	"github.com/cockroachdb/pebble/v2"

	"myfsio/kv"
)

// merger adds counters. Its name is kept in the store and must never change.
var merger = &pebble.Merger{
	Name: "myfsio.add",
	Merge: func(_, value []byte) (pebble.ValueMerger, error) {
		return &sum{n: kv.Int64(value)}, nil
	},
}

// sum is a counter on the way. An operand that is not a counter counts 0, as it reads: an error here would stop
// compactions for ever.
type sum struct{ n int64 }

func (s *sum) MergeNewer(value []byte) error { s.n += kv.Int64(value); return nil }
func (s *sum) MergeOlder(value []byte) error { s.n += kv.Int64(value); return nil }

func (s *sum) Finish(bool) ([]byte, io.Closer, error) {
	return kv.AppendInt64(make([]byte, 0, 8), s.n), nil, nil
}
