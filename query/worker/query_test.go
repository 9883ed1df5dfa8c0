package worker

import (
	"testing"

	"myfsio/query"
)

const people = "name,age,city,note\nAda,36,London,\"a, b\"\nBob,7,Paris,\nCyd,41.5,London,n/a\nDot,,Rome,x\n"

const orders = `{"id":1,"who":{"name":"Ada","tags":["x","y"]},"total":10.50,"paid":true,"at":"2020-01-02T10:00Z"}
{"id":2,"who":{"name":"Bob"},"total":7,"paid":false,"at":"2021-03-04"}

{"id": 9007199254740993, "who":{"name":"Cyd","tags":[]},"total":0.25,"paid":null}
`

func TestQueries(t *testing.T) {
	e := engine(t, query.Config{})
	for _, c := range []struct {
		name string
		in   query.Input
		out  query.Output
		data string
		sql  string
		want string // or the code of the error
	}{
		{"contract", csvUse, asJSON, people, "SELECT name, age FROM s3object WHERE age > 25", "{\"name\":\"Ada\",\"age\":\"36\"}\n{\"name\":\"Cyd\",\"age\":\"41.5\"}\n"},
		{"star", csvUse, asCSV, people, "SELECT * FROM S3Object", "Ada,36,London,\"a, b\"\nBob,7,Paris,\nCyd,41.5,London,n/a\nDot,,Rome,x\n"},
		{"star in json", csvUse, asJSON, people, "select * from s3object s where s.city = 'Rome'", "{\"name\":\"Dot\",\"age\":\"\",\"city\":\"Rome\",\"note\":\"x\"}\n"},
		{"star and more", csvUse, asCSV, people, "select *, upper(name) from s3object limit 1", "Ada,36,London,\"a, b\",ADA\n"},
		{"positions", csvNone, asCSV, people, "select s._1, _3 from s3object s limit 2", "name,city\nAda,London\n"},
		{"aggregate", csvUse, asJSON, people, "select count(*), avg(cast(nullif(age,'') as float)) as a, max(cast(nullif(age, '') as decimal)) from s3object", "{\"_1\":4,\"a\":28.166666666666668,\"_3\":41.5}\n"},
		{"sum of text", csvUse, asCSV, people, "select sum(age), sum(s.age * 2) from s3object s", "84.5,169\n"},
		{"group", csvUse, asCSV, people, "select city, count(*) as n from s3object group by city order by n desc, city", "London,2\nParis,1\nRome,1\n"},
		{"like", csvUse, asCSV, people, "select name from s3object where note like '%,%' or name in ('Bob') and not city is null", "Ada\nBob\n"},
		{"functions", csvUse, asCSV, people, "select substring(name from 1 for 2), char_length(city), trim(leading 'L' from city), lower(name) || '-' || upper(city), coalesce(nullif(note,''), 'none') from s3object limit 2", "Ad,6,ondon,ada-LONDON,\"a, b\"\nBo,5,Paris,bob-PARIS,none\n"},
		{"case", csvUse, asCSV, people, "select case when age between 1 and 10 then 'child' else 'grown' end from s3object limit 2", "grown\nchild\n"},
		{"times", csvUse, asCSV, people, "select utcnow(), to_timestamp('2007-02T'), date_add(year, 1, to_timestamp('2010-01-01T')), date_diff(day, to_timestamp('2010-01-01T23:00Z'), to_timestamp('2010-01-02T01:00Z')), extract(year from to_timestamp('2010-01-01T')), to_string(to_timestamp('1969-07-20T20:18:05Z'), 'MMMM d, y h:m a'), cast('2020-01-01T00:30+02:00' as timestamp) from s3object limit 1",
			"2026-01-02T03:04:05Z,2007-02-01T00:00:00Z,2011-01-01T00:00:00Z,0,2010,\"July 20, 1969 8:18 PM\",2019-12-31T22:30:00Z\n"},
		{"cast fails", csvUse, asCSV, people, "select cast(note as int) from s3object", "CastFailed"},
		{"no such header", csvUse, asCSV, people, "select nothing from s3object", "MissingHeaders"},
		{"distinct", csvUse, asCSV, people, "select distinct city from s3object order by 1", "London\nParis\nRome\n"},
		{"count only", csvUse, asCSV, people, "select count(*) from s3object[*] s", "4\n"},
		{"constant", csvUse, asCSV, people, "select 1.5, -2, 'it''s', true, null, 12345678901234567890, 1e3 from s3object limit 1", "1.5,-2,it's,true,,12345678901234567890,1000\n"},

		{"lines", lines, asJSON, orders, "select s.id, s.who.name, s.total from s3object s", "{\"id\":1,\"name\":\"Ada\",\"total\":10.50}\n{\"id\":2,\"name\":\"Bob\",\"total\":7}\n{\"id\":9007199254740993,\"name\":\"Cyd\",\"total\":0.25}\n"},
		{"whole", lines, asJSON, orders, "select * from s3object s where s.id = 9007199254740993", "{\"id\": 9007199254740993, \"who\":{\"name\":\"Cyd\",\"tags\":[]},\"total\":0.25,\"paid\":null}\n"},
		{"index and missing", lines, asJSON, orders, "select s.who.tags[1] as t, s.who.tags from s3object[*] s", "{\"t\":\"y\",\"tags\":[\"x\",\"y\"]}\n{}\n{\"tags\":[]}\n"},
		{"truth", lines, asCSV, orders, "select id from s3object s where paid", "1\n"},
		{"types", lines, asJSON, orders, "select sum(total) as s, max(id), min(s.who.name) from s3object s", "{\"s\":17.75,\"_2\":9007199254740993,\"_3\":\"Ada\"}\n"},
		{"is missing", lines, asCSV, orders, "select id from s3object s where s.at is missing", "9007199254740993\n"},
		{"time compare", lines, asCSV, orders, "select id from s3object s where s.at < `2020-06T`", "1\n"},
		{"star to csv", lines, asCSV, orders, "select * from s3object limit 1", "1,\"{\"\"name\"\":\"\"Ada\"\",\"\"tags\"\":[\"\"x\"\",\"\"y\"\"]}\",10.50,true,2020-01-02T10:00Z\n"},
		{"document", doc, asJSON, `[{"a":1},{"a":2}, {"a":"x"}]`, "select a from s3object", "{\"a\":1}\n{\"a\":2}\n{\"a\":\"x\"}\n"},
		{"aws rules", doc, asJSON, `{"Rules":[{"id":"1"},{"expr":"y > x"},{"id":"2","expr":"z = DEBUG"}]}`, "SELECT id FROM S3Object[*].Rules[*].id", "{\"id\":\"1\"}\n{}\n{\"id\":\"2\"}\n"},
		{"aws dirs", doc, asJSON, `{"created":"x","dir_name":"important_docs","files":[{"name":"."},{"name":".aws"}],"owner":"AWS S3"} {"dir_name":"other_docs","files":[]}`, "SELECT d.dir_name, d.files FROM S3Object[*] d", "{\"dir_name\":\"important_docs\",\"files\":[{\"name\":\".\"},{\"name\":\".aws\"}]}\n{\"dir_name\":\"other_docs\",\"files\":[]}\n"},
		{"bad json", lines, asJSON, "{\"a\":1}\n{\"a\":}\n", "select a from s3object", "JSONParsingError"},
		{"number then text", lines, asCSV, "{\"a\":1}\n{\"a\":\"x\"}\n", "select a from s3object where a = 'x'", "x\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := ask(t, e, query.Query{Expression: c.sql, In: c.in, Out: c.out}, []byte(c.data))
			if got := a.text; a.err != nil && a.code() != c.want || a.err == nil && got != c.want {
				t.Errorf("%s\ngot  %q %v\nwant %q", c.sql, got, a.err, c.want)
			}
		})
	}
}
