package wire

import (
	"strconv"
	"strings"
)

// Fields says what takes the children of an element, by their names. What takes a child reports false for one that it does not
// understand.
type Fields map[string]func(*Element) bool

// Read hands each child to what takes it. Those of once stand once at most, those of many as often as they like. It reports
// false for a child that nobody takes and for text between the children: a document that is understood in part
// would be obeyed in part.
func (e *Element) Read(once, many Fields) bool {
	if strings.TrimSpace(e.Text) != "" {
		return false
	}
	seen := make(map[string]bool, len(once))
	for i := range e.Children {
		c := &e.Children[i]
		take := many[c.Name]
		if take == nil {
			if take = once[c.Name]; take == nil || seen[c.Name] {
				return false
			}
			seen[c.Name] = true
		}
		if !take(c) {
			return false
		}
	}
	return true
}

// Exact takes a leaf as it stands, for what may begin or end with white space.
func Exact(to *string) func(*Element) bool {
	return func(e *Element) bool {
		*to = e.Text
		return len(e.Children) == 0
	}
}

// Word takes a leaf without the white space around it.
func Word(to *string) func(*Element) bool {
	return func(e *Element) bool {
		*to = strings.TrimSpace(e.Text)
		return len(e.Children) == 0
	}
}

// Number takes a leaf that is a whole number.
func Number(to **int64) func(*Element) bool {
	return func(e *Element) bool {
		n, err := strconv.ParseInt(strings.TrimSpace(e.Text), 10, 64)
		*to = &n
		return err == nil && len(e.Children) == 0
	}
}

// AppendRoot writes the XML declaration and the start tag of a root element in S3's namespace.
func AppendRoot(dst []byte, name string) []byte { return begin(dst, name).b }

// AppendStart writes a start tag.
func AppendStart(dst []byte, name string) []byte {
	return append(append(append(dst, '<'), name...), '>')
}

// AppendEnd writes an end tag.
func AppendEnd(dst []byte, name string) []byte {
	return append(append(append(dst, "</"...), name...), '>')
}

// AppendElement writes an element with text.
func AppendElement(dst []byte, name, text string) []byte {
	return AppendEnd(AppendText(AppendStart(dst, name), text), name)
}

// AppendOptional writes an element with text, nothing for nil.
func AppendOptional(dst []byte, name string, text *string) []byte {
	if text == nil {
		return dst
	}
	return AppendElement(dst, name, *text)
}
