// Package access tests who may do what, through whole requests: several users with different rights, sessions and anonymous
// requests try every operation of the gate on buckets of their own, shared ones, foreign ones and public ones, in every way to prove
// oneself.
//
// What the server answers is compared with a model of the rules that shares no code with the server, and written to
// doc/ACCESS.md, which TestDocument holds to what the server does. After a change of rights that is meant:
//
//	go test ./tests/access -run TestDocument -update
//
// # What is checked for each request
//
//   - The server decides as the model does, in the normal and in the strict evaluation.
//   - All ways to prove oneself lead to the same answer.
//   - The request reached the operation that it was meant for.
//   - A refusal is AccessDenied and changes nothing in what is stored.
//
// Which rights each operation needs is found out by trying, too: the words of user policies, what lists give, and AWS's
// actions in user policies and in bucket policies, of which none can be left out.
//
// An operation that is added to the gate's lists fails TestEveryOperationHasAShape until it has a row in the table of shapes.
package access
