// Package wire is what S3 looks like on the line: documents, headers and query
// strings as plain values. It knows nothing of what they mean.
//
// # Documents out
//
// Every answer is a struct with an Append method that writes the whole XML document
// behind a byte slice. The writer is made by hand, since a listing of a thousand keys is the
// busiest document there is. Text is escaped for XML 1.0; a control character, which XML
// 1.0 has no form for, is written as a numeric reference as AWS does. A client that wants
// such keys asks for encoding-type=url, see [EncodeKey].
//
// # Documents in
//
// [ParseXML] reads a document into a tree, with bounds on depth and number of elements. It takes
// no DOCTYPE, so no entities but the five of XML, and no other encoding than UTF-8.
// The Parse functions turn the tree into structs. They accept documents with and without the S3
// namespace and pretty-printed ones, and never trim a leaf's text where it is a key.
//
// # Errors
//
// Malformed input gives a *fault.Error with the S3 code of AWS. No input makes the
// package panic or use more memory than a small multiple of the input's length.
package wire
