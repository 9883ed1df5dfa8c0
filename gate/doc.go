// Package gate is the one door to what MyFSIO does: a list of operations as data, and
// the way every request of every front goes through it.
//
// # The list
//
// [Ops] has a row for each operation of the S3 API, those that are refused included, and
// for the few of our own. A row says what right the operation needs, what it touches, how it is
// counted and how it is logged. An operation without a row cannot be served: fronts
// route to rows, not to functions. doc/S3.md is generated from the list.
//
// # The way
//
// [Gate.Run] asks the [Authorizer], runs the operation, and reports the outcome to the hooks.
// A refused operation goes the same way, so that a stranger learns of it no more than that he
// may not.
//
// # Words
//
// An action is a right in the language of policies, such as s3:GetObject. A short action is the same in the
// language of MyFSIO's own user policies, such as read. The scope of an operation is what it names:
// the service, a bucket or an object.
package gate
