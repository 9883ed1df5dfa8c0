package worker

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"unicode/utf8"

	"myfsio/query"
)

// maxDocument bounds one value of a JSON document that is not an array, in bytes: paths into it give the records.
const maxDocument = 32 << 20

// jsonReader cuts text into JSON values.
type jsonReader struct {
	r     *bufio.Reader
	limit int
	pos   int64
	buf   []byte
	count int64
}

// peek returns the next byte that is not white space.
func (j *jsonReader) peek() (byte, error) {
	for {
		c, err := j.r.ReadByte()
		if err != nil {
			return 0, err
		}
		if c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return c, j.r.UnreadByte()
		}
		j.pos++
	}
}

// value reads the next value; io.EOF where there is none. It is valid until the next call.
func (j *jsonReader) value() ([]byte, error) {
	c, err := j.peek()
	if err != nil {
		return nil, err
	}
	j.count++
	j.buf = j.buf[:0]
	if c == '{' || c == '[' || c == '"' {
		err = j.nested()
	} else {
		err = j.scalar()
	}
	if err != nil {
		return nil, err
	}
	if !utf8.Valid(j.buf) {
		return nil, query.Errorf("InvalidTextEncoding", "Invalid encoding type. The file must be in UTF-8: record %d is not.", j.count)
	}
	if !json.Valid(j.buf) {
		return nil, j.bad()
	}
	return j.buf, nil
}

func (j *jsonReader) bad() error {
	return query.Errorf("JSONParsingError", "Error parsing JSON file. Check the file and try again: record %d.", j.count)
}

func (j *jsonReader) add(c byte) error {
	j.pos++
	if j.buf = append(j.buf, c); len(j.buf) > j.limit {
		return errRecord()
	}
	return nil
}

// nested reads up to the bracket or quote that closes what the next byte opens.
func (j *jsonReader) nested() error {
	depth, inText, escaped := 0, false, false
	for {
		window, err := j.window()
		if err != nil {
			return err
		}
		for i, c := range window {
			switch {
			case escaped:
				escaped = false
			case inText:
				escaped = c == '\\'
				inText = c != '"'
			case c == '"':
				inText = true
			case c == '{' || c == '[':
				depth++
			case c == '}' || c == ']':
				depth--
			}
			if depth == 0 && !inText {
				return j.take(window[:i+1])
			}
			if depth > 5000 {
				return j.bad()
			}
		}
		if err := j.take(window); err != nil {
			return err
		}
	}
}

// window returns what is buffered, at least a byte.
func (j *jsonReader) window() ([]byte, error) {
	if _, err := j.r.Peek(1); err != nil {
		if err == io.EOF {
			return nil, j.bad()
		}
		return nil, err
	}
	return j.r.Peek(j.r.Buffered())
}

func (j *jsonReader) take(b []byte) error {
	if len(j.buf)+len(b) > j.limit {
		return errRecord()
	}
	j.buf = append(j.buf, b...)
	j.pos += int64(len(b))
	_, err := j.r.Discard(len(b))
	return err
}

// scalar reads a number or a word.
func (j *jsonReader) scalar() error {
	for {
		c, err := j.r.ReadByte()
		if err == io.EOF && len(j.buf) > 0 {
			return nil
		}
		if err != nil {
			return err
		}
		if bytes.IndexByte([]byte(" \n\t\r,]}{[\""), c) >= 0 {
			if len(j.buf) == 0 {
				return j.bad()
			}
			return j.r.UnreadByte()
		}
		if err := j.add(c); err != nil {
			return err
		}
	}
}

// The functions below walk valid JSON.

// each calls f with the members of an object, key in quotes, or with the elements of an array, key nil, until it returns false.
func each(v []byte, f func(key, val []byte) bool) {
	object := v[0] == '{'
	for i := skip(v, 1); v[i] != '}' && v[i] != ']'; {
		var key []byte
		if object {
			end := valueEnd(v, i)
			key = v[i:end]
			i = skip(v, skip(v, end)+1) // the colon
		}
		end := valueEnd(v, i)
		if !f(key, v[i:end]) {
			return
		}
		if i = skip(v, end); v[i] == ',' {
			i = skip(v, i+1)
		}
	}
}

func skip(v []byte, i int) int {
	for v[i] == ' ' || v[i] == '\n' || v[i] == '\t' || v[i] == '\r' {
		i++
	}
	return i
}

// valueEnd returns the end of the value that begins at i.
func valueEnd(v []byte, i int) int {
	depth := 0
	for {
		switch v[i] {
		case '"':
			for i++; v[i] != '"'; i++ {
				if v[i] == '\\' {
					i++
				}
			}
			i++
		case '{', '[':
			depth++
			i++
		case '}', ']':
			depth--
			i++
		case ',', ':', ' ', '\n', '\t', '\r':
			i++
		default:
			for i < len(v) && bytes.IndexByte([]byte(",:]} \n\t\r"), v[i]) < 0 {
				i++
			}
		}
		if depth == 0 {
			return i
		}
	}
}

// unquote is the text of a JSON string.
func unquote(v []byte) []byte {
	if bytes.IndexByte(v, '\\') < 0 {
		return v[1 : len(v)-1]
	}
	var s string
	json.Unmarshal(v, &s) // is valid
	return []byte(s)
}

// follow goes along path from v; nil where nothing is there.
func follow(v []byte, path []step) []byte {
	if v == nil {
		return nil
	}
	for _, s := range path {
		var next, loose []byte
		switch {
		case s.name != "" && v[0] == '{':
			each(v, func(key, val []byte) bool {
				name := unquote(key)
				if string(name) == s.name {
					next = val
					return false
				}
				if loose == nil && bytes.EqualFold(name, []byte(s.name)) {
					loose = val
				}
				return true
			})
			if next == nil {
				next = loose
			}
		case s.name == "" && v[0] == '[':
			i := 0
			each(v, func(_, val []byte) bool {
				if i == s.index {
					next = val
					return false
				}
				i++
				return true
			})
		}
		if next == nil {
			return nil
		}
		v = next
	}
	return v
}
