// Package worker is the process that runs one query; see package query for why it is one, and for what it is given.
//
// # From SQL to rows
//
//	lex     turns what only S3 Select knows into plain SQL: FROM s3object[*].path, IS MISSING, `literals`
//	parse   DuckDB's own parser gives the syntax tree
//	plan    walks the tree and writes a new statement, from constructs and functions it knows and no others
//	source  reads the records of the object in Go, only the columns that the plan names
//	run     DuckDB evaluates the new statement over the one table function there is, streaming
//	encode  writes the results
//
// # What keeps SQL inside
//
// Nothing that a client wrote reaches DuckDB but as text to parse, and as literals. A table function, a subquery, a second
// table, a setting or a function that is not in the list of this package cannot be written by plan, since it has no
// words for it. Behind that stand DuckDB's own locks (no external access, no extensions, locked configuration), and behind
// these the limits of the process: no file can be opened, memory and time are bounded.
//
// # Values
//
// CSV knows only text; JSON and Parquet bring types. A text column that meets a number, a truth value or a time in a
// comparison is converted, and is NULL where it cannot be; in arithmetic and sums what is not a number is an error, and an empty
// field NULL. JSON columns get their type from the first records (8 MiB of them).
package worker
