// Package seal encrypts the bodies of objects and wraps the keys they are encrypted with.
//
// # Words
//
// An object key is 32 random bytes, made for one version of one object and never stored in clear. Bytes are
// sealed under keys derived from it: [Key.Part] 0 for a body in one piece, n for part n of a multipart upload, so that parts are
// sealed as they come and are never sealed again; or [Key.Annotation], for a payload that is attached to the object. A KEK (key-encrypting key) wraps the object key; an [Envelope] is the
// wrapped key with what it takes to find the KEK again. The metadata holds the envelope; whoever has both, and the KEK, can read.
//
// Of KEKs there are three sorts: the master key of the server (SSE-S3), a data key that the KMS made for this object (SSE-KMS), and
// the key that the customer sends with each request and that is kept nowhere (SSE-C).
//
// # Streams
//
// A stream is DARE 2.0 as package github.com/minio/sio writes it, with AES-256-GCM: packages of 64 KiB of plaintext (the last one may be
// shorter), each with 16 bytes of header and 16 of tag. The tag covers the position of the package and whether
// it is the last, so a stream that was changed, cut, extended, reordered, or that is of another object or part, is not
// decrypted: readers give fault.Corrupted, after the whole packages before it. An empty stream has no bytes.
// What is read is verified before anybody sees it, package by package; a range needs the packages it touches and no more.
//
// # Envelopes
//
//	wrapping key = HKDF-SHA256(KEK, 32 random bytes of salt, "myfsio envelope 1 " and the sort), used once
//	sealed key   = AES-256-GCM(wrapping key, nonce 0, object key; "myfsio envelope 1", sort, bucket id, version, key of the object)
//
// The [Binding] keeps an envelope from being used for another object, or another version of it. [Keys.Rewrap] moves an envelope to
// another master key, or another binding, and leaves the sealed bytes as they are.
package seal
