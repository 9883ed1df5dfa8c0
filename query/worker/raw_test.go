//go:build cgo && !noselect

package worker

import (
	"fmt"
	"os"

	duckdb "github.com/duckdb/duckdb-go-bindings"

	"myfsio/query"
)

// runRaw runs SQL as it is in the database of a worker, and prints the first value or the error.
func runRaw(sql string) int {
	limits := query.Limits{Memory: 64 << 20, CPU: 5}
	if err := limitProcess(limits); err != nil {
		panic(err)
	}
	d, err := openDuck(limits)
	if err != nil {
		panic(err)
	}
	if err := closeDoors(); err != nil {
		panic(err)
	}
	var res duckdb.Result
	if duckdb.Query(d.conn, sql, &res) == duckdb.StateError {
		fmt.Fprintln(os.Stderr, duckdb.ResultError(&res))
		return 1
	}
	fmt.Println("done")
	return 0
}
