// Package attack holds tests that treat the server as a hostile stranger, user or neighbour would. They talk to a whole
// server over TCP, started by the function that the program itself uses, and write requests byte by byte where a
// client library would tidy them up.
//
// The patterns are those by which such servers were broken before. Each test proves that a pattern fails at the doors where it could be
// tried; `go test -v -run TestMatrix` prints which pattern was tried at which door:
//
//	header        Signature V4 in the Authorization header
//	chunked       the same, with a body of signed chunks
//	trailer       the same, with signed chunks and a signed trailer
//	presigned     Signature V4 in the query
//	v2, v2-query  Signature V2
//	pair          X-Access-Key and X-Secret-Key
//	session       temporary credentials, Signature V4
//	form          POST from an HTML form
//	anonymous     no proof at all
//	admin         the administration API, at each of its paths
//	sts           temporary credentials are asked for
//	files         the files of the configuration
//
// Each server runs with its log at DEBUG and with the audit log. When it stops, everything that it wrote and answered is searched for
// the secrets that the test knows.
package attack
