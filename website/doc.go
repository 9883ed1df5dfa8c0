// Package website serves buckets as websites, under the domains that administrators map to them (see website/domain).
//
// # What a visitor gets
//
// GET and HEAD of a path, as the website configuration of the bucket says (see website/site):
//
//  1. RedirectAllRequestsTo leads everything elsewhere; then come the routing rules that ask for no error.
//  2. The object: / and a path that ends in / stand for the index document below them; any other path for the key of that name,
//     and where there is none, for the index document in the directory of that name. It is answered as S3 answers a GET: with
//     its headers, ranges and conditions. An object with x-amz-website-redirect-location leads there instead.
//  3. Where that fails, the routing rules for this error, the error document with the status of the error, or a plain page.
//
// Amazon's websites lead /dir to /dir/ where there is an index document; here it is shown at once, as MyFSIO always did.
//
// # What he does not get
//
// A mapped bucket is public through its website alone, and only in the current versions of objects whose names a visitor knows. There
// are no listings, no versions, no other methods and no sub-resources: the query of a request means nothing. Objects under keys that
// their clients keep (SSE-C) cannot be shown. The request passes the gate as [gate.Website]: what the bucket's policy denies to
// everybody is denied here, and RestrictPublicBuckets closes the website. Error pages name neither bucket nor owner.
//
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteHosting.html
package website
