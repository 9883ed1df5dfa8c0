//go:build cgo && !noselect

package worker

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unsafe"

	duckdb "github.com/duckdb/duckdb-go-bindings"

	"myfsio/query"
)

// duck is an empty database in memory with one connection. It is never closed: the process ends.
type duck struct {
	db   duckdb.Database
	conn duckdb.Connection
	stmt duckdb.PreparedStatement
}

// options are set when the database is made, in this order: without access to the world, some can no longer be set.
func options(l query.Limits) [][2]string {
	return [][2]string{
		{"temp_directory", ""}, {"max_temp_directory_size", "0B"}, {"memory_limit", strconv.FormatInt(l.Memory, 10) + "B"},
		{"threads", "1"}, {"allocator_background_threads", "false"},
		{"autoload_known_extensions", "false"}, {"autoinstall_known_extensions", "false"}, {"allow_community_extensions", "false"},
		{"allow_unsigned_extensions", "false"}, {"allow_persistent_secrets", "false"}, {"enable_external_access", "false"},
	}
}

// settings are set in the connection, the lock last.
var settings = []string{"SET TimeZone = 'UTC'", "SET max_expression_depth TO 250", "SET lock_configuration = true"}

// openDuck makes the database.
func openDuck(l query.Limits) (*duck, error) {
	var cfg duckdb.Config
	if duckdb.CreateConfig(&cfg) == duckdb.StateError {
		return nil, errors.New("duckdb: no configuration")
	}
	for _, o := range options(l) {
		if duckdb.SetConfig(cfg, o[0], o[1]) == duckdb.StateError {
			return nil, fmt.Errorf("duckdb: option %s is refused", o[0])
		}
	}
	d := new(duck)
	var msg string
	if duckdb.OpenExt(":memory:", &d.db, cfg, &msg) == duckdb.StateError {
		return nil, fmt.Errorf("duckdb: %s", msg)
	}
	if duckdb.Connect(d.db, &d.conn) == duckdb.StateError {
		return nil, errors.New("duckdb: no connection")
	}
	for _, set := range settings {
		var res duckdb.Result
		if duckdb.Query(d.conn, set, &res) == duckdb.StateError {
			return nil, fmt.Errorf("duckdb: %s: %s", set, duckdb.ResultError(&res))
		}
		duckdb.DestroyResult(&res)
	}
	return d, nil
}

// parse returns the syntax tree of a text.
func (d *duck) parse(sql string) ([]byte, error) {
	var stmt duckdb.PreparedStatement
	if duckdb.Prepare(d.conn, "SELECT CAST(json_serialize_sql(CAST($1 AS VARCHAR)) AS VARCHAR)", &stmt) == duckdb.StateError {
		return nil, fmt.Errorf("duckdb: %s", duckdb.PrepareError(stmt))
	}
	defer duckdb.DestroyPrepare(&stmt)
	if strings.IndexByte(sql, 0) >= 0 || duckdb.BindVarcharLength(stmt, 1, sql, duckdb.IdxT(len(sql))) == duckdb.StateError {
		return nil, query.Errorf("LexerInvalidChar", "The SQL expression contains an invalid character.")
	}
	var doc []byte
	err := stream(stmt, 1, func(vals [][]byte) error {
		doc = append(doc, vals[0]...)
		return nil
	})
	return doc, err
}

// prepare readies the plan and tells how its results are written.
func (d *duck) prepare(p *plan) ([]outKind, error) {
	var inner duckdb.PreparedStatement
	if duckdb.Prepare(d.conn, p.sql, &inner) == duckdb.StateError {
		return nil, duckError(duckdb.PrepareError(inner))
	}
	defer duckdb.DestroyPrepare(&inner)
	if duckdb.PreparedStatementType(inner) != duckdb.StatementTypeSelect || int(duckdb.PreparedStatementColumnCount(inner)) != len(p.out) {
		return nil, errors.New("duckdb: the statement is not what was planned")
	}
	kinds := make([]outKind, len(p.out))
	casts := make([]string, len(p.out))
	for i := range p.out {
		kinds[i] = outKindOf(&p.out[i], duckdb.PreparedStatementColumnType(inner, duckdb.IdxT(i)))
		casts[i] = "CAST(o" + strconv.Itoa(i) + " AS VARCHAR)"
	}
	if duckdb.Prepare(d.conn, "SELECT "+strings.Join(casts, ", ")+" FROM ("+p.sql+")", &d.stmt) == duckdb.StateError {
		return nil, duckError(duckdb.PrepareError(d.stmt))
	}
	return kinds, nil
}

func outKindOf(c *outColumn, t duckdb.Type) outKind {
	switch c.form {
	case fJSON:
		return oJSON
	case fRecord:
		return oRecord
	}
	switch t {
	case duckdb.TypeBoolean:
		return oBool
	case duckdb.TypeTinyInt, duckdb.TypeSmallInt, duckdb.TypeInteger, duckdb.TypeBigInt, duckdb.TypeHugeInt, duckdb.TypeUTinyInt,
		duckdb.TypeUSmallInt, duckdb.TypeUInteger, duckdb.TypeUBigInt, duckdb.TypeUHugeInt, duckdb.TypeFloat, duckdb.TypeDouble, duckdb.TypeDecimal:
		return oNumber
	case duckdb.TypeTimestamp:
		return oTime
	}
	return oText
}

// rows runs the prepared plan and gives every result to f.
func (d *duck) rows(f func([][]byte) error) error {
	return stream(d.stmt, int(duckdb.PreparedStatementColumnCount(d.stmt)), f)
}

// stream runs a statement whose columns are all text, chunk by chunk as they are made.
func stream(stmt duckdb.PreparedStatement, cols int, f func([][]byte) error) error {
	var pending duckdb.PendingResult
	if duckdb.PendingPreparedStreaming(stmt, &pending) == duckdb.StateError {
		return duckError(duckdb.PendingError(pending))
	}
	defer duckdb.DestroyPending(&pending)
	var res duckdb.Result
	if duckdb.ExecutePending(pending, &res) == duckdb.StateError {
		return duckError(duckdb.ResultError(&res))
	}
	defer duckdb.DestroyResult(&res)
	vals := make([][]byte, cols)
	for {
		chunk := duckdb.FetchChunk(res)
		if chunk.Ptr == nil {
			if msg := duckdb.ResultError(&res); msg != "" {
				return duckError(msg)
			}
			return nil
		}
		err := texts(chunk, vals, f)
		duckdb.DestroyDataChunk(&chunk)
		if err != nil {
			return err
		}
	}
}

// texts gives the rows of a chunk of text columns to f. What f is given is DuckDB's memory.
func texts(chunk duckdb.DataChunk, vals [][]byte, f func([][]byte) error) error {
	n := int(duckdb.DataChunkGetSize(chunk))
	data, valid := make([][]stringT, len(vals)), make([][]uint64, len(vals))
	for i := range vals {
		vec := duckdb.DataChunkGetVector(chunk, duckdb.IdxT(i))
		data[i] = unsafe.Slice((*stringT)(duckdb.VectorGetData(vec)), n)
		if mask := duckdb.VectorGetValidity(vec); mask != nil {
			valid[i] = unsafe.Slice((*uint64)(mask), (n+63)/64)
		}
	}
	for row := range n {
		for i := range vals {
			vals[i] = nil
			if valid[i] == nil || valid[i][row/64]>>(row%64)&1 == 1 {
				vals[i] = data[i][row].bytes()
			}
		}
		if err := f(vals); err != nil {
			return err
		}
	}
	return nil
}

// stringT is duckdb_string_t: up to twelve bytes stand in it, else four and a pointer to all.
type stringT struct {
	length  uint32
	prefix  [4]byte
	pointer *byte // or eight more bytes
}

// bytes is the text, not copied; it is never nil.
func (s *stringT) bytes() []byte {
	if s.length <= 12 {
		return unsafe.Slice(&s.prefix[0], s.length)
	}
	return unsafe.Slice(s.pointer, s.length)
}

// duckError gives an error of DuckDB a code of S3 Select.
func duckError(text string) error {
	kind, msg, _ := strings.Cut(text, ": ")
	msg, _, _ = strings.Cut(msg, "\n")
	switch kind {
	case "Conversion Error":
		return query.Errorf("CastFailed", "Attempt to convert from one data type to another using CAST failed in the SQL expression: %s", msg)
	case "Out of Range Error":
		return query.Errorf("IntegerOverflow", "Integer overflow or underflow in the SQL expression: %s", msg)
	case "Binder Error":
		return query.Errorf("IncorrectSqlFunctionArgumentType", "Incorrect type of arguments in the SQL expression: %s", msg)
	case "Catalog Error":
		return query.Errorf("UnsupportedFunction", "The SQL expression contains an unsupported function: %s", msg)
	case "Invalid Input Error":
		return query.Errorf("EvaluatorInvalidArguments", "Incorrect arguments in the SQL expression: %s", msg)
	case "Parser Error":
		return query.Errorf("ParseUnexpectedToken", "The SQL expression cannot be parsed: %s", msg)
	case "Out of Memory Error":
		return query.Errorf("ExternalEvalException", "The query needs more memory than it may have. Ask for less at a time.")
	}
	return fmt.Errorf("duckdb: %s", text)
}
