package auth

import (
	"errors"
	"fmt"

	"myfsio/fault"
	"myfsio/sigv4"
)

// Causes of refusals, for their reasons.
var (
	errLocked      = errors.New("auth: locked out")
	errUnsupported = errors.New("auth: the way of proof is not supported")
	errSeveral     = errors.New("auth: several ways of proof")
)

func lockedMessage(seconds int) string {
	return fmt.Sprintf("Access temporarily locked. Try again in %d seconds.", seconds)
}

func denied(msg string) error {
	return &fault.Error{Kind: fault.AccessDenied, Code: sigv4.CodeAccessDenied, Msg: msg}
}

func invalidToken() error {
	return &fault.Error{Kind: fault.AccessDenied, Code: codeInvalidToken, Msg: "The provided token is malformed or otherwise invalid."}
}

func unsupported() error {
	return &fault.Error{Kind: fault.InvalidRequest, Code: sigv4.CodeInvalidRequest, Err: errUnsupported,
		Msg: "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."}
}

func several() error {
	return &fault.Error{Kind: fault.InvalidArgument, Code: sigv4.CodeInvalidArgument, Err: errSeveral,
		Msg: "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified"}
}
