package adminapi

import (
	"errors"

	"myfsio/fault"
	"myfsio/kms"
)

// problem is an error in the words of this API.
type problem struct {
	code   string
	status int
	msg    string
}

// byKind gives each kind of fault its code, status and message. The message stands where the error has none.
var byKind = [...]problem{
	fault.Internal:            {"InternalError", 500, "The server failed. The administrator finds the reason in its log, under the id of this request."},
	fault.NoSuchBucket:        {"NoSuchBucket", 404, "The bucket does not exist."},
	fault.NoSuchKey:           {"NoSuchKey", 404, "The object does not exist."},
	fault.NoSuchVersion:       {"NoSuchVersion", 404, "The version does not exist."},
	fault.NoSuchUpload:        {"NoSuchUpload", 404, "The upload does not exist."},
	fault.NoSuchConfig:        {"NotFound", 404, "There is no such configuration."},
	fault.NoSuchUser:          {"NotFound", 404, "The user or access key does not exist."},
	fault.BucketExists:        {"AlreadyExists", 409, "The bucket exists."},
	fault.BucketOwned:         {"AlreadyExists", 409, "The bucket exists."},
	fault.BucketNotEmpty:      {"Conflict", 409, "The bucket is not empty."},
	fault.InvalidBucketName:   {"InvalidBucketName", 400, "The name of the bucket is not valid."},
	fault.KeyTooLong:          {"ValidationError", 400, "The key is too long."},
	fault.InvalidArgument:     {"ValidationError", 400, "A value is not valid."},
	fault.InvalidRequest:      {"InvalidRequest", 400, "The request is not valid."},
	fault.InvalidRange:        {"InvalidRange", 416, "The range is not valid."},
	fault.InvalidPart:         {"InvalidRequest", 400, "A part is not valid."},
	fault.InvalidPartOrder:    {"InvalidRequest", 400, "The parts are not in order."},
	fault.InvalidPartNumber:   {"InvalidRequest", 400, "The number of a part is not valid."},
	fault.InvalidTag:          {"ValidationError", 400, "A tag is not valid."},
	fault.InvalidDigest:       {"InvalidDigest", 400, "Content-MD5 is not well formed."},
	fault.BadDigest:           {"BadDigest", 400, "The body does not match its digest."},
	fault.PayloadHash:         {"XAmzContentSHA256Mismatch", 400, "The body does not match x-amz-content-sha256."},
	fault.EntityTooSmall:      {"InvalidRequest", 400, "The body is too small."},
	fault.EntityTooLarge:      {"EntityTooLarge", 413, "The body is too large."},
	fault.MetadataTooLarge:    {"InvalidRequest", 400, "The metadata is too large."},
	fault.IncompleteBody:      {"IncompleteBody", 400, "The body ended early."},
	fault.MissingLength:       {"MissingContentLength", 411, "Content-Length is missing."},
	fault.MalformedXML:        {"InvalidRequest", 400, "The document is not well formed."},
	fault.NotModified:         {"NotModified", 304, "Not modified."},
	fault.PreconditionFailed:  {"PreconditionFailed", 412, "A precondition failed."},
	fault.ConditionalConflict: {"Conflict", 409, "Something else changed at the same time. Try again."},
	fault.MethodNotAllowed:    {"MethodNotAllowed", 405, "The method is not allowed here."},
	fault.AccessDenied:        {"AccessDenied", 403, "Access denied."},
	fault.Unauthenticated:     {"AccessDenied", 403, "Missing credentials"},
	fault.UnknownKey:          {"InvalidAccessKeyId", 403, "The access key does not exist."},
	fault.BadSignature:        {"SignatureDoesNotMatch", 403, "The signature, or the secret key, is not right."},
	fault.ClockSkew:           {"RequestTimeTooSkewed", 403, "The clock of the client and the server's differ too much."},
	fault.Expired:             {"AccessDenied", 403, "The credentials or the signature have expired."},
	fault.MalformedAuth:       {"AuthorizationHeaderMalformed", 400, "The proof of identity is not well formed."},
	fault.QuotaExceeded:       {"QuotaExceeded", 400, "The quota is exceeded."},
	fault.Locked:              {"AccessDenied", 403, "Object lock forbids it."},
	fault.SlowDown:            {"SlowDown", 429, "Too many requests. Try again later."},
	fault.Timeout:             {"RequestTimeout", 408, "The body did not come in time."},
	fault.Unavailable:         {"ServiceUnavailable", 503, "The server cannot answer now. Try again later."},
	fault.Corrupted:           {"InternalError", 500, "Stored data does not match its checksum. The administrator has been told."},
	fault.NotImplemented:      {"NotImplemented", 501, "This is not implemented."},
	fault.InvalidState:        {"Conflict", 409, "The request does not fit the state of things."},
}

// byCode gives exact codes their status where it is not that of their kind.
var byCode = map[string]int{
	unsupportedMediaType:  415,
	"EntityAlreadyExists": 409,
}

const unsupportedMediaType = "UnsupportedMediaType"

const kmsNotEnabled = "KMSNotEnabled"

// kmsCodes are the codes of /kms, as AWS names them, of the kinds of errors that carry none.
var kmsCodes = map[fault.Kind]string{
	fault.Internal: "KMSInternalException", fault.Corrupted: "KMSInternalException", fault.Unavailable: "KMSInternalException",
	fault.InvalidArgument: kms.Validation, fault.InvalidRequest: kms.Validation, fault.EntityTooLarge: kms.Validation,
	fault.NoSuchConfig: "UnknownOperationException", fault.MethodNotAllowed: "UnknownOperationException", fault.NotImplemented: "UnsupportedOperationException",
	fault.AccessDenied: "AccessDeniedException", fault.Unauthenticated: "MissingAuthenticationTokenException", fault.UnknownKey: "UnrecognizedClientException",
	fault.BadSignature: "InvalidSignatureException", fault.ClockSkew: "InvalidSignatureException", fault.Expired: "ExpiredTokenException",
	fault.MalformedAuth: "IncompleteSignatureException", fault.SlowDown: "ThrottlingException",
}

// kmsProblem puts an error that is p into the words of /kms.
func kmsProblem(err error, p problem) problem {
	if code, ok := kmsCodes[fault.KindOf(err)]; ok && p.code == byKind[fault.KindOf(err)].code {
		p.code = code
	}
	return p
}

// problemOf puts err into the words of this API. Only the message of a fault is shown; its cause, and any
// other error, stays in the log.
func problemOf(err error) problem {
	var fe *fault.Error
	if !errors.As(err, &fe) || int(fe.Kind) >= len(byKind) || fe.Kind == fault.Internal {
		return byKind[fault.Internal]
	}
	p := byKind[fe.Kind]
	if fe.Code != "" {
		p.code = fe.Code
		if status, ok := byCode[fe.Code]; ok {
			p.status = status
		}
	}
	if fe.Msg != "" && fe.Kind != fault.Corrupted {
		p.msg = fe.Msg
	}
	return p
}

// invalid is an error of the caller's input.
func invalid(format string, args ...any) error {
	return fault.New(fault.InvalidArgument, format, args...)
}
