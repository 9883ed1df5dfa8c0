package memkv_test

import (
	"testing"

	"myfsio/kv"
	"myfsio/kv/kvtest"
	"myfsio/kv/memkv"
)

func TestPlain(t *testing.T) { kvtest.Run(t, func(*testing.T) kv.DB { return memkv.New() }) }

func TestStern(t *testing.T) {
	kvtest.Run(t, func(*testing.T) kv.DB { return memkv.With(memkv.Options{Retry: true, Poison: true, Seed: 7}) })
}
