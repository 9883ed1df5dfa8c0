package sigv4

import (
	"fmt"

	"myfsio/fault"
)

// Codes of S3 that an error of this package carries in fault.Error.Code.
const (
	CodeHeaderMalformed = "AuthorizationHeaderMalformed"
	CodeQueryError      = "AuthorizationQueryParametersError"
	CodeSignature       = "SignatureDoesNotMatch"
	CodeSkewed          = "RequestTimeTooSkewed"
	CodeAccessDenied    = "AccessDenied"
	CodeInvalidRequest  = "InvalidRequest"
	CodeInvalidArgument = "InvalidArgument"
	CodeInvalidURI      = "InvalidURI"
	CodeNotImplemented  = "NotImplemented"
	CodeIncompleteBody  = "IncompleteBody"
	CodeMissingLength   = "MissingContentLength"
	CodeSHA256Mismatch  = "XAmzContentSHA256Mismatch"
	CodeTrailer         = "MalformedTrailerError"
)

func failure(k fault.Kind, code, format string, args ...any) error {
	return &fault.Error{Kind: k, Code: code, Msg: fmt.Sprintf(format, args...)}
}

func malformedHeader(format string, args ...any) error {
	return failure(fault.MalformedAuth, CodeHeaderMalformed, "The authorization header is malformed; "+format, args...)
}

func malformedQuery(format string, args ...any) error {
	return failure(fault.MalformedAuth, CodeQueryError, format, args...)
}

func notSigned() error {
	return failure(fault.AccessDenied, CodeAccessDenied, "There were headers present in the request which were not signed")
}

func mismatch() error {
	return failure(fault.BadSignature, CodeSignature, "The request signature we calculated does not match the signature you provided. Check your key and signing method.")
}

func incomplete() error {
	return failure(fault.IncompleteBody, CodeIncompleteBody, "You did not provide the number of bytes specified by the Content-Length HTTP header.")
}

func badChunk(what string) error {
	return failure(fault.InvalidRequest, CodeInvalidRequest, "The aws-chunked encoding of the body is malformed: %s.", what)
}

func badTrailer() error {
	return failure(fault.InvalidRequest, CodeTrailer, "The request contained trailing data that was not well-formed or did not conform to our published schema.")
}
