// Package crash kills the real server at random moments, again and again over one data directory, and judges what
// is there after each restart.
//
// Writers put small and large objects, overwrite, delete, copy, and upload in parts, in a bucket with and in one
// without versions. Each writer owns its keys and does one thing at a time, so that after a kill there is at most one
// change per writer of which it has no answer. What was answered must be there byte for byte, with its headers; of
// the unanswered change all or nothing. Uploads in parts go on where they stood. Now and then the kill comes during
// the start, and "myfsio fsck" has to find the directory in order, right after a kill too.
//
// A kill of the process leaves what the operating system holds; loss of power is the matter of the tests over
// vfs/memfs, which forget what was not synced.
//
//	MYFSIO_CRASH_ROUNDS=N  kills, 60 when not said, 10 with -short
//	MYFSIO_CRASH_SEED=N    repeats the operations of a run; the moments of the kills are the machine's
//
// A failed run leaves its data directory behind and says where.
package crash
