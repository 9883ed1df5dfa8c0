package s3

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A transcript is a file of exchanges over HTTP, in order, against a fresh store:
//
//	What the file proves.
//
//	-- name of the exchange --
//	@auth presigned
//	PUT /bucket/key?query
//	Header: value
//
//	body
//	=> 200
//	ETag: "${tag}"
//	x-amz-version-id: (absent)
//
//	<Body>…</Body>
//
// Directives, lines that begin with @, stand before the request line:
//
//	@auth how [who]  how: header (the default), unsigned, presigned, pair, anonymous; form, form-v2, form-anonymous
//	                 make a form of the lines of the body, see world.form;
//	                 who: admin (the default), user, wrong, unknown, disabled
//	@size n          the body is n bytes of a pattern
//	@md5, @sum ALG   adds Content-MD5, or the header of a checksum, of the body
//	@chunked ALG     sends the body aws-chunked, the checksum in a trailer
//	@tick d          moves the clock of the store before the request
//
// ${name} stands for a captured value; ${admin} and ${user} are canonical ids. In an expectation ${name=regexp} captures what matches, and
// ${=regexp} only matches; the regexp is .+? when it is empty. A header (absent) must not be there.
// The expected body: XML is compared by its elements, without the XML header, and without the S3 namespace and an error's
// RequestId and HostId; (empty); (n bytes from m) is a piece of the pattern; all else is compared byte for
// byte. Without a blank line after the headers the body is not looked at.
type exchange struct {
	file, name string
	line       int
	auth, who  string
	size       int
	md5        bool
	sum        string
	chunked    string
	tick       string

	method, target string
	header         [][2]string
	body           string

	status   int
	want     [][2]string
	wantBody *string
}

// parseTranscript reads the exchanges of a file.
func parseTranscript(file string, text string) ([]*exchange, error) {
	var all []*exchange
	var cur *exchange
	var block []string
	flush := func() error {
		if cur == nil {
			return nil
		}
		all = append(all, cur)
		return cur.parse(block)
	}
	for i, line := range strings.Split(text, "\n") {
		if name, ok := strings.CutPrefix(line, "-- "); ok && strings.HasSuffix(name, " --") {
			if err := flush(); err != nil {
				return nil, err
			}
			cur = &exchange{file: file, name: strings.TrimSuffix(name, " --"), line: i + 1, auth: "header", who: "admin", size: -1}
			block = nil
			continue
		}
		block = append(block, line)
	}
	return all, flush()
}

func (x *exchange) errorf(format string, args ...any) error {
	return fmt.Errorf("%s:%d %q: %s", x.file, x.line, x.name, fmt.Sprintf(format, args...))
}

// parse reads one exchange.
func (x *exchange) parse(block []string) error {
	split := slices.IndexFunc(block, func(l string) bool { return strings.HasPrefix(l, "=> ") })
	if split < 0 {
		return x.errorf("no line with =>")
	}
	req, res := block[:split], block[split:]
	for len(req) > 0 && strings.HasPrefix(req[0], "@") {
		if err := x.directive(strings.Fields(req[0])); err != nil {
			return err
		}
		req = req[1:]
	}
	if len(req) == 0 {
		return x.errorf("no request line")
	}
	var ok bool
	if x.method, x.target, ok = strings.Cut(req[0], " "); !ok {
		return x.errorf("request line %q", req[0])
	}
	var body *string
	if x.header, body = headersAndBody(req[1:]); body != nil {
		x.body = *body
	}
	status, err := strconv.Atoi(strings.TrimPrefix(res[0], "=> "))
	if err != nil {
		return x.errorf("status %q", res[0])
	}
	x.status = status
	x.want, x.wantBody = headersAndBody(res[1:])
	return nil
}

func (x *exchange) directive(f []string) error {
	switch {
	case f[0] == "@auth" && len(f) == 2:
		x.auth = f[1]
	case f[0] == "@auth" && len(f) == 3:
		x.auth, x.who = f[1], f[2]
	case f[0] == "@size" && len(f) == 2:
		n, err := strconv.Atoi(f[1])
		x.size = n
		return err
	case f[0] == "@md5" && len(f) == 1:
		x.md5 = true
	case f[0] == "@sum" && len(f) == 2:
		x.sum = f[1]
	case f[0] == "@chunked" && len(f) == 2:
		x.chunked = f[1]
	case f[0] == "@tick" && len(f) == 2:
		x.tick = f[1]
	default:
		return x.errorf("directive %q", f)
	}
	return nil
}

// headersAndBody splits lines at the first blank one. The body is nil when there is no blank line, or nothing
// behind it.
func headersAndBody(lines []string) (header [][2]string, body *string) {
	for i, l := range lines {
		if l == "" {
			if rest := strings.TrimRight(strings.Join(lines[i+1:], "\n"), "\n"); rest != "" {
				return header, &rest
			}
			return header, nil
		}
		name, value, _ := strings.Cut(l, ":")
		header = append(header, [2]string{name, strings.TrimPrefix(value, " ")})
	}
	return header, nil
}

// vars are captured values.
type vars map[string]string

var varRE = regexp.MustCompile(`\$\{(\w*)(=[^}]*)?\}`)

// expand replaces ${name}.
func (v vars) expand(s string) string {
	return varRE.ReplaceAllStringFunc(s, func(m string) string {
		g := varRE.FindStringSubmatch(m)
		if val, ok := v[g[1]]; ok && g[2] == "" {
			return val
		}
		return m
	})
}

// match holds got against an expectation and keeps what it captures.
func (v vars) match(want, got string) error {
	want = v.expand(want)
	var re strings.Builder
	var names []string
	at := 0
	for _, m := range varRE.FindAllStringSubmatchIndex(want, -1) {
		re.WriteString(regexp.QuoteMeta(want[at:m[0]]))
		at = m[1]
		name, expr := want[m[2]:m[3]], ".+?"
		if m[4] < 0 {
			return fmt.Errorf("nothing was captured as %s", name)
		}
		if m[5] > m[4]+1 {
			expr = want[m[4]+1 : m[5]]
		}
		names = append(names, name)
		re.WriteString("(" + expr + ")")
	}
	re.WriteString(regexp.QuoteMeta(want[at:]))
	r, err := regexp.Compile(`(?s)\A` + re.String() + `\z`)
	if err != nil {
		return err
	}
	m := r.FindStringSubmatch(got)
	if m == nil {
		return fmt.Errorf("got  %s\nwant %s", got, want)
	}
	for i, n := range names {
		if n != "" {
			v[n] = m[i+1]
		}
	}
	return nil
}

// matchBody holds the body of an answer against the expectation.
func (v vars) matchBody(want string, got []byte) error {
	var n, from int
	if c, _ := fmt.Sscanf(want, "(%d bytes from %d)", &n, &from); c == 2 {
		if !bytes.Equal(got, pattern(from + n)[from:]) {
			return fmt.Errorf("got %d bytes that are not the %d bytes of the pattern from %d", len(got), n, from)
		}
		return nil
	}
	switch {
	case want == "(empty)":
		want = ""
	case strings.HasPrefix(want, "<"):
		w, err := canonicalXML([]byte(want))
		if err != nil {
			return fmt.Errorf("expected XML: %v", err)
		}
		g, err := canonicalXML(got)
		if err != nil {
			return fmt.Errorf("not XML: %v\n%s", err, got)
		}
		return v.match(w, g)
	}
	return v.match(want, string(got))
}

// canonicalXML writes a document with one element a line, without white space between elements, the XML header, the S3 namespace,
// and RequestId and HostId.
func canonicalXML(doc []byte) (string, error) {
	dec := xml.NewDecoder(bytes.NewReader(doc))
	var out strings.Builder
	var text strings.Builder
	depth, leaf, skip := 0, false, 0
	mixed := func() { // text between elements, which only an expectation has
		if t := strings.TrimSpace(text.String()); !leaf && t != "" {
			out.WriteString(t)
		}
	}
	for {
		tok, err := dec.RawToken()
		if err == io.EOF {
			return out.String(), nil
		}
		if err != nil {
			return "", err
		}
		switch t := tok.(type) {
		case xml.StartElement:
			if n := t.Name.Local; n == "RequestId" || n == "HostId" || skip > 0 {
				skip++
				continue
			}
			mixed()
			fmt.Fprintf(&out, "\n%s<%s%s>", strings.Repeat(" ", depth), t.Name.Local, attrs(t.Attr))
			text.Reset()
			depth++
			leaf = true
		case xml.EndElement:
			if skip > 0 {
				skip--
				continue
			}
			depth--
			if leaf {
				xml.EscapeText(&out, []byte(text.String()))
			} else {
				mixed()
				fmt.Fprintf(&out, "\n%s", strings.Repeat(" ", depth))
			}
			fmt.Fprintf(&out, "</%s>", t.Name.Local)
			leaf = false
			text.Reset()
		case xml.CharData:
			if skip == 0 {
				text.Write(t)
			}
		}
	}
}

func attrs(list []xml.Attr) string {
	var out strings.Builder
	for _, a := range list {
		if a.Name.Local != "xmlns" && a.Name.Space != "xmlns" {
			fmt.Fprintf(&out, " %s=%q", a.Name.Local, a.Value)
		}
	}
	return out.String()
}

// pattern is n bytes that tell where they are.
func pattern(n int) []byte {
	b := make([]byte, 0, n+16)
	for i := 0; len(b) < n; i += 16 {
		b = fmt.Appendf(b, "%015d\n", i)
	}
	return b[:n]
}
