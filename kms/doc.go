// Package kms keeps the keys of SSE-KMS and of the /kms API, and the master key that wraps them.
//
// # Words
//
// A key has an id, a state and key material: 32 random bytes in one version or several. Rotation adds a version and keeps the old ones;
// new ciphertexts are made with the newest. A ciphertext blob names its key and version, so what was encrypted
// before a rotation still opens. Material leaves this package never; data keys do.
//
// The master key wraps the material. It is also the root of SSE-S3: [Master] implements what package seal asks for.
//
// # Files
//
//	master.key        base64 of 32 random bytes
//	master.key.<id>   the same key, and former ones, by id (16 hexadecimal digits), from the first rotation of the master key on
//	kms_keys.json     {"keys": [...], "aliases": [...], "MasterKeyId": id}
//
// All have mode 0600. kms_keys.json has the form of release 0.4.0, which had no aliases, one version and no id of the master key; members that are
// not known here are kept. It may be edited by hand and is reloaded; a damaged file leaves the last good state in force.
// Material is a nonce of 12 bytes and AES-256-GCM under the master key, without additional data, as 0.4.0 has it. Nothing is in
// clear on the disk but the master key itself: put it on another volume, and back it up.
//
// # Blobs
//
//	0xFE 1 | 2 bytes length of the key id | key id | 4 bytes version | 12 bytes nonce | AES-256-GCM; additional data: all
//	before the nonce, and the encryption context
//	2 bytes length of the key id | key id | 12 bytes nonce | AES-256-GCM; additional data: the encryption context     (0.4.0: read alone)
//
// The encryption context enters as JSON with sorted keys as Python writes it; an empty one as nothing.
//
// # Revocation
//
// Nothing that a key opened is cached: a key that is disabled, or scheduled for deletion, refuses the very next request. When the waiting time
// of a deletion is over, the key is no longer found, and the next look at it removes its material from the file for ever.
//
// Errors of callers are fault.Error with the Code that AWS gives them; see errors.go.
package kms
