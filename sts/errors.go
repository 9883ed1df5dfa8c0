package sts

import (
	"errors"

	"myfsio/fault"
)

// problem is an error in the words of AWS's service.
type problem struct {
	code   string
	status int
	msg    string
}

const (
	validation    = "ValidationError"
	accessDenied  = "AccessDenied"
	invalidAction = "InvalidAction"
	internal      = "InternalFailure"
)

var (
	failed   = problem{internal, 500, "The request failed because of an unknown error. The administrator finds the reason in the log, under the id of this request."}
	badInput = problem{validation, 400, "The request is not valid."}
	denied   = problem{accessDenied, 403, "Access denied."}
)

// byKind gives each kind of fault its code, status and message; a kind that none of these requests can end in
// is an internal failure.
// https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
var byKind = map[fault.Kind]problem{
	fault.InvalidArgument:  badInput,
	fault.InvalidRequest:   badInput,
	fault.InvalidDigest:    badInput,
	fault.BadDigest:        badInput,
	fault.PayloadHash:      badInput,
	fault.IncompleteBody:   badInput,
	fault.MissingLength:    badInput,
	fault.Timeout:          badInput,
	fault.EntityTooLarge:   {validation, 413, "The request is too large."},
	fault.AccessDenied:     denied,
	fault.NoSuchUser:       denied,
	fault.Unauthenticated:  {"MissingAuthenticationToken", 403, "Request is missing Authentication Token"},
	fault.UnknownKey:       {"InvalidClientTokenId", 403, "The security token included in the request is invalid."},
	fault.BadSignature:     {"SignatureDoesNotMatch", 403, "The request signature we calculated does not match the signature you provided. Check your key and signing method."},
	fault.ClockSkew:        {"SignatureDoesNotMatch", 403, "Signature expired: the clocks of the client and the server differ too much."},
	fault.Expired:          {"ExpiredToken", 403, "The credentials or the signature have expired."},
	fault.MalformedAuth:    {"IncompleteSignature", 400, "The proof of identity is not well formed."},
	fault.SlowDown:         {"Throttling", 429, "Rate exceeded"},
	fault.Unavailable:      {"ServiceUnavailable", 503, "The request has failed due to a temporary failure of the server."},
	fault.NotImplemented:   {invalidAction, 501, "This is not implemented."},
	fault.MethodNotAllowed: {invalidAction, 405, "The method must be POST."},
}

// byCode gives exact codes of other packages AWS's name here and its status.
var byCode = map[string]problem{
	"MalformedPolicy":              {code: "MalformedPolicyDocument", status: 400},
	"InvalidToken":                 {code: "InvalidClientTokenId", status: 403},
	"ExpiredToken":                 {code: "ExpiredToken", status: 403},
	"AuthorizationHeaderMalformed": {code: "IncompleteSignature", status: 400},
	"InvalidAccessKeyId":           {code: "InvalidClientTokenId", status: 403},
	"RequestTimeTooSkewed":         {code: "SignatureDoesNotMatch", status: 403},
	"PackedPolicyTooLarge":         {code: "PackedPolicyTooLarge", status: 400},
	invalidAction:                  {code: invalidAction, status: 400},
	"MissingAction":                {code: "MissingAction", status: 400},
}

// problemOf puts err into the words of the service. Only the message of a fault is shown.
func problemOf(err error) problem {
	var fe *fault.Error
	if !errors.As(err, &fe) {
		return failed
	}
	p, ok := byKind[fe.Kind]
	if !ok {
		return failed
	}
	if exact, ok := byCode[fe.Code]; ok {
		p.code, p.status = exact.code, exact.status
	}
	if fe.Msg != "" {
		p.msg = fe.Msg
	}
	return p
}

func invalid(format string, args ...any) error {
	return fault.New(fault.InvalidArgument, format, args...)
}

func coded(code, format string, args ...any) error {
	err := fault.New(fault.InvalidArgument, format, args...)
	err.Code = code
	return err
}
