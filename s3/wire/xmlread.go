package wire

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"myfsio/fault"
)

// Bounds of documents that clients send. A caller reads no more than the bytes before it parses.
const (
	MaxDocument      = 1 << 20 // bytes of an ordinary document
	MaxLargeDocument = 8 << 20 // bytes of a CompleteMultipartUpload or Delete document
	maxDepth         = 12
	maxElements      = 100000 // ten thousand parts of eight elements each, and room
	maxAttributes    = 32     // of one element
)

// Element is an element of a parsed document. Name is without its namespace prefix. Text is the
// character data directly inside, as it stands, with references resolved. Type is its attribute xsi:type, under whatever
// prefix; no other attribute means anything in S3.
type Element struct {
	Name     string
	Type     string
	Text     string
	Children []Element
}

// Child returns the first child of that name, nil when there is none.
func (e *Element) Child(name string) *Element {
	for i := range e.Children {
		if e.Children[i].Name == name {
			return &e.Children[i]
		}
	}
	return nil
}

// Value returns the text of the first child of that name without the white space around it.
func (e *Element) Value(name string) string {
	if c := e.Child(name); c != nil {
		return strings.TrimSpace(c.Text)
	}
	return ""
}

// ErrMalformedXML is S3's error for a document that has another form than the operation's.
func ErrMalformedXML() error {
	return &fault.Error{Kind: fault.MalformedXML, Code: "MalformedXML",
		Msg: "The XML you provided was not well-formed or did not validate against our published schema"}
}

// ErrTooLarge is S3's error for a document with more bytes than the operation takes.
func ErrTooLarge() error {
	return &fault.Error{Kind: fault.EntityTooLarge, Code: "MaxMessageLengthExceeded", Msg: "Your request was too big."}
}

// ParseXML reads a whole document and returns its root element.
func ParseXML(body []byte) (*Element, error) {
	if !utf8.Valid(body) {
		return nil, ErrMalformedXML()
	}
	p := parser{s: strings.TrimPrefix(string(body), "\uFEFF")}
	root, ok := p.document()
	if !ok {
		return nil, ErrMalformedXML()
	}
	return root, nil
}

// parser reads XML from s at position i. Its methods report false for a fault.
type parser struct {
	s        string
	i        int
	elements int
}

func (p *parser) document() (*Element, bool) {
	if !p.declaration() || !p.misc() {
		return nil, false
	}
	var root Element
	if !p.element(&root, 1) || !p.misc() {
		return nil, false
	}
	return &root, p.i == len(p.s)
}

// declaration reads <?xml ...?> where it is; the encoding must be one that is written in UTF-8.
func (p *parser) declaration() bool {
	if !strings.HasPrefix(p.s, "<?xml") {
		return true
	}
	end := strings.Index(p.s, "?>")
	if end < 0 {
		return false
	}
	decl := p.s[:end]
	p.i = end + 2
	_, enc, found := strings.Cut(decl, "encoding")
	if !found {
		return true
	}
	enc = strings.Trim(strings.TrimSpace(strings.TrimLeft(enc, "= \t\r\n")), `"'`)
	enc, _, _ = strings.Cut(enc, `"`)
	enc, _, _ = strings.Cut(enc, `'`)
	return strings.EqualFold(enc, "UTF-8") || strings.EqualFold(enc, "US-ASCII")
}

// misc skips white space, comments and processing instructions. A DOCTYPE is none of them.
func (p *parser) misc() bool {
	for {
		p.space()
		switch {
		case p.has("<!--"):
			if !p.skipTo("-->") {
				return false
			}
		case p.has("<?"):
			if !p.skipTo("?>") {
				return false
			}
		default:
			return true
		}
	}
}

func (p *parser) has(prefix string) bool { return strings.HasPrefix(p.s[p.i:], prefix) }

func (p *parser) skipTo(end string) bool {
	n := strings.Index(p.s[p.i:], end)
	if n < 0 {
		return false
	}
	p.i += n + len(end)
	return true
}

func (p *parser) space() {
	for p.i < len(p.s) && isSpace(p.s[p.i]) {
		p.i++
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// element reads <name ...>content</name> or <name .../> into e.
func (p *parser) element(e *Element, depth int) bool {
	p.elements++
	if depth > maxDepth || p.elements > maxElements || !p.has("<") {
		return false
	}
	p.i++
	name := p.name()
	if name == "" {
		return false
	}
	e.Name = local(name)
	empty, ok := p.attributes(e)
	if !ok || empty {
		return ok
	}
	return p.content(e, depth) && p.end(name)
}

// name reads a name. XML's rules for names are not checked beyond what keeps the syntax apart.
func (p *parser) name() string {
	start := p.i
	for p.i < len(p.s) && !isSpace(p.s[p.i]) && strings.IndexByte("<>/=&\"'!?", p.s[p.i]) < 0 {
		p.i++
	}
	return p.s[start:p.i]
}

// local cuts the namespace prefix off.
func local(name string) string {
	if i := strings.IndexByte(name, ':'); i >= 0 {
		return name[i+1:]
	}
	return name
}

// attributes reads the attributes and the end of the start tag, and reports whether the element is empty.
func (p *parser) attributes(e *Element) (empty, ok bool) {
	for range maxAttributes {
		p.space()
		switch {
		case p.has(">"):
			p.i++
			return false, true
		case p.has("/>"):
			p.i += 2
			return true, true
		}
		name := p.name()
		if name == "" {
			return false, false
		}
		p.space()
		if !p.has("=") {
			return false, false
		}
		p.i++
		p.space()
		if !p.has(`"`) && !p.has(`'`) {
			return false, false
		}
		quote := p.s[p.i : p.i+1]
		p.i++
		start := p.i
		if !p.skipTo(quote) {
			return false, false
		}
		if local(name) == "type" && e.Type == "" {
			e.Type = p.s[start : p.i-1]
		}
	}
	return false, false
}

// content reads text and children up to the end tag. White space around children is dropped.
func (p *parser) content(e *Element, depth int) bool {
	var text pieces
	for p.i < len(p.s) {
		ok := true
		switch {
		case p.s[p.i] != '<':
			ok = p.text(&text)
		case p.has("</"):
			e.Text = text.join()
			if len(e.Children) > 0 && strings.TrimSpace(e.Text) == "" {
				e.Text = ""
			}
			return true
		case p.has("<!--"):
			ok = p.skipTo("-->")
		case p.has("<![CDATA["):
			start := p.i + len("<![CDATA[")
			if ok = p.skipTo("]]>") && p.i-len("]]>") >= start; ok {
				text.add(newlines(p.s[start : p.i-len("]]>")]))
			}
		case p.has("<?"):
			ok = p.skipTo("?>")
		default:
			e.Children = append(e.Children, Element{})
			ok = p.element(&e.Children[len(e.Children)-1], depth+1)
		}
		if !ok {
			return false
		}
	}
	return false
}

// pieces is text that comes in pieces; a single piece is not copied.
type pieces struct {
	only string
	many strings.Builder
}

func (t *pieces) add(s string) {
	if t.only == "" && t.many.Len() == 0 {
		t.only = s
		return
	}
	if t.many.Len() == 0 {
		t.many.WriteString(t.only)
	}
	t.many.WriteString(s)
}

func (t *pieces) join() string {
	if t.many.Len() > 0 {
		return t.many.String()
	}
	return t.only
}

func (p *parser) end(name string) bool {
	p.i += len("</")
	if !p.has(name) {
		return false
	}
	p.i += len(name)
	p.space()
	if !p.has(">") {
		return false
	}
	p.i++
	return true
}

// text reads character data up to the next tag and resolves references.
func (p *parser) text(out *pieces) bool {
	n := strings.IndexByte(p.s[p.i:], '<')
	if n < 0 {
		return false
	}
	raw := p.s[p.i : p.i+n]
	p.i += n
	if strings.IndexByte(raw, 0) >= 0 {
		return false
	}
	for {
		before, after, found := strings.Cut(raw, "&")
		out.add(newlines(before))
		if !found {
			return true
		}
		ref, rest, ended := strings.Cut(after, ";")
		r, ok := reference(ref)
		if !ended || !ok {
			return false
		}
		out.add(string(r))
		raw = rest
	}
}

// newlines turns the line ends of other systems into \n, as XML asks.
func newlines(s string) string {
	if strings.IndexByte(s, '\r') < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}

// reference resolves what stands between & and ;. Beyond XML 1.0, control characters other than NUL may
// be written as numeric references, since listings write them so.
func reference(ref string) (rune, bool) {
	switch ref {
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "amp":
		return '&', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	num, found := strings.CutPrefix(ref, "#")
	if !found || len(num) > 8 {
		return 0, false
	}
	base := 10
	if hex, is := strings.CutPrefix(num, "x"); is {
		num, base = hex, 16
	}
	n, err := strconv.ParseUint(num, base, 32)
	if err != nil || n == 0 || n > utf8.MaxRune || !utf8.ValidRune(rune(n)) {
		return 0, false
	}
	return rune(n), true
}
