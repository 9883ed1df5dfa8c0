// Package scrub verifies what is stored while the server runs: that the bytes of each version are those that were written, and that the
// plain files are those of their objects.
//
// # What is looked for
//
//	corrupted_object   bytes of a current version that are not those of its checksums: they rotted, or the file was cut
//	phantom_metadata   a current version whose bytes are gone
//	stale_version      the same of a noncurrent version
//	orphaned_object    a plain file that is no object
//	edited_file        a plain file that a person changed: its time of last change is later than its object's
//	missing_file       an object whose plain file is gone
//	damaged_record     a record that cannot be read: myfsio fsck tells more
//
// # What is done about it
//
// Nothing in a dry run. Otherwise rotten bytes go to quarantine, whether or not anything is to be healed: they are moved out of the way of
// readers, who get a clear error from then on, and are kept in a directory of their own with a note of whose they were; nothing is ever
// deleted. "Disk data is authoritative", the rule of release 0.4, blessed rot: here only a person's edit, which shows in the time of
// the file, makes new bytes an object's. What two reads do not agree on is told of, and left alone.
//
// With AutoHeal bytes that are gone come back from the plain file where that one verifies, files without objects are adopted, edited ones
// become the new state of their objects, and missing files are made again. A record is never removed: when its bytes
// are restored from a backup, it is whole again.
//
// Files are judged last: when they have been still for a while and all changes of the view that were queued before are made, so that what
// the server is about to do to a file is not taken for a person's work. An adoption is a conditional write, which fails if anybody else wrote.
//
// # How
//
// A run looks at a batch of versions and files, at a bounded rate, and notes where it ended; the next one goes on there, through all buckets,
// and begins again after the last. Bytes are read as a client reads them. Those that only a client's key opens (SSE-C), or a key of the
// KMS that is disabled, cannot be verified; they are counted, and never taken for rot.
package scrub
