package wire

import (
	"myfsio/fault"
)

const upperHex = "0123456789ABCDEF"

// keySafe says which bytes encoding-type=url leaves as they are.
var keySafe = func() (t [256]bool) {
	for c := range t {
		t[c] = 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
			c == '-' || c == '_' || c == '.' || c == '*' || c == '/'
	}
	return t
}()

// EncodeKey writes a key for encoding-type=url. A space becomes %20 and a plus %2B, so that both
// sorts of decoders, with and without '+' for a space, read the same key.
func EncodeKey(key string) string {
	for i := 0; i < len(key); i++ {
		if !keySafe[key[i]] {
			return string(appendKey(make([]byte, 0, len(key)+16), key))
		}
	}
	return key
}

func appendKey(dst []byte, key string) []byte {
	for i := 0; i < len(key); i++ {
		c := key[i]
		if keySafe[c] {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return dst
}

// unescape decodes %XX once, and '+' to a space where plus says so. It reports false for an
// incomplete or wrong escape.
func unescape(s string, plus bool) (string, bool) {
	i := 0
	for i < len(s) && s[i] != '%' && !(plus && s[i] == '+') {
		i++
	}
	if i == len(s) {
		return s, true
	}
	out := append(make([]byte, 0, len(s)), s[:i]...)
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case c == '%':
			if i+2 >= len(s) {
				return "", false
			}
			hi, ok1 := unhex(s[i+1])
			lo, ok2 := unhex(s[i+2])
			if !ok1 || !ok2 {
				return "", false
			}
			out = append(out, hi<<4|lo)
			i += 2
		case c == '+' && plus:
			out = append(out, ' ')
		default:
			out = append(out, c)
		}
	}
	return string(out), true
}

func unhex(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// UnescapePath decodes the percent escapes of a path as it was sent, once; '+' is a plus.
func UnescapePath(escaped string) (string, error) {
	s, ok := unescape(escaped, false)
	if !ok {
		return "", errInvalidURI()
	}
	return s, nil
}

func errInvalidURI() error {
	return &fault.Error{Kind: fault.InvalidRequest, Code: "InvalidURI", Msg: "Couldn't parse the specified URI."}
}
