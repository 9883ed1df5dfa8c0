//go:build cgo && !noselect

package worker

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	duckdb "github.com/duckdb/duckdb-go-bindings"

	"myfsio/query"
)

// direct is a DuckDB without locks in the process of the test.
type direct struct {
	t testing.TB
	d duck
}

func newDirect(t testing.TB) *direct {
	d := &direct{t: t}
	if duckdb.Open(":memory:", &d.d.db) == duckdb.StateError || duckdb.Connect(d.d.db, &d.d.conn) == duckdb.StateError {
		t.Fatal("no database")
	}
	t.Cleanup(func() { duckdb.Disconnect(&d.d.conn); duckdb.Close(&d.d.db) })
	d.do("SET TimeZone = 'UTC'")
	return d
}

func (d *direct) do(sql string) {
	d.t.Helper()
	var res duckdb.Result
	if duckdb.Query(d.d.conn, sql, &res) == duckdb.StateError {
		d.t.Fatal(sql, duckdb.ResultError(&res))
	}
	duckdb.DestroyResult(&res)
}

// rows runs a statement with n columns and gives its rows as text, columns divided by |.
func (d *direct) rows(n int, sql string) (out []string) {
	d.t.Helper()
	var stmt duckdb.PreparedStatement
	if duckdb.Prepare(d.d.conn, "SELECT CAST(COLUMNS(*) AS VARCHAR) FROM ("+sql+")", &stmt) == duckdb.StateError {
		d.t.Fatal(sql, duckdb.PrepareError(stmt))
	}
	defer duckdb.DestroyPrepare(&stmt)
	err := stream(stmt, n, func(vals [][]byte) error {
		parts := make([]string, n)
		for i, v := range vals {
			parts[i] = string(v)
		}
		out = append(out, strings.Join(parts, "|"))
		return nil
	})
	if err != nil {
		d.t.Fatal(sql, err)
	}
	return out
}

// table is random data that three formats can hold.
const table = `CREATE TABLE t AS SELECT i AS id, 'name ' || (hash(i) % 100) AS name, (hash(i + 7) % 100000) / 8.0 AS price,
	hash(i + 3) % 2 = 0 AS paid, CASE WHEN i % 7 = 0 THEN NULL ELSE 'city "' || (i % 13) || '", x' END AS city,
	CAST('2020-01-01' AS TIMESTAMP) + to_hours(CAST(i AS INTEGER)) AS ts, CAST(i * 1.25 AS DECIMAL(12,2)) AS amount
	FROM range(20000) r(i)`

// TestSameAsDuckDB runs queries over CSV, JSON and Parquet, and DuckDB on the same table.
func TestSameAsDuckDB(t *testing.T) {
	e := engine(t, query.Config{})
	d := newDirect(t)
	dir := t.TempDir()
	d.do(table)
	files := map[string][]byte{}
	for name, opts := range map[string]string{"csv": "HEADER", "json": "FORMAT json", "parquet": "FORMAT parquet, ROW_GROUP_SIZE 3000", "zstd": "FORMAT parquet, COMPRESSION zstd", "gz": "FORMAT parquet, COMPRESSION gzip", "v2": "FORMAT parquet, PARQUET_VERSION v2", "brotli": "FORMAT parquet, COMPRESSION brotli", "plain": "FORMAT parquet, COMPRESSION uncompressed"} {
		path := filepath.Join(dir, "t."+name)
		d.do("COPY t TO '" + path + "' (" + opts + ")")
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = b
	}
	for _, c := range []struct {
		cols      int
		direct    string
		statement string // "" is the same over s3object
	}{
		{1, "select count(*) from t", ""},
		{2, "select count(*), count(city) from t where city is not null", "select count(*), count(city) from s3object s where city is not null and city <> ''"},
		{2, "select id, name from t where price > 9000 and paid order by id", "select id, name from s3object where cast(price as float) > 9000 and cast(paid as bool)"},
		{2, "select name, count(*) from t group by name order by name", ""},
		{3, "select sum(id), min(id), max(id) from t", "select sum(cast(id as int)), min(cast(id as int)), max(cast(id as int)) from s3object"},
		{1, "select sum(price) from t", ""},
		{2, "select id, upper(city) from t where city like '%1%' and id between 100 and 300", "select id, upper(city) from s3object where city like '%1%' and cast(id as int) between 100 and 300"},
		{1, "select id from t where ts >= timestamp '2021-01-01' and ts < timestamp '2021-01-02' order by id", "select id from s3object where cast(ts as timestamp) >= to_timestamp('2021-01-01T') and cast(ts as timestamp) < to_timestamp('2021-01-02T')"},
		{1, "select id from t where name in ('name 3', 'name 77') limit 50", ""},
		{2, "select extract(month from ts) as m, count(*) from t group by m order by m", "select extract(month from cast(ts as timestamp)) as m, count(*) from s3object group by m order by m"},
		{1, "select coalesce(city, 'none') from t where id < 30", "select coalesce(nullif(city, ''), 'none') from s3object where cast(id as int) < 30"},
		{1, "select sum(amount) from t", "select sum(cast(amount as decimal(20,2))) from s3object"},
		{2, "select id, substring(name, 2, 3) || '-' || char_length(name) from t where id % 1000 = 5", "select id, substring(name, 2, 3) || '-' || char_length(name) from s3object where cast(id as int) % 1000 = 5"},
	} {
		want := d.rows(c.cols, c.direct)
		sql := c.statement
		if sql == "" {
			sql = strings.Replace(c.direct, " from t", " from s3object", 1)
		}
		for name, data := range files {
			in := pq
			switch name {
			case "csv":
				in = csvUse
			case "json":
				in = lines
			}
			a := ask(t, e, query.Query{Expression: sql, In: in, Out: query.Output{Format: query.CSV, Field: "|"}}, data)
			got := strings.Split(strings.TrimSuffix(a.text, "\n"), "\n")
			if !same(want, got) || a.err != nil {
				t.Errorf("%s: %s\ngot  %d %.200q %v\nwant %d %.200q", name, sql, len(got), got, a.err, len(want), want)
			}
		}
	}
}

// same compares rows with the differences of form taken out: zeros behind a point, quotes.
func same(want, got []string) bool {
	if len(want) == 1 && want[0] == "" || len(got) == 1 && got[0] == "" {
		return len(want) == len(got)
	}
	if len(want) != len(got) {
		return false
	}
	plain := func(list []string) []string {
		out := make([]string, len(list))
		for i, l := range list {
			cells := strings.Split(strings.ReplaceAll(l, `"`, ""), "|")
			for j, c := range cells {
				if strings.Contains(c, ".") {
					cells[j] = strings.TrimRight(strings.TrimRight(c, "0"), ".")
				}
			}
			out[i] = strings.Join(cells, "|")
		}
		sort.Strings(out)
		return out
	}
	a, b := plain(want), plain(got)
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func TestParquetTypes(t *testing.T) {
	e := engine(t, query.Config{})
	d := newDirect(t)
	path := filepath.Join(t.TempDir(), "t.parquet")
	d.do(`COPY (SELECT 1::TINYINT AS a, 255::UTINYINT AS b, 18446744073709551615::UBIGINT AS c, 1.5::FLOAT AS d, DATE '2020-02-29' AS e,
		TIME '10:11:12.5' AS f, TIMESTAMP '2020-01-01 00:00:00.123456' AS g, '\xAA\xFF'::BLOB AS h, uuid '6ba7b810-9dad-11d1-80b4-00c04fd430c8' AS i,
		{'x': 1, 'y': ['p', 'q'], 'z': {'w': true}} AS j, [1, 2, 3] AS k, NULL::INTEGER AS l, 12345678901234567890.12::DECIMAL(38,2) AS m, -0.05::DECIMAL(4,2) AS n, MAP {'k': 'v'} AS o, TIMESTAMPTZ '2020-01-01 00:00:00+02' AS p, TIMESTAMP_NS '2020-01-01 00:00:00.123456789' AS q
		UNION ALL SELECT 2, 0, 0::UBIGINT, NULL, NULL, NULL, NULL, NULL, NULL, {'x': NULL, 'y': [], 'z': NULL}, NULL, 7, NULL, NULL, NULL, NULL, NULL) TO '` + path + `' (FORMAT parquet)`)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{
		{"select * from s3object limit 1", `{"a":1,"b":255,"c":18446744073709551615,"d":1.5,"e":"2020-02-29","f":"10:11:12.5","g":"2020-01-01T00:00:00.123456Z","h":"qv8=","i":"6ba7b810-9dad-11d1-80b4-00c04fd430c8","j":{"x":1,"y":["p","q"],"z":{"w":true}},"k":[1,2,3],"m":12345678901234567890.12,"n":-0.05,"o":{"k":"v"},"p":"2019-12-31T22:00:00Z","q":"2020-01-01T00:00:00.123456Z"}`},
		{"select s.j.x, s.j.z.w, s.j.y[1] as y from s3object s", `{"x":1,"w":true,"y":"q"}` + "\n" + `{}`},
		{"select a from s3object where j.x = 1 and c > 5 and e < to_timestamp('2021T') and m > 1", `{"a":1}`},
		{"select sum(m), max(c), count(l), count(*) from s3object", `{"_1":12345678901234567890.12,"_2":18446744073709551615,"_3":1,"_4":2}`},
		{"select A as z from s3object where l is null", `{"z":1}`},
		{"select nothing from s3object", "EvaluatorBindingDoesNotExist"},
		{"select upper(s) from s3object s", "InvalidKeyPath"},
	} {
		a := ask(t, e, query.Query{Expression: c[0], In: pq, Out: asJSON}, data)
		if got := strings.TrimSuffix(a.text, "\n"); a.code() != "" && a.code() != c[1] || a.err == nil && got != c[1] {
			t.Errorf("%s\ngot  %s %v\nwant %s", c[0], got, a.err, c[1])
		}
	}
	d.do("COPY (SELECT 1 AS a) TO '" + path + "' (FORMAT parquet, COMPRESSION lz4_raw)")
	lz4, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if a := ask(t, e, query.Query{Expression: "select * from s3object", In: pq, Out: asJSON}, lz4); a.code() != "ParquetUnsupportedCompressionCodec" {
		t.Error(a.err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 50 { // damaged files end in an error, not in silence or a crash of the server
		bad := append([]byte(nil), data...)
		for range 1 + rng.IntN(4) {
			bad[rng.IntN(len(bad))] ^= byte(1 + rng.IntN(255))
		}
		if rng.IntN(4) == 0 {
			bad = bad[:rng.IntN(len(bad))]
		}
		ask(t, e, query.Query{Expression: "select * from s3object", In: pq, Out: asJSON}, bad)
	}
	if a := ask(t, e, query.Query{Expression: "select * from s3object", In: pq, Out: asJSON}, []byte("no parquet at all")); a.code() != "ParquetParsingError" {
		t.Error(a.err)
	}
}
