package policy

import (
	"strings"
	"unicode/utf8"
)

// Patterns hold their wildcards as bytes that no UTF-8 text has, so that a literal * needs no escape.
const (
	star byte = 0xff // any run of characters
	one  byte = 0xfe // any one character
	hole byte = 0xfd // the place of a policy variable, before it is filled
)

// The same as texts.
const (
	starText = "\xff"
	holeText = "\xfd"
)

// wildcards turns the * and ? of s into wildcards. Stars that follow each other are one.
func wildcards(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch {
		case s[i] == '*' && i > 0 && s[i-1] == '*':
		case s[i] == '*':
			b.WriteByte(star)
		case s[i] == '?':
			b.WriteByte(one)
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// matcher matches patterns and counts its work, which tests hold against the lengths of pattern and text.
//
// Between two stars stands a block. The first place where a block fits is always as good as any later one, so there is
// nothing to come back to: the work is the length of the text and the pattern, but for blocks that hold a ? and are
// searched for, where it is their product; the parser bounds those.
type matcher struct{ steps int }

// match reports whether the whole of text fits pattern.
func (m *matcher) match(pattern, text string) bool {
	i := strings.IndexByte(pattern, star)
	if i < 0 {
		n, ok := m.take(pattern, text)
		return ok && n == len(text)
	}
	n, ok := m.take(pattern[:i], text)
	if !ok {
		return false
	}
	text, pattern = text[n:], pattern[i+1:]
	for {
		i = strings.IndexByte(pattern, star)
		if i < 0 {
			return m.tail(pattern, text)
		}
		n, ok = m.find(pattern[:i], text)
		if !ok {
			return false
		}
		text, pattern = text[n:], pattern[i+1:]
	}
}

// take fits a block to the beginning of text and returns the length of what it took.
func (m *matcher) take(block, text string) (int, bool) {
	n := 0
	for i := range len(block) {
		m.steps++
		switch {
		case n == len(text):
			return 0, false
		case block[i] == one:
			_, w := utf8.DecodeRuneInString(text[n:])
			n += w
		case block[i] != text[n]:
			return 0, false
		default:
			n++
		}
	}
	return n, true
}

// find fits a block to the first place in text and returns where it ends.
func (m *matcher) find(block, text string) (int, bool) {
	if strings.IndexByte(block, one) < 0 {
		i := strings.Index(text, block)
		if i < 0 {
			m.steps += len(text)
			return 0, false
		}
		m.steps += i + len(block)
		return i + len(block), true
	}
	for at := 0; at <= len(text); {
		if n, ok := m.take(block, text[at:]); ok {
			return at + n, true
		}
		_, w := utf8.DecodeRuneInString(text[at:])
		at += max(w, 1)
	}
	return 0, false
}

// tail fits a block to the end of text.
func (m *matcher) tail(block, text string) bool {
	if strings.IndexByte(block, one) < 0 {
		m.steps += len(block)
		return strings.HasSuffix(text, block)
	}
	at := len(text)
	for i := 0; i < len(block); {
		m.steps++
		if at == 0 {
			return false
		}
		_, w := utf8.DecodeLastRuneInString(text[:at])
		at -= w
		if block[i] == one {
			i++
			continue
		}
		_, w = utf8.DecodeRuneInString(block[i:])
		i += w
	}
	n, ok := m.take(block, text[at:])
	return ok && n == len(text)-at
}
