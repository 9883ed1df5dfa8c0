// Package sigv2 proves who sent an HTTP request to S3 by AWS Signature Version 2, for clients that know no other.
//
// Three forms: the header "Authorization: AWS <access key>:<signature>", the query parameters AWSAccessKeyId, Expires and
// Signature, and the fields AWSAccessKeyId, policy and signature of a POST form. It is used as package sigv4 is: [Verifier.Parse]
// checks all that needs no secret, [Request.Verify] checks the signature. Bodies are never signed.
//
// # What is signed
//
//	method \n Content-MD5 \n Content-Type \n date or expiry \n x-amz- headers, sorted \n path with sub-resources
//
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/RESTAuthentication.html
//
// # Where it is weak, and what is done about it
//
// Query parameters other than the listed sub-resources are not signed, so whoever holds a signed URL could add one and turn
// it into another operation. Here a parameter must be one of the signed list, one of the x-amz- parameters that are signed as headers, or one that
// merely steers a listing; any other is refused. So operations whose sub-resource is younger than this signature cannot be used with it.
//
// What is signed is text in which values stand decoded; a value that could be read as a further sub-resource or as a
// further line is refused. A parameter, and any x-amz- header but metadata, comes once.
//
// A signed URL does not say when it was made. It is refused while its end is more than MaxExpiry away.
package sigv2
