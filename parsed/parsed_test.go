package parsed

import (
	"errors"
	"strconv"
	"sync"
	"testing"
)

func TestCache(t *testing.T) {
	var c Cache[int]
	calls := 0
	parse := func(doc []byte) (int, error) {
		calls++
		return strconv.Atoi(string(doc))
	}
	for _, tt := range []struct {
		name, doc string
		want      int
		calls     int
		fails     bool
	}{
		{"a", "1", 1, 1, false}, {"a", "1", 1, 1, false}, {"b", "1", 1, 2, false}, {"a", "2", 2, 3, false}, {"a", "2", 2, 3, false},
		{"a", "x", 0, 4, true}, {"a", "x", 0, 5, true}, {"a", "2", 2, 5, false},
	} {
		got, err := c.Get(tt.name, []byte(tt.doc), parse)
		if got != tt.want || calls != tt.calls || (err != nil) != tt.fails || tt.fails && !errors.Is(err, strconv.ErrSyntax) {
			t.Errorf("%s %s: %d, %v after %d calls", tt.name, tt.doc, got, err, calls)
		}
	}
	seven := func([]byte) (int, error) { return 7, nil }
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 3 * max {
				if got, err := c.Get(strconv.Itoa(i), []byte("7"), seven); got != 7 || err != nil {
					t.Error(got, err)
				}
			}
		})
	}
	wg.Wait()
	if len(c.of) > max {
		t.Error(len(c.of))
	}
}
