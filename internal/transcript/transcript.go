// Package transcript runs files of HTTP exchanges against a handler, for tests:
//
//	What the file proves.
//
//	-- name of the exchange --
//	@as who
//	POST /path?query
//	Header: value
//
//	body
//	=> 201
//	Header: value
//	Other-Header: (absent)
//
//	body
//
// Lines that begin with @ are for the test that runs the file. ${name} stands for a value captured before, else it captures here what is
// there, up to the next quote, space or angle bracket. In the body of an answer white space between JSON tokens, and between
// XML elements, does not count; (empty) is an empty body. Without a blank line behind the headers the body is not looked at.
package transcript

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Exchange is a request, and what is expected of its answer.
type Exchange struct {
	Name       string
	Line       int
	Directives [][]string // words of the lines that begin with @
	Method     string
	Target     string
	Header     [][2]string
	Body       string
	status     int
	want       [][2]string
	wantBody   *string
}

// Directive returns the words behind @name, nil when there is none.
func (x *Exchange) Directive(name string) []string {
	for _, d := range x.Directives {
		if d[0] == "@"+name {
			return d[1:]
		}
	}
	return nil
}

// Run runs the files that match a pattern. start makes a fresh handler for each file and what prepares each request: it
// adds the proof of identity that the directives ask for.
func Run(t *testing.T, pattern string, start func(*testing.T) (http.Handler, func(*Exchange, *http.Request))) {
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no files %s: %v", pattern, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all, err := parse(string(text))
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			h, prepare := start(t)
			vars := map[string]string{}
			for _, x := range all {
				if err := x.run(h, prepare, vars); err != nil {
					t.Errorf("%s:%d %q: %v", file, x.Line, x.Name, err)
				}
			}
		})
	}
}

func parse(text string) ([]*Exchange, error) {
	var all []*Exchange
	var block []string
	flush := func() error {
		if len(all) == 0 {
			return nil
		}
		x := all[len(all)-1]
		if err := x.parse(block); err != nil {
			return fmt.Errorf("%d %q: %w", x.Line, x.Name, err)
		}
		return nil
	}
	for i, line := range strings.Split(text, "\n") {
		if name, ok := strings.CutPrefix(line, "-- "); ok && strings.HasSuffix(name, " --") {
			if err := flush(); err != nil {
				return nil, err
			}
			all, block = append(all, &Exchange{Name: strings.TrimSuffix(name, " --"), Line: i + 1}), nil
			continue
		}
		block = append(block, line)
	}
	return all, flush()
}

func (x *Exchange) parse(block []string) (err error) {
	split := -1
	for i, l := range block {
		if strings.HasPrefix(l, "=> ") {
			split = i
		}
	}
	if split < 0 {
		return fmt.Errorf("no line with =>")
	}
	req := block[:split]
	for len(req) > 0 && strings.HasPrefix(req[0], "@") {
		x.Directives = append(x.Directives, strings.Fields(req[0]))
		req = req[1:]
	}
	if len(req) == 0 {
		return fmt.Errorf("no request line")
	}
	x.Method, x.Target, _ = strings.Cut(req[0], " ")
	var body *string
	if x.Header, body = split2(req[1:]); body != nil {
		x.Body = *body
	}
	if x.status, err = strconv.Atoi(block[split][3:]); err != nil {
		return err
	}
	x.want, x.wantBody = split2(block[split+1:])
	return nil
}

// split2 splits lines at the first blank one into headers and a body, nil when nothing follows.
func split2(lines []string) (header [][2]string, body *string) {
	for i, l := range lines {
		if l == "" {
			if b := strings.TrimSpace(strings.Join(lines[i+1:], "\n")); b != "" {
				body = &b
			}
			return header, body
		}
		name, value, _ := strings.Cut(l, ":")
		header = append(header, [2]string{name, strings.TrimSpace(value)})
	}
	return header, nil
}

func (x *Exchange) run(h http.Handler, prepare func(*Exchange, *http.Request), vars map[string]string) error {
	body := fill(x.Body, vars)
	r := httptest.NewRequest(x.Method, fill(x.Target, vars), strings.NewReader(body))
	for _, f := range x.Header {
		r.Header.Set(f[0], fill(f[1], vars))
	}
	for _, d := range x.Directives {
		for i := range d {
			d[i] = fill(d[i], vars)
		}
	}
	prepare(x, r)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	res := w.Result()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != x.status {
		return fmt.Errorf("status %d, want %d\n%s", res.StatusCode, x.status, got)
	}
	for _, f := range x.want {
		v := strings.Join(res.Header.Values(f[0]), ", ")
		if v == "" {
			v = "(absent)"
		}
		if err := compare(v, f[1], vars); err != nil {
			return fmt.Errorf("%s: %w", f[0], err)
		}
	}
	if x.wantBody == nil {
		return nil
	}
	if len(got) == 0 {
		got = []byte("(empty)")
	}
	return compare(tidy(string(got)), tidy(*x.wantBody), vars)
}

var between = regexp.MustCompile(`>\s+<`)

// tidy removes white space that does not count.
func tidy(s string) string {
	s = strings.TrimSpace(s)
	var b bytes.Buffer
	if json.Compact(&b, []byte(s)) == nil {
		return b.String()
	}
	return between.ReplaceAllString(s, "><")
}

var variable = regexp.MustCompile(`\$\{(\w+)\}`)

func fill(s string, vars map[string]string) string {
	return variable.ReplaceAllStringFunc(s, func(m string) string {
		if v, ok := vars[m[2:len(m)-1]]; ok {
			return v
		}
		return m
	})
}

// compare matches got with a wanted text and captures the variables that are new in it.
func compare(got, want string, vars map[string]string) error {
	want = fill(want, vars)
	var pattern strings.Builder
	rest := want
	var names []string
	for {
		at := variable.FindStringSubmatchIndex(rest)
		if at == nil {
			break
		}
		pattern.WriteString(regexp.QuoteMeta(rest[:at[0]]) + `([^"\s<>]+)`)
		names = append(names, rest[at[2]:at[3]])
		rest = rest[at[1]:]
	}
	re := regexp.MustCompile("(?s)^" + pattern.String() + regexp.QuoteMeta(rest) + "$")
	m := re.FindStringSubmatch(got)
	if m == nil {
		return fmt.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for i, name := range names {
		vars[name] = m[i+1]
	}
	return nil
}
