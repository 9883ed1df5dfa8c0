// Package load drives one S3 endpoint and measures it.
//
// Client and server usually share a machine here, so each cycle of the client is
// a cycle the server does not get. The client is therefore a bare one: HTTP/1.1
// written by hand over one TCP connection per goroutine, a request built into a
// buffer that is used again, a signing key derived once a day, a payload hash
// computed once per body, and answers read into buffers that are used again.
//
// Words:
//
//   - a Target is the endpoint and the credentials; only loopback is accepted;
//   - a Client is one connection with its buffers, used by one goroutine;
//   - an Item is one sort of work, such as "put-4k-c16"; it prepares its data once
//     per server and then yields a Job for each turn;
//   - a Job is what the clients of one turn repeat, bounded in time and in count;
//   - a Result is what came out: rate, latencies, errors.
//
// What is checked: the status of every answer, the length of every body, the bytes
// of every small body and of every 16th large one, the number of keys or prefixes
// of every list page. A single failed operation fails the item.
//
// The package is a tool: it imports nothing of the product, and it speaks to any
// S3 server alike.
package load
