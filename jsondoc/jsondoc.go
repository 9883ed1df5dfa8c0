// Package jsondoc reads and writes JSON documents that people send and keep: strictly, and without escapes that only HTML needs.
package jsondoc

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// Decode reads a document of exactly one value into v, without members that v does not know.
func Decode(doc []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(doc))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("something stands behind the document")
	}
	return nil
}

// Encode is json.Marshal that leaves <, > and & as they are.
func Encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// MustEncode is Encode for what JSON can always hold, such as strings, numbers and booleans; it panics for other things.
func MustEncode(v any) []byte {
	b, err := Encode(v)
	if err != nil {
		panic(err)
	}
	return b
}
