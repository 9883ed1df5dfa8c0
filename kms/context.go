package kms

import (
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"
)

// maxContext bounds an encryption context in bytes, as written.
const maxContext = 8 << 10

// contextBytes returns what an encryption context adds to the additional data: nothing for an empty one, else JSON with sorted keys as Python's json.dumps
// writes it, all in ASCII, which is what releases up to 0.4.0 used.
func contextBytes(context map[string]string) ([]byte, error) {
	if len(context) == 0 {
		return nil, nil
	}
	b := []byte{'{'}
	for i, name := range slices.Sorted(maps.Keys(context)) {
		if i > 0 {
			b = append(b, ", "...)
		}
		value := context[name]
		if !utf8.ValidString(name) || !utf8.ValidString(value) {
			return nil, refuse(Validation, "The encryption context is not UTF-8.")
		}
		b = appendQuoted(b, name)
		b = append(b, ": "...)
		b = appendQuoted(b, value)
		if len(b) > maxContext {
			return nil, refuse(Validation, "The encryption context is longer than %d bytes.", maxContext)
		}
	}
	return append(b, '}'), nil
}

var escapes = map[rune]string{'"': `\"`, '\\': `\\`, '\n': `\n`, '\r': `\r`, '\t': `\t`, '\b': `\b`, '\f': `\f`}

func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s {
		switch esc, ok := escapes[r]; {
		case ok:
			b = append(b, esc...)
		case r >= ' ' && r <= '~':
			b = append(b, byte(r))
		case r >= 0x10000:
			r -= 0x10000
			b = fmt.Appendf(b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			b = fmt.Appendf(b, `\u%04x`, r)
		}
	}
	return append(b, '"')
}
