//go:build !cgo || noselect

package worker

import (
	"os"

	"myfsio/query"
)

// Built reports whether this build can run queries.
const Built = false

// Main reports that it cannot.
func Main(_, _ *os.File) int { return 1 }

func newParquet(*object) (source, error) {
	return nil, query.Errorf("InvalidDataSource", "This build reads no Parquet.")
}
