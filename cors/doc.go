// Package cors is cross-origin resource sharing: the rules of a bucket, and what they let scripts of other web
// sites do.
//
// A browser names the site of a script in Origin. The server does not refuse a request for it: it says in headers
// whether the browser may show the script the answer. Before a request that no plain form could send, the browser asks
// for leave with an OPTIONS request, the preflight.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html
//
// # Use
//
// A [Config] is the document of a bucket, in XML or JSON. [Compile] makes [Rules] of it that may be kept and used by
// many goroutines. Server makes Rules of settings, for buckets that have none and for what is not a bucket.
// [Rules.Match] answers an actual request, [Rules.Preflight] a preflight; both by the first rule that matches.
// An [Answer] puts its headers on the response, the last thing before the response's headers are sent.
//
// # Matching
//
// A pattern has at most one *, which stands for any characters, none included; it is held against the whole origin. Thus
// https://*.example.com does not match https://example.com.evil.org, nor https://evilexample.com. Scheme and host
// are compared without regard to case. The headers a preflight asks for must all match; names have no case.
//
// # Credentials
//
// An origin that a pattern other than * matches may send credentials, as with S3. Never so the origin "null", behind which
// anyone may stand, and never an origin that matched *.
//
// # Deviations from S3
//
// An ExposeHeader may have a *, which S3 refuses: it stands for the headers of the answer that match it. Vary is also on
// answers to origins that nothing matches, so that no cache hands them to others.
package cors
