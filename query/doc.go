// Package query runs the SQL of S3 Select over one object.
//
// # Who does what
//
// A query is text from a client, over bytes from a client, run by DuckDB, which is a large program in C++ that can
// read files and ask the network. So it does not run in the server: [Engine] starts a process of its own for every
// query, the worker, which is this same program under another name (package query/worker). The two speak over the
// pipes of the worker's standard input and output:
//
//	server                                 worker
//	  | ---- the query, its limits -------> |   sets its own limits, opens an empty database,
//	  | <--- "bytes n from offset o" ------ |   gives up the right to open anything
//	  | ---- bytes ----------------------->  |   reads rows out of the bytes, in Go
//	  | <--- records, progress ------------ |   runs a statement that it wrote itself
//	  | <--- end, or an error ------------- |
//
// The worker has no environment, no arguments and no open file but the pipes. Before it looks at the query it limits
// its own memory, processor time and number of open files, the last to none: from then on no file, socket
// or process can be had, whatever the SQL makes DuckDB do. When the client goes away the worker is killed.
// Nothing of one query is left for the next.
//
// # Words
//
// The input is how the bytes of the object become records, the output how results become bytes. Scanned bytes are those read from
// the object, processed bytes the same after decompression, returned bytes those of the results.
//
// # Constraints
//
//   - The server never parses SQL or data of an object; it hands bytes on.
//   - An error that a client caused is a *fault.Error of kind InvalidRequest with the code of S3 Select.
//   - A build without the worker (tag noselect, or no cgo) has no engine, and S3 answers NotImplemented.
package query
