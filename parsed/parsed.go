// Package parsed keeps documents in the form that they are parsed and compiled to, so that requests need not do that again.
//
// A document is kept by a name and compared byte by byte: whoever asks has read its bytes just now, which costs a fraction of the
// work of parsing them, so that a change holds at once, made by this process or another.
package parsed

import (
	"bytes"
	"sync"
)

// max is how many documents a Cache keeps.
const max = 1000

// Cache keeps documents. Its zero value is empty. Its methods may be called at the same time.
type Cache[T any] struct {
	mu sync.Mutex
	of map[string]entry[T]
}

type entry[T any] struct {
	doc   []byte
	value T
}

// Get returns what parse makes of doc, which it calls for bytes that were not the last ones of that name. What it returns is
// shared. An error of parse is returned as it is, and not kept. doc must not be changed afterwards.
func (c *Cache[T]) Get(name string, doc []byte, parse func(doc []byte) (T, error)) (T, error) {
	c.mu.Lock()
	kept, ok := c.of[name]
	c.mu.Unlock()
	if ok && bytes.Equal(kept.doc, doc) {
		return kept.value, nil
	}
	value, err := parse(doc)
	if err != nil {
		return value, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of == nil || len(c.of) >= max {
		c.of = map[string]entry[T]{} // of so many names, any may be asked for next
	}
	c.of[name] = entry[T]{doc, value}
	return value, nil
}
