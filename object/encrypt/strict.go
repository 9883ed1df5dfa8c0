package encrypt

import (
	"bytes"
	"encoding/json"
	"io"
)

// strict reads exactly one JSON value without unknown members.
func strict(doc []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(doc))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return io.ErrUnexpectedEOF
	}
	return nil
}
