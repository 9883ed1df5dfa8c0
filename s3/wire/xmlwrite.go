package wire

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// Namespace is the XML namespace of S3's documents.
const Namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

const (
	xmlHeader = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"
	// timeFormat is the form of times in documents.
	timeFormat = "2006-01-02T15:04:05.000Z"
)

// FormatTime writes t in UTC as S3's documents do: 2006-01-02T15:04:05.000Z.
func FormatTime(t time.Time) string { return string(appendTime(nil, t)) }

// appendTime is time.AppendFormat for the one layout of listings, several times as fast.
func appendTime(dst []byte, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	if year < 0 || year > 9999 {
		return t.AppendFormat(dst, timeFormat)
	}
	hour, minute, sec := t.Clock()
	dst = append(dst, byte('0'+year/1000), byte('0'+year/100%10))
	dst = append2(dst, year%100)
	dst = append2(append(dst, '-'), int(month))
	dst = append2(append(dst, '-'), day)
	dst = append2(append(dst, 'T'), hour)
	dst = append2(append(dst, ':'), minute)
	dst = append2(append(dst, ':'), sec)
	ms := t.Nanosecond() / 1e6
	return append(dst, '.', byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10), 'Z')
}

// append2 writes n, 0..99, as two digits.
func append2(dst []byte, n int) []byte { return append(dst, byte('0'+n/10), byte('0'+n%10)) }

// doc is an XML document under construction.
type doc struct{ b []byte }

// begin writes the XML header and opens the root element in the S3 namespace.
func begin(dst []byte, root string) doc {
	d := doc{append(dst, xmlHeader...)}
	d.b = append(append(d.b, '<'), root...)
	d.b = append(append(d.b, ` xmlns="`...), Namespace...)
	d.b = append(d.b, `">`...)
	return d
}

func (d *doc) open(name string) {
	d.b = append(append(append(d.b, '<'), name...), '>')
}

func (d *doc) close(name string) {
	d.b = append(append(append(d.b, "</"...), name...), '>')
}

// text writes <name>escaped value</name>.
func (d *doc) text(name, value string) {
	d.open(name)
	d.b = AppendText(d.b, value)
	d.close(name)
}

// opt is text, or nothing for an empty value.
func (d *doc) opt(name, value string) {
	if value != "" {
		d.text(name, value)
	}
}

func (d *doc) int(name string, n int64) {
	d.open(name)
	d.b = strconv.AppendInt(d.b, n, 10)
	d.close(name)
}

func (d *doc) bool(name string, v bool) {
	d.open(name)
	d.b = strconv.AppendBool(d.b, v)
	d.close(name)
}

func (d *doc) time(name string, t time.Time) {
	d.open(name)
	d.b = appendTime(d.b, t)
	d.close(name)
}

// etag writes an entity tag in its quotes.
func (d *doc) etag(tag string) {
	d.b = append(d.b, "<ETag>&quot;"...)
	d.b = AppendText(d.b, tag)
	d.b = append(d.b, "&quot;</ETag>"...)
}

// plain says which bytes stand for themselves in XML text.
var plain = func() (t [256]bool) {
	for c := range t {
		t[c] = c >= ' ' && c != '<' && c != '>' && c != '&' && c != '"' && c != '\'' && c != 0x7F
	}
	for c := utf8.RuneSelf; c < len(t); c++ {
		t[c] = false
	}
	return t
}()

// AppendText appends s as XML text. Control characters become numeric references; NUL, and bytes
// that are not UTF-8, become U+FFFD.
func AppendText(dst []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if plain[c] {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r != utf8.RuneError && r != 0xFFFE && r != 0xFFFF || n == 3 && r == utf8.RuneError {
				i += n
				continue
			}
			dst = append(append(dst, s[start:i]...), "\uFFFD"...)
			i += n
			start = i
			continue
		}
		dst = appendEscape(append(dst, s[start:i]...), c)
		i++
		start = i
	}
	return append(dst, s[start:]...)
}

// appendEscape appends the reference for the ASCII byte c.
func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '<':
		return append(dst, "&lt;"...)
	case '>':
		return append(dst, "&gt;"...)
	case '&':
		return append(dst, "&amp;"...)
	case '"':
		return append(dst, "&quot;"...)
	case '\'':
		return append(dst, "&#39;"...)
	case 0:
		return append(dst, "\uFFFD"...) // no XML can name it
	}
	dst = append(dst, "&#x"...)
	dst = strconv.AppendUint(dst, uint64(c), 16)
	return append(dst, ';')
}
