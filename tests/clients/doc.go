// Package clients runs the programs and libraries that people use against the real server, each in a test of its own.
//
// The server is built and started once and shared; each test has buckets of its own in it. When all are done it is
// stopped as a service manager stops it, and "myfsio fsck" has to find its data in order.
//
// A client that is not installed is skipped; tests/setup installs them all. Environment:
//
//	MYFSIO_REQUIRE_CLIENTS=1     a missing client is a failure
//	MYFSIO_CLIENTS_ENDPOINT=URL  use the server there (credentials: those of package daemon) to see whether a failure
//	                             is the client's or ours; tests that need our own process are skipped
//	MYFSIO_BINARY=PATH           use this program instead of building it
//	MYFSIO_RACE=1                build it with the race detector; a race ends it
//
// The directory contract holds the curl examples of the documentation as scripts; its README.md says how to run them by hand.
//
// The client scripts (*.py, *.mjs) and the nested module gosdk print one line of JSON for each check, which becomes
// a subtest. They take the endpoint and the credentials from the usual AWS_* variables, and from
//
//	MYFSIO_BUCKET  a prefix for the names of their buckets
//	MYFSIO_KEYS    a JSON file with the table of odd keys
//	MYFSIO_TMP     a directory to write to
//	MYFSIO_LIMITED 1: the credentials are those of a user with few rights in the bucket MYFSIO_BUCKET
package clients
