package kms

import (
	"fmt"
	"log/slog"
)

// Plaintext is secret bytes. It never prints: not by fmt with any verb, not in a log line, not in JSON or text; a caller that means to
// show it encodes the bytes itself.
type Plaintext []byte

const masked = "***"

// Wipe overwrites the bytes.
func (p Plaintext) Wipe() { clear(p) }

// String returns "***".
func (p Plaintext) String() string { return masked }

// Format prints "***" for every verb.
func (p Plaintext) Format(f fmt.State, _ rune) { fmt.Fprint(f, masked) }

// LogValue is what slog prints.
func (p Plaintext) LogValue() slog.Value { return slog.StringValue(masked) }

// MarshalText is what encoders write.
func (p Plaintext) MarshalText() ([]byte, error) { return []byte(masked), nil }

// MarshalJSON is what encoding/json writes.
func (p Plaintext) MarshalJSON() ([]byte, error) { return []byte(`"` + masked + `"`), nil }
