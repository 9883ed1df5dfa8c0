// Package s3 is the S3 API over HTTP, in front of an object.Store.
//
// # The way of a request
//
//	target    which bucket and key: path style or virtual-hosted, bytes of the key as sent
//	identify  who sends it: Signature V4, or the header pair; a proof that fails ends here
//	route     which operation: method, scope, sub-resource and marker headers give a row
//	          of gate.Ops
//	gate      may he, is it offered; then the handler
//	write     one place writes answers, one place errors
//
// A handler returns a *response or an error and touches neither the connection nor the
// header map of the answer. Nothing of a body is read before the gate has opened, so that
// a client that waits for 100-continue learns of a refusal without sending.
//
// # Words
//
// A sub-resource is a query parameter that selects an operation, such as ?acl. A marker is a header or
// parameter that tells apart operations of one method and resource, such as
// x-amz-copy-source.
//
// # Constraints
//
//   - A key is the rest of the path, percent-decoded once, and nothing else: no segment is cleaned.
//   - A header or parameter that asks for something that is not built is refused with 501, see refuseHeaders;
//     it is never ignored.
//   - Every kind of fault has its S3 code and status in one table, in errors.go.
//   - What is true of buckets and objects is decided in package object; here is only the form.
package s3
