package memblob_test

import (
	"testing"

	"myfsio/blob"
	"myfsio/blob/blobtest"
	"myfsio/blob/memblob"
)

func TestStore(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blob.Store { return memblob.New() })
}
