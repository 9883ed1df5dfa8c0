// Package object is what is true in MyFSIO: buckets, objects, versions, multipart
// uploads, listings. S3's semantics are written here once, over an ordered
// key-value store (kv) for metadata and a blob store for bytes.
//
// # Words
//
// A version is one immutable state of a key: bytes and metadata, or a delete
// marker. The current version of a key is the newest one, unless that is a
// delete marker; then the key has none. The null version is the one with the
// version id "null"; a key has at most one. A body is where the bytes of a
// version are: inline in the metadata store (small), or in extents of blobs.
//
// # What is stored
//
// The current version of each key is one row, in key order: a listing reads
// what it returns and nothing else. Every other version, delete markers
// included, is a row in another range, newest first under its key. So a key
// without a current row has either no versions or a delete marker as its newest.
// FORMAT in doc/ gives every key and value byte by byte.
//
// # Life of a write
//
// Bytes go to a new blob, or into memory when they are few. Then one
// [kv.DB.Update], the commit point, checks the conditions against the state it changes and
// writes the rows, the counters, the reclaim row of what was replaced and the view
// row for the plain-file view. Before it nothing is true; when it has returned everything is, and durable.
// A crash leaves at most blobs that no row refers to; [Store.Sweep] finds them.
//
// # Constraints
//
//   - Conditions are decided inside the commit, on the state it replaces.
//   - A blob is referred to by exactly one version or part, and by one reference row.
//   - Counters change in the Update that changes what they count.
//   - A version under retention or legal hold (package object/lock) is never lost: every commit that removes versions asks first, and the
//     one place that gives bodies up asks again. Protection that cannot be read protects.
//   - A bucket with a quota reads its counters in the commits that add to them, so that they depend on each other; others do not.
//   - An event is written in the commit it tells of, and only in buckets that want events.
//   - Who owns a version, and whether its access control list is taken, is decided inside the commit, by the bucket's settings there.
//     Whether a caller may do what he asks for is not: that is decided above.
//   - A reader that finds its blob gone reads the metadata again: the object was replaced.
package object
