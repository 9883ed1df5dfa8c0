package gcm

import (
	"encoding/hex"
	"testing"
)

// TestVector is test case 14 of the paper by McGrew and Viega: a key and a block of zeros.
func TestVector(t *testing.T) {
	a := New(make([]byte, KeySize))
	got := hex.EncodeToString(a.Seal(nil, make([]byte, NonceSize), make([]byte, 16), nil))
	if got != "cea7403d4d606b6e074ec5d3baf39d18"+"d0d1c8a799996bf0265b98b5d48ab919" || a.NonceSize() != NonceSize || a.Overhead() != TagSize {
		t.Error(got, a.NonceSize(), a.Overhead())
	}
}

func TestKeySize(t *testing.T) {
	for _, n := range []int{0, 16, 31, 33} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("a key of %d bytes is taken", n)
				}
			}()
			New(make([]byte, n))
		}()
	}
}
