package wire

import (
	"bytes"
	"encoding/json"
	"io"

	"myfsio/fault"
)

// DecodeJSON reads a configuration document in JSON: one value, without members that v does not know. Its error is MalformedXML, S3's
// code for a document of any form that is not well-formed.
func DecodeJSON(doc []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.DisallowUnknownFields()
	if dec.Decode(v) != nil || dec.Decode(&struct{}{}) != io.EOF {
		return errMalformedJSON()
	}
	return nil
}

func errMalformedJSON() error {
	return &fault.Error{Kind: fault.MalformedXML, Code: "MalformedXML",
		Msg: "The JSON you provided was not well-formed or has fields that this operation does not know."}
}

// EncodeJSON writes a document of strings, numbers and booleans, as it is shown and stored. It panics for what JSON cannot hold.
func EncodeJSON(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
