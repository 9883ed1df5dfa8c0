package wire

import (
	"myfsio/fault"
	"myfsio/jsondoc"
)

// DecodeJSON reads a configuration document in JSON: one value, without members that v does not know. Its error is MalformedXML, S3's
// code for a document of any form that is not well-formed.
func DecodeJSON(doc []byte, v any) error {
	if jsondoc.Decode(doc, v) != nil {
		return errMalformedJSON()
	}
	return nil
}

func errMalformedJSON() error {
	return &fault.Error{Kind: fault.MalformedXML, Code: "MalformedXML",
		Msg: "The JSON you provided was not well-formed or has fields that this operation does not know."}
}
