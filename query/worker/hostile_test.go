package worker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"myfsio/query"
)

// escapes are ways to reach beyond the object. None may get past the plan, and none past DuckDB's locks.
var escapes = []string{
	"select * from read_csv('/etc/passwd')", "select * from read_csv_auto('/etc/passwd')", "select * from read_text('/etc/passwd')",
	"select * from read_blob('/etc/passwd')", "select * from read_json('/etc/passwd')", "select * from read_json_auto('/etc/passwd')",
	"select * from read_ndjson('/etc/passwd')", "select * from read_parquet('/etc/passwd')", "select * from parquet_scan('/etc/passwd')",
	"select * from parquet_metadata('/etc/passwd')", "select * from parquet_schema('/etc/passwd')", "select * from sniff_csv('/etc/passwd')",
	"select * from glob('/etc/*')", "select * from '/etc/passwd'", `select * from "/etc/passwd"`, "select * from '/etc/passwd.csv'",
	"from '/etc/passwd'", "from read_text('/etc/passwd')", "table '/etc/passwd'",
	"select * from s3object, read_text('/etc/passwd')", "select * from s3object join read_text('/etc/passwd') on true",
	"select (select content from read_text('/etc/passwd')) from s3object", "select * from s3object where name in (select content from read_text('/etc/passwd'))",
	"select * from s3object where exists (select 1 from read_text('/etc/passwd'))",
	"with x as (select * from read_text('/etc/passwd')) select * from x", "with s3object as (select * from read_text('/etc/passwd')) select * from s3object",
	"select * from s3object union all select content from read_text('/etc/passwd')",
	"select * from s3object limit (select count(*) from read_text('/etc/passwd'))", "select * from s3object order by (select content from read_text('/etc/passwd'))",
	"select * from s3object s, lateral (select * from read_text('/etc/passwd')) t",
	"select * from query('select 1')", "select * from query_table('x')", "select getenv('PATH') from s3object", "select current_setting('memory_limit') from s3object",
	"select * from duckdb_settings()", "select * from duckdb_secrets()", "select * from which_secret('s3://x','s3')", "select * from duckdb_functions()", "select * from pragma_version()",
	"select * from information_schema.tables", "select * from sqlite_master", "select * from pg_catalog.pg_class", "select * from s3rows()",
	"select * from memory.main.s3object", "select * from main.s3object", "select * from 'https://127.0.0.1/x.csv'", "select * from read_csv('https://127.0.0.1/x.csv')",
	"select * from read_csv('s3://bucket/x.csv')", "select * from iceberg_scan('/x')", "select * from sqlite_scan('/x', 'y')", "select * from postgres_scan('x','y','z')",
	"copy (select * from s3object) to '/tmp/select-escaped'", "copy s3object to '/tmp/select-escaped'", "copy s3object from '/etc/passwd'", "export database '/tmp/select-escaped'", "import database '/tmp/x'",
	"attach '/tmp/select-escaped' as x", "attach ':memory:' as x", "detach memory", "use memory", "install httpfs", "load httpfs", "load '/tmp/x.so'", "force install httpfs from 'http://127.0.0.1/'",
	"set enable_external_access = true", "set lock_configuration = false", "reset lock_configuration", "set memory_limit = '100GB'", "set threads = 64", "set global temp_directory = '/tmp'", "set allowed_paths = ['/etc/passwd']", "set allowed_directories = ['/']",
	"pragma database_list", "pragma enable_profiling", "pragma enable_logging", "pragma memory_limit='100GB'", "call pragma_version()", "call enable_logging()", "checkpoint", "vacuum", "create table t as select 1", "create macro f() as 1",
	"create secret s (type s3)", "insert into s3object values (1)", "delete from s3object", "update s3object set name = 'x'", "drop table s3object", "alter table s3object add column x int",
	"explain analyze select * from s3object", "explain select * from s3object", "describe s3object", "show tables", "summarize s3object", "begin", "prepare x as select 1", "execute x", "deallocate x",
	"select 1 from s3object; copy (select 1) to '/tmp/select-escaped'", "select 1 from s3object; select 2 from s3object", ";", "", " ", "--", "/* x", "'", `"`, "select", "select from s3object", "select $1 from s3object", "select ? from s3object", "select $$x$$ from s3object where nextval('x') = 1",
	"select * from (values (1)) s3object", "select * from (select 1) s3object", "select * from range(10)", "select * from generate_series(1,10)", "select * from unnest([1,2])", "pivot s3object on name", "unpivot s3object on name into name a value b",
	"select unnest([1,2]) from s3object", "select range(1000000000) from s3object", "select generate_series(1,1000000000) from s3object", "select repeat('x', 1000000000) from s3object", "select lpad('x', 1000000000, 'y') from s3object", "select rpad(name, 1000000000, 'y') from s3object",
	"select list_transform([1], lambda x: x) from s3object", "select string_agg(name, ',') from s3object", "select list(name) from s3object", "select array_agg(name) from s3object", "select histogram(name) from s3object", "select row_number() over () from s3object", "select printf('%1000000000d', 1) from s3object", "select format('{:1000000000}', 1) from s3object",
	"select error('x') from s3object", "select version() from s3object", "select current_user from s3object", "select txid_current() from s3object", "select current_database() from s3object", "select in_search_path('a','b') from s3object", "select sleep_ms(100000) from s3object", "select write_log('x') from s3object", "select json_execute_serialized_sql('x') from s3object",
	"select * from json_execute_serialized_sql(json_serialize_sql('select * from read_text(''/etc/passwd'')'))", "select columns('.*') from s3object", "select * exclude (name) from s3object", "select * replace (getenv('HOME') as name) from s3object", "select * like '%' from s3object",
	"select name from s3object tablesample 10%", "select name from s3object using sample 3", "select name from s3object qualify row_number() over () = 1", "select name from s3object group by all", "select name from s3object group by cube(name)", "select name from s3object asof join s3object on true", "select name from s3object at (version => 1)",
	"select a.b.c(name) from s3object", "select system.main.getenv('HOME') from s3object", "select main.getenv('HOME') from s3object", "select name::blob from s3object", "select name::json from s3object", "select cast(name as int[]) from s3object", "select {'a': name} from s3object", "select [name] from s3object", "select map([1],[2]) from s3object", "select name collate de from s3object", "select #1 from s3object", "select (name).x from s3object", "select name.x.y from s3object",
	"select upper(name) filter (where true) from s3object", "select upper(distinct name) from s3object", "select count(name order by name) from s3object", "select sum(name) over () from s3object",
	"with recursive r as (select 1 as n union all select n + 1 from r) select count(*) from r", "select name from s3object where name = any(select 1)", "select name from s3object where name = all([1])", "select exists(select 1) from s3object",
}

func TestEscapesAreRefused(t *testing.T) {
	e := engine(t, query.Config{})
	for _, sql := range escapes {
		a := ask(t, e, query.Query{Expression: sql, In: csvUse, Out: asCSV}, []byte(people))
		if c := a.code(); c == "" || c == "error" || strings.Contains(a.text, "root:") {
			t.Errorf("%s\ngave %q %v", sql, a.text, a.err)
		}
	}
}

// TestDuckDBIsLocked runs the escapes past the plan, straight in the database of a worker that closed its doors.
func TestDuckDBIsLocked(t *testing.T) {
	engine(t, query.Config{})
	self, _ := query.Self()
	for _, sql := range escapes {
		if strings.TrimSpace(sql) == "" || strings.ContainsRune(sql, 'š') {
			continue
		}
		reads := strings.Contains(sql, "passwd") || strings.Contains(sql, "escaped") || strings.Contains(sql, "http") || strings.HasPrefix(sql, "set ") ||
			strings.HasPrefix(sql, "attach '/") || strings.HasPrefix(sql, "load") || strings.HasPrefix(sql, "install") || strings.Contains(sql, "_scan") || strings.Contains(sql, "glob")
		if !reads || strings.HasPrefix(sql, "export") { // an export without tables does nothing
			continue
		}
		cmd := exec.CommandContext(context.Background(), self, "select-raw", sql)
		cmd.Env = []string{}
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || bytes.Contains(out, []byte("root:")) {
			t.Errorf("%s\ngave %q %v", sql, out, err)
		}
	}
}

// TestBombsAreStopped runs queries that are allowed and ask for too much.
func TestBombsAreStopped(t *testing.T) {
	e := engine(t, query.Config{Limits: query.Limits{Memory: 64 << 20, CPU: 1}})
	wide := strings.Repeat("x", 1000)
	grow := "name"
	for range 12 {
		grow = fmt.Sprintf("replace(%s, 'x', name)", grow)
	}
	double := "name"
	for range 30 {
		double = fmt.Sprintf("replace(name, 'x', %s)", double)
	}
	var big strings.Builder
	big.WriteString("name\n")
	for i := range 2 << 20 / 8 {
		fmt.Fprintf(&big, "%07d\n", i)
	}
	for name, c := range map[string]struct{ sql, data, codes string }{
		"text grows":     {"select char_length(" + grow + ") from s3object", "name\n" + wide + "\n", "ExternalEvalException"},
		"text grows 2":   {"select char_length(" + double + ") from s3object", "name\n" + wide + "\n", "ExternalEvalException"},
		"text doubles":   {"select count(" + strings.Repeat("name||", 20000) + "name) from s3object", "name\n" + wide + "\n", "UnsupportedSqlStructure ExternalEvalException ParseUnexpectedToken"},
		"regexp":         {"select count(*) from s3object where regexp_matches(name, '" + strings.Repeat("(a?){1000}", 50) + "')", big.String(), "EvaluatorInvalidArguments ExternalEvalException"},
		"brackets":       {"select " + strings.Repeat("(", 100000) + "1" + strings.Repeat(")", 100000) + " from s3object", people, "ParseUnexpectedToken UnsupportedSqlStructure ExternalEvalException"},
		"nots":           {"select * from s3object where " + strings.Repeat("not ", 60000) + "true", people, "ParseUnexpectedToken UnsupportedSqlStructure ExternalEvalException"},
		"minuses":        {"select " + strings.Repeat("- ", 100000) + "1 from s3object", people, "ParseUnexpectedToken UnsupportedSqlStructure ExternalEvalException"},
		"long":           {"select * from s3object where name = '" + strings.Repeat("x", 256<<10) + "'", people, "ExpressionTooLong"},
		"many columns":   {"select " + strings.Repeat("1,", 100000) + "1 from s3object", people, "OverMaxColumn ExternalEvalException"},
		"deep subscript": {"select name" + strings.Repeat("[0]", 50000) + " from s3object", people, "UnsupportedSqlStructure UnsupportedSqlOperation ParseUnexpectedToken ExternalEvalException"},
		"long record":    {"select * from s3object", "name\n" + strings.Repeat("x", 2<<20) + "\n", "OverMaxRecordSize"},
		"wide record":    {"select * from s3object", "name\n" + strings.Repeat(",", 100000) + "\n", "OverMaxColumn"},
	} {
		t.Run(name, func(t *testing.T) {
			a := ask(t, e, query.Query{Expression: c.sql, In: csvUse, Out: asCSV}, []byte(c.data))
			if code := a.code(); code == "" || !strings.Contains(c.codes, code) {
				t.Errorf("%.100s\ngave %.100q %v", c.sql, a.text, a.err)
			}
		})
	}
	t.Run("many literals", func(t *testing.T) {
		a := ask(t, e, query.Query{Expression: "select count(*) from s3object where name in (" + strings.Repeat("'xxxx',", 30000) + "'Ada')", In: csvUse, Out: asCSV}, []byte(people))
		if a.text != "1\n" && a.code() == "error" {
			t.Errorf("%q %v", a.text, a.err)
		}
	})
	t.Run("distinct and order spill nowhere", func(t *testing.T) {
		var rows strings.Builder
		rows.WriteString("name\n")
		for i := range 300000 {
			fmt.Fprintf(&rows, "%0400d\n", i)
		}
		a := ask(t, e, query.Query{Expression: "select distinct name from s3object order by 1 desc", In: csvUse, Out: asCSV}, []byte(rows.String()))
		if a.code() != "ExternalEvalException" {
			t.Errorf("%.50q %v", a.text, a.err)
		}
	})
}
