// Package fault is the one error type of MyFSIO.
//
// A lower layer says *what* went wrong with a [Kind]; every front (S3, Manta,
// admin JSON, console) maps the Kind to its own code and status in one table.
// Code that only passes an error on does not wrap it again; code that gives an
// error its meaning wraps it exactly once, with [New] or [Wrap].
package fault

import (
	"errors"
	"fmt"
)

// Kind says what went wrong, independent of any protocol.
type Kind uint8

// The kinds. Each front must map every one of them; a test there walks Kinds.
const (
	Internal Kind = iota // an unexpected failure: engine, disk, bug
	NoSuchBucket
	NoSuchKey
	NoSuchVersion
	NoSuchUpload
	NoSuchConfig // a bucket has no configuration document of the asked sort
	NoSuchUser   // or no such access key of a user
	BucketExists // owned by somebody else
	BucketOwned  // already owned by the caller
	BucketNotEmpty
	InvalidBucketName
	KeyTooLong
	InvalidArgument
	InvalidRequest
	InvalidRange
	InvalidPart
	InvalidPartOrder
	InvalidPartNumber
	InvalidTag
	InvalidDigest // a digest header is not well formed
	BadDigest     // a digest is well formed and does not match the bytes
	PayloadHash   // x-amz-content-sha256 does not match the bytes
	EntityTooSmall
	EntityTooLarge
	MetadataTooLarge
	IncompleteBody
	MissingLength
	MalformedXML
	NotModified
	PreconditionFailed
	ConditionalConflict // a concurrent change won; the caller may try again
	MethodNotAllowed    // e.g. reading a delete marker by version id
	AccessDenied
	Unauthenticated // no usable proof of identity at all
	UnknownKey      // the access key is not known
	BadSignature
	ClockSkew
	Expired
	MalformedAuth
	QuotaExceeded
	Locked // object lock forbids it
	SlowDown
	Timeout
	Unavailable // starting, draining, or an engine is away
	Corrupted   // stored bytes or metadata fail their own check
	NotImplemented
	InvalidState // e.g. a bucket setting forbids the change
	numKinds
)

// Kinds returns every kind, for the tests of the fronts' tables.
func Kinds() []Kind {
	ks := make([]Kind, numKinds)
	for i := range ks {
		ks[i] = Kind(i)
	}
	return ks
}

// Error is an error with a Kind.
type Error struct {
	Kind Kind
	Code string // optional exact code of the front that raised it, where one Kind has several
	// Condition names the precondition that failed, of a PreconditionFailed.
	Condition string
	Msg       string // for the person who sees it; says what to do next; never a secret
	Err       error  // the cause, kept for logs, never shown to a client
}

// Error returns the message, and the cause behind it.
func (e *Error) Error() string {
	switch {
	case e.Err == nil:
		return e.Msg
	case e.Msg == "":
		return e.Err.Error()
	}
	return e.Msg + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// New returns an error of kind k with a message for the caller.
func New(k Kind, format string, args ...any) *Error {
	return &Error{Kind: k, Msg: fmt.Sprintf(format, args...)}
}

// Wrap gives err the kind k and a message. It returns nil for a nil err, and an
// err that already carries a Kind unchanged.
func Wrap(k Kind, err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	var fe *Error
	if errors.As(err, &fe) {
		return err
	}
	return &Error{Kind: k, Msg: fmt.Sprintf(format, args...), Err: err}
}

// KindOf returns the kind of err; Internal for an error without one.
func KindOf(err error) Kind {
	var fe *Error
	if errors.As(err, &fe) {
		return fe.Kind
	}
	return Internal
}

// Is reports whether err is of kind k. A nil err is of no kind.
func Is(err error, k Kind) bool {
	var fe *Error
	return errors.As(err, &fe) && fe.Kind == k
}
