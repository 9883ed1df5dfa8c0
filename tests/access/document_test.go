package access

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write doc/ACCESS.md")

// found is all that was found out by trying.
type found struct {
	normal, strict table
	admin          []adminRow
	words, lists   map[*shape][]string
}

// TestDocument tries everything, holds the answers to the model, and doc/ACCESS.md to the answers.
func TestDocument(t *testing.T) {
	t.Parallel()
	var f found
	t.Run("matrix", func(t *testing.T) { f.normal = ask(t, false, waysOf) })
	t.Run("strict", func(t *testing.T) { f.strict = ask(t, true, firstWay) })
	t.Run("administration", func(t *testing.T) { f.admin = askAdmin(t) })
	t.Run("words", func(t *testing.T) { f.words = findWords(t) })
	t.Run("lists", func(t *testing.T) { f.lists = findLists(t) })
	if t.Failed() {
		return // nothing to document
	}
	want := f.document()
	path := filepath.Join("..", "..", "doc", "ACCESS.md")
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
		t.Errorf("doc/ACCESS.md is not what the server does (%v); if the server is right, run make docs", err)
	}
}

const preface = `# Who may do what

Written by the tests in tests/access from the answers of the server; do not edit by hand.

The users, sessions and anonymous requests below tried every operation at every place, by Signature V4 in a header and in a presigned URL, by
Signature V2, by the header pair, uploads by form as well, and sessions with their token in each of these. All ways led to the same answer, save that
Signature V2 does not cover some sub-resources, and is refused for them. After a refused request nothing had changed. How a decision is made stands in
doc/adr/0010-who-may-do-what.md.

✓ allowed: the operation was tried, whatever came of it. – refused: 403 AccessDenied.

What allowed requests were answered stands in the first table: 501 is an operation that is not offered, which a refused user is not told; 404 and
409 are about what was, or was not, there.

`

func (f *found) document() []byte {
	var b bytes.Buffer
	b.WriteString(preface)
	f.cast(&b)
	f.needs(&b)
	b.WriteString("\n## The service\n\nThese name no bucket that is there.\n\n")
	f.marks(&b, f.normal[service], func(*shape) bool { return true })
	b.WriteString("\n## Buckets\n")
	f.scope(&b, func(s *shape) bool { return !s.onObject() })
	b.WriteString("\n## Objects\n")
	f.scope(&b, (*shape).onObject)
	f.administration(&b)
	f.differences(&b)
	return b.Bytes()
}

// cast tells of the people and places.
func (f *found) cast(b *bytes.Buffer) {
	b.WriteString("| who | what he has |\n|---|---|\n")
	for _, p := range people {
		fmt.Fprintf(b, "| %s | %s |\n", p.name, p.says)
	}
	b.WriteString("\n| place | what it is |\n|---|---|\n")
	for _, pl := range places {
		fmt.Fprintf(b, "| %s | %s |\n", pl.title, pl.says)
	}
}

// needs tells what each operation needs.
func (f *found) needs(b *bytes.Buffer) {
	b.WriteString(`
## What each operation needs

Each of these is enough by itself: the words in a user's policy for that bucket and key; the actions in an AWS document of the user or, but for making
buckets, of the bucket; what a list gives. The owner of a bucket needs none of them, but to set a quota and to make buckets. Of a copy, the right to read is
needed where it comes from. Who may read and not list is refused a key that is not there, so that he cannot find out which are.

| operation | words | actions | list | answer |
|---|---|---|---|---|
`)
	for i := range shapes {
		s := &shapes[i]
		if s.from != "" { // says the same as the copy within a bucket
			continue
		}
		words := strings.Join(f.words[s], " or ")
		if words == "" {
			words = "(every user may)"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", s.title(), words, strings.Join(s.actions(), " and "), strings.Join(f.lists[s], " or "), f.answers(s))
	}
}

// answers are what those who were allowed got.
func (f *found) answers(s *shape) string {
	var list []string
	for _, rows := range f.normal {
		for _, r := range rows {
			for _, c := range r.cells {
				if r.shape == s && c.allowed && !slices.Contains(list, c.answer) {
					list = append(list, c.answer)
				}
			}
		}
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

// scope writes the tables of some shapes, one for each place.
func (f *found) scope(b *bytes.Buffer, of func(*shape) bool) {
	for _, pl := range places {
		rows := f.normal[pl.title]
		if !slices.ContainsFunc(rows, func(r row) bool { return of(r.shape) }) {
			continue
		}
		fmt.Fprintf(b, "\n### %s\n\n%s.\n\n", pl.title, strings.ToUpper(pl.says[:1])+pl.says[1:])
		f.marks(b, rows, of)
	}
}

func heading(b *bytes.Buffer, who []person) {
	b.WriteString("| operation |")
	for _, p := range who {
		fmt.Fprintf(b, " %s |", p.name)
	}
	b.WriteString("\n|---|" + strings.Repeat(":-:|", len(who)) + "\n")
}

func line(b *bytes.Buffer, title string, cells []cell) {
	fmt.Fprintf(b, "| %s |", title)
	for _, c := range cells {
		b.WriteString(map[bool]string{true: " ✓ |", false: " – |"}[c.allowed])
	}
	b.WriteByte('\n')
}

func (f *found) marks(b *bytes.Buffer, rows []row, of func(*shape) bool) {
	heading(b, inS3)
	for _, r := range rows {
		if of(r.shape) {
			line(b, r.shape.title(), r.cells)
		}
	}
}

func (f *found) administration(b *bytes.Buffer) {
	b.WriteString(`
## Users, keys and sessions

Presigned URLs and Signature V2 are refused here to everybody. The target is a user without rights unless the row says otherwise. Who may change
policies may give all rights to data to anybody, himself included, and of the administrative ones those that he has himself.

`)
	heading(b, inAdministration)
	for _, r := range f.admin {
		line(b, r.shape.title(), r.cells)
	}
}

// differences tells what the strict evaluation refuses beside.
func (f *found) differences(b *bytes.Buffer) {
	b.WriteString(`
## POLICY_EVALUATION=strict

A user who does not own the bucket needs his own policies to allow a request, whatever the bucket's policy and the lists say. Anonymous requests, owners,
and whom their own policies allow it, are not concerned. Beside what is refused above, these are:

| place | who is refused then | operations |
|---|---|---|
`)
	for _, pl := range append([]place{{title: service}}, places...) {
		var groups []string
		ops := map[string][]string{} // by who is refused
		for i, r := range f.normal[pl.title] {
			var who []string
			for k, c := range r.cells {
				if now := f.strict[pl.title][i].cells[k]; c.allowed && !now.allowed {
					who = append(who, inS3[k].name)
				}
			}
			if len(who) == 0 {
				continue
			}
			group := strings.Join(who, ", ")
			if ops[group] == nil {
				groups = append(groups, group)
			}
			ops[group] = append(ops[group], r.shape.title())
		}
		for _, group := range groups {
			fmt.Fprintf(b, "| %s | %s | %s |\n", pl.title, group, strings.Join(ops[group], ", "))
		}
	}
}
