package worker

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"strings"
	"testing"

	"myfsio/query"
)

// packed2 is "a,b\n1,2\n" packed by bzip2.
const packed2 = "QlpoOTFBWSZTWb+HQH8AAANZAAAQAAQwADAAIAAwwAhpsogjJ4u5IpwoSF/DoD+A"

func gzipped(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

func TestFormats(t *testing.T) {
	e := engine(t, query.Config{})
	csv := func(c query.CSVInput) query.Input { return query.Input{CSV: c} }
	for _, c := range []struct {
		name string
		in   query.Input
		out  query.Output
		data string
		sql  string
		want string // or the code of the error
	}{
		{"crlf", csvNone, asCSV, "a,b\r\nc,\"d\"\r\n", "select _2, _1 from s3object", "b,a\nd,c\n"},
		{"no last newline", csvNone, asCSV, "a,b\nc,d", "select _2 from s3object", "b\nd\n"},
		{"empty lines", csvNone, asCSV, "\n\na\n\r\n\nb\n", "select _1 from s3object", "a\nb\n"},
		{"byte order mark", csvUse, asCSV, "\uFEFFa,b\n1,2\n", "select a from s3object", "1\n"},
		{"delimiters", csv(query.CSVInput{Field: "|", Record: ";", Quote: "'", Escape: "\\"}), asCSV, "a|'b|;c';", "select * from s3object", "CSVUnescapedQuote"},
		{"quoted delimiters", csv(query.CSVInput{Field: "|", Record: ";", Quote: "'", Escape: "\\", QuotedRecords: true}), query.Output{Format: query.CSV, Record: "!", Field: "\t", Always: true, Quote: "'", Escape: "\\"}, "a|'b|;\\'c\\\\';d|e;", "select * from s3object", "'a'\t'b|;\\'c\\\\'!'d'\t'e'!"},
		{"doubled quotes", csvNone, asCSV, "\"a \"\"x\"\"\",\"\"\n", "select _1, _2 from s3object", "\"a \"\"x\"\"\",\n"},
		{"quote in the midst", csvNone, asJSON, "a\"b,\"c\"d\n", "select _1, _2 from s3object", "{\"_1\":\"a\\\"b\",\"_2\":\"cd\"}\n"},
		{"lines in quotes", csv(query.CSVInput{QuotedRecords: true}), asJSON, "\"a\nb\r\nc\",d\n\"e\"\n", "select _1 from s3object", "{\"_1\":\"a\\nb\\r\\nc\"}\n{\"_1\":\"e\"}\n"},
		{"open quote", csv(query.CSVInput{QuotedRecords: true}), asCSV, "\"a\nb", "select _1 from s3object", "CSVUnescapedQuote"},
		{"comments", csv(query.CSVInput{Comment: "#", Header: query.UseHeader}), asCSV, "#x\na\n#y\n1\n", "select a from s3object", "1\n"},
		{"ignored header", csv(query.CSVInput{Header: query.IgnoreHeader}), asCSV, "a,b\n1,2\n", "select _2 from s3object", "2\n"},
		{"ragged", csvNone, asJSON, "a\nb,c\n", "select * from s3object", "{\"_1\":\"a\"}\n{\"_1\":\"b\",\"_2\":\"c\"}\n"},
		{"missing field", csvNone, asJSON, "a\nb,c\n", "select _2 from s3object", "{}\n{\"_2\":\"c\"}\n"},
		{"last field empty", csvNone, asCSV, "\"a\",\n", "select * from s3object", "a,\n"},
		{"case of names", csvUse, asCSV, "Name,name\n1,2\n", "select Name, name from s3object", "1,2\n"},
		{"ambiguous", csvUse, asCSV, "Name,name\n1,2\n", "select NAME from s3object", "AmbiguousFieldName"},
		{"quoted name", csvUse, asCSV, "a b,c\n1,2\n", "select s.\"a b\" from s3object s", "1\n"},
		{"not UTF-8", csvNone, asCSV, "a\n\xff\n", "select _1 from s3object", "InvalidTextEncoding"},
		{"other delimiters", csv(query.CSVInput{Field: "é"}), asCSV, "aéb\n", "select _2 from s3object", "b\n"},
		{"no bytes", csvUse, asCSV, "", "select count(*) from s3object", "0\n"},
		{"zero", csvNone, asJSON, "a\x00b\n", "select _1 from s3object", "{\"_1\":\"a\\u0000b\"}\n"},

		{"gzip", query.Input{Compression: query.Gzip, CSV: query.CSVInput{Header: query.UseHeader}}, asCSV, gzipped("a,b\n1,2\n"), "select b from s3object", "2\n"},
		{"gzip cut", query.Input{Compression: query.Gzip}, asCSV, gzipped(strings.Repeat("abc\n", 100))[:20], "select * from s3object", "TruncatedInput"},
		{"gzip wrong", query.Input{Compression: query.Gzip}, asCSV, "a,b\n", "select * from s3object", "TruncatedInput"},
		{"bzip2", query.Input{Compression: query.Bzip2, CSV: query.CSVInput{Header: query.UseHeader}}, asCSV, bz(), "select b from s3object", "2\n"},
		{"bzip2 wrong", query.Input{Compression: query.Bzip2}, asCSV, "a,b\nfgdfgdfg", "select * from s3object", "InvalidCompressionFormat"},
		{"gzip of JSON", query.Input{Format: query.JSON, Compression: query.Gzip}, asJSON, gzipped(`{"a":1} {"a":2}`), "select a from s3object", "{\"a\":1}\n{\"a\":2}\n"},

		{"scalars", lines, asJSON, "1 \"x\"\n[2] null {\"a\":1}", "select * from s3object", "{\"_1\":1}\n{\"_1\":\"x\"}\n{\"_1\":[2]}\n{\"_1\":null}\n{\"a\":1}\n"},
		{"escapes", lines, asJSON, `{"a\"b":"é\n","c":"\ud83d\ude00"}`, `select s."a""b", lower(c) from s3object s`, "{\"a\\\"b\":\"é\\n\",\"_2\":\"😀\"}\n"},
		{"pretty", doc, asJSON, "{\n  \"a\": {\n    \"b\": [1,\n 2]\n  }\n}\n", "select * from s3object", "{\"a\":{\"b\":[1,2]}}\n"},
		{"nested array", doc, asJSON, `{"a":[{"b":[1,2]},{"b":[3]},{}]}`, "select * from s3object[*].a[*].b[*]", "{\"_1\":1}\n{\"_1\":2}\n{\"_1\":3}\n{}\n"},
		{"name of from", doc, asJSON, `{"a":[{"b":1},{"b":2}]}`, "select x.b from s3object[*].a[*] as x where x.b > 1", "{\"b\":2}\n"},
		{"json null", lines, asJSON, `{"a":null,"b":1}`, "select a, c, b from s3object", "{\"a\":null,\"b\":1}\n"},
		{"null compared", lines, asJSON, "{\"a\":null}\n{\"a\":5}", "select a from s3object where a >= 0", "{\"a\":5}\n"},
		{"open array", doc, asJSON, `[{"a":1},`, "select a from s3object", "JSONParsingError"},
		{"no comma", doc, asJSON, `[{"a":1} {"a":2}]`, "select a from s3object", "JSONParsingError"},
		{"rubbish", lines, asJSON, `hello`, "select a from s3object", "JSONParsingError"},
		{"numbers grow", lines, asJSON, "{\"a\":1}\n{\"a\":2.5}\n{\"a\":1e3}", "select sum(a) from s3object", "{\"_1\":1003.5}\n"},
		{"mixed", lines, asJSON, "{\"a\":1}\n{\"a\":\"x\"}", "select a from s3object where a > 0", "{\"a\":1}\n"},
		{"star of others", lines, asJSON, "{\"a\":1,\"b\":{\"c\":2}}", "select *, a + 1 as n from s3object", "{\"a\":1,\"b\":\"{\\\"c\\\":2}\",\"n\":2}\n"},
		{"deep", lines, asJSON, strings.Repeat("[", 6000) + strings.Repeat("]", 6000), "select * from s3object", "JSONParsingError"},
		{"long record", lines, asJSON, `{"a":"` + strings.Repeat("x", 2<<20) + `"}`, "select a from s3object", "OverMaxRecordSize"},
		{"csv path", csvNone, asCSV, "a\n", "select * from s3object[*].a", "InvalidKeyPath"},
		{"long result", csvNone, asCSV, strings.Repeat("x", 700<<10) + "\n", "select _1, _1 from s3object", "OverMaxRecordSize"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := ask(t, e, query.Query{Expression: c.sql, In: c.in, Out: c.out}, []byte(c.data))
			if a.err != nil && a.code() != c.want || a.err == nil && a.text != c.want {
				t.Errorf("%s\ngot  %.300q %v\nwant %q", c.sql, a.text, a.err, c.want)
			}
		})
	}
}

func bz() string {
	b, _ := base64.StdEncoding.DecodeString(packed2)
	return string(b)
}

// TestScanRanges cuts an object into ranges at every byte: together they give every record once.
func TestScanRanges(t *testing.T) {
	e := engine(t, query.Config{})
	for name, c := range map[string]struct {
		in   query.Input
		data string
		sql  string
	}{
		"csv":    {csvNone, "aa,1\nb,2\n\nccc,3\nd,4", "select * from s3object"},
		"header": {csvUse, "k,v\naa,1\nb,2\n", "select k, v from s3object"},
		"two":    {query.Input{CSV: query.CSVInput{Record: "\r\n"}}, "aa,1\r\nb,2\r\nc,3\r\n", "select * from s3object"},
		"lines":  {lines, "{\"a\":1}\n{\"a\":2}\n\n{\"a\":3}", "select a from s3object"},
	} {
		whole := ask(t, e, query.Query{Expression: c.sql, In: c.in, Out: asCSV}, []byte(c.data))
		if whole.err != nil {
			t.Fatal(name, whole.err)
		}
		size := int64(len(c.data))
		for cut := int64(1); cut < size; cut++ {
			first := ask(t, e, query.Query{Expression: c.sql, In: c.in, Out: asCSV, Scan: &query.Scan{Start: 0, End: cut - 1}}, []byte(c.data))
			rest := ask(t, e, query.Query{Expression: c.sql, In: c.in, Out: asCSV, Scan: &query.Scan{Start: cut, End: -1}}, []byte(c.data))
			if first.text+rest.text != whole.text || first.err != nil || rest.err != nil {
				t.Errorf("%s at %d: %q and %q of %q %v %v", name, cut, first.text, rest.text, whole.text, first.err, rest.err)
			}
		}
	}
	a := ask(t, e, query.Query{Expression: "select * from s3object", In: csvNone, Out: asCSV, Scan: &query.Scan{Start: -1, End: 3}}, []byte("a\nb\nc\n"))
	if a.text != "c\n" {
		t.Errorf("the last bytes: %q %v", a.text, a.err)
	}
	for _, q := range []query.Query{
		{In: doc, Scan: &query.Scan{Start: 1, End: 2}}, {In: pq, Scan: &query.Scan{Start: 1, End: 2}}, {In: csvNone, Scan: &query.Scan{Start: -1, End: -1}},
		{In: csvNone, Scan: &query.Scan{Start: 5, End: 2}}, {In: query.Input{Compression: query.Gzip}, Scan: &query.Scan{Start: 1, End: 2}}, {In: query.Input{CSV: query.CSVInput{QuotedRecords: true}}, Scan: &query.Scan{Start: 1, End: 2}},
	} {
		q.Expression, q.Out = "select * from s3object", asCSV
		if a := ask(t, e, q, []byte("a\n")); a.code() != "UnsupportedScanRangeInput" && a.code() != "InvalidScanRange" {
			t.Errorf("%+v: %v", q, a.err)
		}
	}
}

// TestStatistics counts bytes before and after decompression.
func TestStatistics(t *testing.T) {
	e := engine(t, query.Config{})
	plain := strings.Repeat("abc,def\n", 100000)
	packed := gzipped(plain)
	a := ask(t, e, query.Query{Expression: "select _1 from s3object", In: query.Input{Compression: query.Gzip}, Out: asCSV}, []byte(packed))
	if want := (query.Stats{Scanned: int64(len(packed)), Processed: int64(len(plain)), Returned: int64(len(a.text))}); a.stats != want || a.err != nil || len(a.text) != 400000 {
		t.Errorf("%+v, want %+v %v", a.stats, want, a.err)
	}
}

// TestManyRecords is larger than the memory that the worker may have.
func TestManyRecords(t *testing.T) {
	e := engine(t, query.Config{Limits: query.Limits{Memory: 32 << 20}})
	data := bytes.Repeat([]byte(strings.Repeat("0123456789", 20)+",x\n"), 600000) // 120 MB
	a := ask(t, e, query.Query{Expression: "select * from s3object where _2 = 'x'", In: csvNone, Out: asCSV}, data)
	if a.err != nil || a.text != string(data) {
		t.Errorf("%d bytes, want %d: %v", len(a.text), len(data), a.err)
	}
	a = ask(t, e, query.Query{Expression: "select _1 from s3object limit 3", In: csvNone, Out: asCSV}, data)
	if a.err != nil || strings.Count(a.text, "\n") != 3 || a.stats.Scanned > 32<<20 {
		t.Errorf("%d bytes, %+v: %v", len(a.text), a.stats, a.err)
	}
}
