// Package accesslog writes the access logs of buckets: a line for each request to a bucket whose owner asked for it, in
// the format of S3, kept as objects in the bucket that he named.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html
//
// # Use
//
// A [Config] is the document of a bucket, BucketLoggingStatus. The front calls [Log.Add] for each request that was answered; for a
// bucket without logging that is one look at a cache. [Log.Run] writes the lines of a bucket when there are many or when the first has
// waited for a minute, and all of them when it ends: then no more requests may come.
//
// Each key of a DeleteObjects has a line of its own behind that of the request, BATCH.DELETE.OBJECT, and so has what a lifecycle rule ended:
// S3.EXPIRE.OBJECT, S3.CREATE.DELETEMARKER, S3.DELETE.UPLOAD. An answer that was cut off has a line with the bytes that were sent.
//
// # Promises
//
// Lines are in memory until they are written, so a crash loses up to a minute of them, as does S3, whose log is best effort as well; an
// orderly stop loses none. While the target cannot be written lines are kept up to a bound, and the rest is counted and logged as
// dropped. A target that is gone, or that has no room by its quota, drops its lines at once. What this package writes makes no lines
// itself: a bucket may log to itself and no circle begins.
//
// The object of a log belongs to the owner of the target bucket and is named <prefix>YYYY-MM-DD-HH-MM-SS-<16 hexadecimal digits>, or,
// with PartitionedPrefix, <prefix><owner>/<region>/<bucket>/YYYY/MM/DD/ before that.
//
// # Deviations from S3
//
// Signatures and session tokens in the query of a request are replaced by REDACTED: who reads a log shall not be able to send a
// request again. The account in a partitioned prefix is the canonical id of the bucket's owner, as there are no accounts.
package accesslog
