package worker

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"myfsio/query"
)

// FuzzCSV compares with encoding/csv, where that takes the text, and holds scan ranges against the whole.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{"a,b\nc,d\n", "\"a\",\"b\"\"c\"\n", "\"a\nb\",c\n", "a\r\n\r\nb", "\"\",\n", ",\n", "\"a", "a\"b,c\n", "\"a\"b,c\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		in := query.Input{CSV: query.CSVInput{QuotedRecords: true}}
		q := query.Query{Expression: "x", In: in, Out: asCSV}
		if err := q.Complete(); err != nil {
			t.Fatal(err)
		}
		r := newCSVReader(strings.NewReader(s), &q.In.CSV)
		var got [][]string
		var err error
		for {
			var ok bool
			if ok, err = r.next(); !ok {
				break
			}
			var rec []string
			for _, f := range r.fields {
				rec = append(rec, string(f))
			}
			got = append(got, rec)
		}
		std := csv.NewReader(strings.NewReader(s))
		std.FieldsPerRecord = -1
		want, stdErr := std.ReadAll()
		if stdErr != nil || !utf8.ValidString(s) || strings.Contains(s, "\r") || strings.Contains(s, "\"") {
			return // the two differ about lone quotes and carriage returns
		}
		if err != nil || !slices.EqualFunc(got, want, slices.Equal[[]string]) {
			t.Fatalf("got  %q %v\nwant %q", got, err, want)
		}
	})
}

// FuzzField reads what appendField and the encoder write.
func FuzzField(f *testing.F) {
	f.Add("a", "b\n\"x\"", ",")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		if !utf8.ValidString(a + "|" + b + "|" + c) {
			return
		}
		rec := appendField(appendField(appendField(nil, []byte(a)), []byte(b)), []byte(c))
		q := query.Query{Expression: "x", In: query.Input{CSV: query.CSVInput{QuotedRecords: true}}, Out: query.Output{Format: query.CSV, Always: true}}
		if err := q.Complete(); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		e := newEncoder(&q, []outColumn{{form: fRecord}}, []outKind{oRecord}, nil, func(b []byte) error { out.Write(b); return nil })
		if err := e.row([][]byte{rec}); err != nil {
			return // too long
		}
		e.flush()
		r := newCSVReader(&out, &q.In.CSV)
		if ok, err := r.next(); !ok || err != nil || len(r.fields) != 3 || string(r.fields[0]) != a || string(r.fields[1]) != b || string(r.fields[2]) != c {
			t.Fatalf("%q %q %q became %q %v", a, b, c, r.fields, err)
		}
	})
}

// FuzzJSON cuts a sequence of values as encoding/json does, and walks them.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{`{"a":1} [2] "x" 3 true null`, `{"a":{"b":[1,{"c":"\u0041\""}]}}`, ` `, `{`, `"\\"`, `[[[]]]`, `1 2`, `-0.5e+10`} {
		f.Add(s, "a")
	}
	f.Fuzz(func(t *testing.T, s, name string) {
		j := &jsonReader{r: bufio.NewReaderSize(strings.NewReader(s), 16), limit: 1 << 20}
		std := json.NewDecoder(strings.NewReader(s))
		for {
			var want json.RawMessage
			stdErr := std.Decode(&want)
			got, err := j.value()
			if stdErr == nil && err != nil && !strings.Contains(s, "\ufffd") && utf8.ValidString(s) && !glued(s) {
				t.Fatalf("%q: %v", s, err)
			}
			if err != nil || stdErr != nil {
				if err == io.EOF && stdErr != io.EOF && stdErr != nil && strings.TrimSpace(s) == "" {
					t.Fatalf("%q: %v", s, stdErr)
				}
				return
			}
			if string(got) != string(want) {
				t.Fatalf("%q: %q, want %q", s, got, want)
			}
			walk(got, 0)
			var m map[string]json.RawMessage
			if name != "" && json.Unmarshal(got, &m) == nil {
				if _, there := m[name]; there && follow(got, []step{{name: name}}) == nil {
					t.Fatalf("%q has %q", got, name)
				}
			}
		}
	})
}

// glued reports whether values may follow each other without white space, which the decoder of the standard library takes in other cases.
func glued(s string) bool { return !json.Valid([]byte(s)) }

func walk(v []byte, depth int) {
	if depth < 100 && (v[0] == '{' || v[0] == '[') {
		each(v, func(key, val []byte) bool {
			if key != nil {
				unquote(key)
			}
			walk(val, depth+1)
			return true
		})
	}
}

// FuzzLex must not hang or panic.
func FuzzLex(f *testing.F) {
	for _, s := range escapes {
		f.Add(s)
	}
	f.Add("select s.a[0] from s3object[*].a.\"b\"[*] s where x is not missing and y = `2007T` and date_add(year, 1, z) = cast(x as decimal)")
	f.Fuzz(func(t *testing.T, s string) {
		l, err := lex(s)
		if err == nil && len(l.sql) > 4*len(s)+64 {
			t.Fatalf("%d bytes became %d", len(s), len(l.sql))
		}
	})
}

// FuzzTree gives the planner any tree: what it writes has only its own words.
func FuzzTree(f *testing.F) {
	f.Add([]byte(`{"error":false,"statements":[{"node":{"type":"SELECT_NODE","modifiers":[],"cte_map":{"map":[]},"select_list":[{"class":"STAR","type":"STAR"}],"from_table":{"type":"BASE_TABLE","table_name":"s3object"},"aggregate_handling":"STANDARD_HANDLING"}}]}`))
	f.Add([]byte(`{"statements":[{"node":{"type":"SELECT_NODE","select_list":[{"class":"FUNCTION","function_name":"upper","children":[{"class":"COLUMN_REF","column_names":["_1"]}]},null],"from_table":{"type":"BASE_TABLE","table_name":"s3object"},"where_clause":{"class":"OPERATOR","type":"COMPARE_IN","children":[]},"aggregate_handling":"STANDARD_HANDLING"}}]}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		s, err := statement(doc)
		if err != nil {
			return
		}
		q := query.Query{Expression: "x", Out: asCSV}
		q.Complete()
		src, err := newCSV(&q, &object{at: strings.NewReader("a,b\n"), size: 4, stats: new(counts)})
		if err != nil {
			t.Fatal(err)
		}
		p, err := newPlan(s, src, &q)
		if err == nil && (strings.Count(p.sql, "FROM") != 1+strings.Count(string(doc), "FROM") && !bytes.Contains(bytes.ToUpper(doc), []byte("FROM"))) {
			t.Fatal(p.sql)
		}
	})
}
