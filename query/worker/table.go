//go:build cgo && !noselect

package worker

/*
#include <stdint.h>
#include <stdlib.h>

void myfsioSelectBind(void *);
void myfsioSelectInit(void *);
void myfsioSelectFill(void *, void *);

extern void duckdb_vector_assign_string_element_len(void *, uint64_t, const char *, uint64_t);

static void assign(void *vec, const char *data, const uint32_t *start, const uint32_t *size, uint64_t n) {
	for (uint64_t i = 0; i < n; i++) {
		duckdb_vector_assign_string_element_len(vec, i, data + start[i], size[i]);
	}
}

static void *bindPtr(void) { return (void *)myfsioSelectBind; }
static void *initPtr(void) { return (void *)myfsioSelectInit; }
static void *fillPtr(void) { return (void *)myfsioSelectFill; }
*/
import "C"

import (
	"errors"
	"runtime/cgo"
	"strconv"
	"unsafe"

	duckdb "github.com/duckdb/duckdb-go-bindings"
)

// register makes the records of f the table function s3rows.
func (d *duck) register(f *feed) error {
	fn := duckdb.CreateTableFunction()
	defer duckdb.DestroyTableFunction(&fn)
	duckdb.TableFunctionSetName(fn, "s3rows")
	h := (*C.uintptr_t)(C.malloc(C.size_t(unsafe.Sizeof(C.uintptr_t(0))))) // lives as long as the process
	*h = C.uintptr_t(cgo.NewHandle(f))
	duckdb.TableFunctionSetExtraInfo(fn, unsafe.Pointer(h), nil)
	duckdb.TableFunctionSetBind(fn, C.bindPtr())
	duckdb.TableFunctionSetInit(fn, C.initPtr())
	duckdb.TableFunctionSetFunction(fn, C.fillPtr())
	if duckdb.RegisterTableFunction(d.conn, fn) == duckdb.StateError {
		return errors.New("duckdb: the table function is refused")
	}
	return nil
}

func feedOf(extra unsafe.Pointer) *feed {
	return cgo.Handle(*(*C.uintptr_t)(extra)).Value().(*feed)
}

// duckTypes are the types of columns. A statement that uses no column gets one all the same.
var duckTypes = map[columnType]duckdb.Type{
	text: duckdb.TypeVarchar, number: duckdb.TypeBigInt, float: duckdb.TypeDouble, truth: duckdb.TypeBoolean,
	timestamp: duckdb.TypeTimestamp, date: duckdb.TypeDate,
}

//export myfsioSelectBind
func myfsioSelectBind(p unsafe.Pointer) {
	info := duckdb.BindInfo{Ptr: p}
	f := feedOf(duckdb.BindGetExtraInfo(info))
	add := func(name string, t columnType) {
		typ := duckdb.CreateLogicalType(duckTypes[t])
		duckdb.BindAddResultColumn(info, name, typ)
		duckdb.DestroyLogicalType(&typ)
	}
	for _, c := range f.src.columns() {
		add("k"+strconv.Itoa(c.id), c.typ)
	}
	if len(f.src.columns()) == 0 {
		add("none", truth)
	}
}

//export myfsioSelectInit
func myfsioSelectInit(p unsafe.Pointer) {
	info := duckdb.InitInfo{Ptr: p}
	duckdb.InitSetMaxThreads(info, 1)
	feedOf(duckdb.InitGetExtraInfo(info)).start()
}

//export myfsioSelectFill
func myfsioSelectFill(p, out unsafe.Pointer) {
	info, chunk := duckdb.FunctionInfo{Ptr: p}, duckdb.DataChunk{Ptr: out}
	b, err := feedOf(duckdb.FunctionGetExtraInfo(info)).batch()
	switch {
	case err != nil:
		duckdb.FunctionSetError(info, "records")
		return
	case b == nil:
		duckdb.DataChunkSetSize(chunk, 0)
		return
	}
	for i := range b.cols {
		b.cols[i].fill(duckdb.DataChunkGetVector(chunk, duckdb.IdxT(i)), b.n)
	}
	duckdb.DataChunkSetSize(chunk, duckdb.IdxT(b.n))
}

// fill writes the values into a vector of DuckDB.
func (v *values) fill(vec duckdb.Vector, n int) {
	data := duckdb.VectorGetData(vec)
	switch v.typ {
	case text:
		var first *byte
		if len(v.data) > 0 {
			first = &v.data[0]
		} else {
			first = new(byte)
		}
		C.assign(vec.Ptr, (*C.char)(unsafe.Pointer(first)), (*C.uint32_t)(&v.start[0]), (*C.uint32_t)(&v.size[0]), C.uint64_t(n))
	case float:
		copy(unsafe.Slice((*float64)(data), n), v.reals)
	case truth:
		for i, x := range v.nums {
			unsafe.Slice((*byte)(data), n)[i] = byte(x)
		}
	case date:
		for i, x := range v.nums {
			unsafe.Slice((*int32)(data), n)[i] = int32(x)
		}
	default:
		copy(unsafe.Slice((*int64)(data), n), v.nums)
	}
	v.mask(vec, n)
}

// mask marks the values that are NULL.
func (v *values) mask(vec duckdb.Vector, n int) {
	var mask []uint64
	for i, ok := range v.valid[:n] {
		if ok {
			continue
		}
		if mask == nil {
			duckdb.VectorEnsureValidityWritable(vec)
			mask = unsafe.Slice((*uint64)(duckdb.VectorGetValidity(vec)), (n+63)/64)
		}
		mask[i/64] &^= 1 << (i % 64)
	}
}
