// Package sigv4 proves who sent an HTTP request, by AWS Signature Version 4 as S3 understands it.
//
// # Use
//
// [ModeOf] says whether a request is signed at all. [Verifier.Parse] reads the proof and checks
// everything that needs no secret: form, dates, region. The caller looks up the access key, and
// [Request.Verify] checks the signature with its secret. An unknown key is verified with some
// secret too, so that it takes as long as a known one. [Request.Body] then gives the body as the
// sender meant it: without aws-chunked framing, its hash, chunk signatures and trailer checked.
//
//	q, err := v.Parse(r)             // q.AccessKey
//	err = q.Verify(secret)           // constant time
//	body, err := q.Body()            // decoded, verifying
//	defer body.Close()
//
// APIs with small bodies, STS and administration, read the body first and use [Verifier.ParseBody].
//
// # What is signed
//
// The host and every x-amz- header must be among the signed headers, and such a header comes once unless it is a list or metadata.
//
// The path is taken as it was sent: nothing is cleaned. It is decoded and encoded again as S3 does; a
// signature over the very bytes that were sent is accepted as well, since many clients that build
// their own URLs make it. Nobody may change r.URL, r.Host or r.Header between the wire and Verify. The one
// exception: a server behind a proxy it trusts sets r.Host from X-Forwarded-Host before anything
// else looks at it, so that routing and proof see the same name. This package never reads X-Forwarded-Host.
//
// # Bodies
//
// Bytes flow to the consumer before the signature over them is complete: nothing is buffered. So any
// error of Read makes all bytes before it void: the consumer must not commit them. The read that
// would complete the announced length checks everything first, and gives nothing when a check
// fails: whoever got all Size bytes without an error got verified bytes.
package sigv4
