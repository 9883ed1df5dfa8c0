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
//	damaged_record     a record that cannot be read, or contradicts others: myfsio fsck tells more
//	missing_row        a row that says whose a body is, or which version is the null version, is gone
//	wrong_counter      a counter of the bucket is not the count
//	unowned_body       a body that a row says belongs to a key, of which no version has it: the version's record is lost
//
// # What is done about it
//
// Nothing in a dry run. Otherwise a version whose bytes are rotten is marked (object.Store.Poison), whether or not anything is to be healed: from then on
// nobody reads it, copies it or gets its headers; listings show it, and it can be deleted and replaced. Then its bytes go to quarantine: they are kept
// in a directory of their own with a note of whose they were; nothing is ever deleted. The mark is of the version that was examined,
// and goes away when a scan finds its bytes good again. A version whose bytes are gone is not marked: a disk that was not there comes back.
// "Disk data is authoritative", the rule of release 0.4, blessed rot: here only a person's edit, which shows in the time of
// the file, makes new bytes an object's. What two reads do not agree on is told of, and left alone.
//
// With AutoHeal bytes that are gone, or rotted in the metadata, come back from the plain file where that one verifies, rows and counters are made right, files without objects are adopted, edited ones
// become the new state of their objects, and missing files are made again. A record is never removed: when its bytes
// are restored from a backup, it is whole again.
//
// Files are judged last: when they have been still for a while and all changes of the view that were queued before are made, so that what
// the server is about to do to a file is not taken for a person's work. An adoption is a conditional write, which fails if anybody else wrote.
//
// # How
//
// A run looks at a batch of versions and files, at a bounded rate, and notes where it ended; the next one goes on there, through all buckets,
// and begins again after the last. Bytes are read as a client reads them, past the mark. Those that only a client's key opens (SSE-C), or a key of the
// KMS that is disabled, are compared with the CRC-32C of what is stored, which is recorded of every body; where an older program recorded none
// they are counted as unverified, and never taken for rot. The records of a bucket are verified in one state of the metadata, so that no write is taken
// for damage (object.Store.Audit).
//
// Readers compare too where that is cheap, see package object; what they doubt is examined by the worker of Suspects.
package scrub
