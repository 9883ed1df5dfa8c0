package auth

import (
	"context"
	"errors"
	"math"

	"myfsio/fault"
	"myfsio/iam"
	"myfsio/sigv4"
)

// settle ends a claim, with the error of its form if there is one, and tells of a refusal.
func (a *Authenticator) settle(ctx context.Context, c *claim, from Source, err error) (Proof, error) {
	if err == nil {
		c.result.Principal, err = a.prove(c, from)
	}
	if err == nil {
		c.result.AccessKey = c.accessKey
		return c.result, nil
	}
	if a.Refused != nil {
		a.Refused(ctx, Refusal{AccessKey: clip(c.accessKey), SourceIP: from.IP, Method: c.method, Code: codeOf(err), Reason: reasonOf(err)})
	}
	return Proof{AccessKey: c.accessKey}, err
}

// prove checks a claim: first whether it is locked, then its key and proof together, at last whether they are in force.
func (a *Authenticator) prove(c *claim, from Source) (iam.Principal, error) {
	if left, locked := a.Lockout.Locked(c.accessKey, from.IP); locked {
		return iam.Principal{}, &fault.Error{Kind: fault.AccessDenied, Code: sigv4.CodeAccessDenied, Err: errLocked,
			Msg: lockedMessage(int(math.Ceil(left.Seconds())))}
	}
	cred, unknown := a.Users.Resolve(c.accessKey, c.token)
	wrong := a.verify(c, cred.Secret())
	if unknown == nil && cred.Temporary != (c.token != "") {
		unknown = invalidToken() // a session has a token, and no other key has
	}
	switch {
	case unknown != nil:
		if guess(unknown) {
			a.Lockout.Failed(c.accessKey, from.IP)
		}
		return iam.Principal{}, worded(unknown)
	case wrong != nil:
		if guess(wrong) {
			a.Lockout.Failed(c.accessKey, from.IP)
		}
		return iam.Principal{}, wrong
	}
	a.Lockout.Succeeded(c.accessKey, from.IP)
	if err := cred.Check(a.now()); err != nil {
		return iam.Principal{}, err
	}
	return cred.Principal, nil
}

// verify checks the proof with a secret. With an empty secret anybody could prove anything.
func (a *Authenticator) verify(c *claim, secret []byte) error {
	if a.verified != nil {
		a.verified(c.accessKey)
	}
	if err := c.proof.Verify(secret); err != nil || len(secret) > 0 {
		return err
	}
	return &fault.Error{Kind: fault.BadSignature, Code: sigv4.CodeSignature, Msg: "The access key has no secret key."}
}

// guess reports whether a failure may be that of somebody who guesses. A token that has expired was good once.
func guess(err error) bool {
	return fault.Is(err, fault.UnknownKey) || fault.Is(err, fault.BadSignature) || codeOf(err) == codeInvalidToken
}

const codeInvalidToken = "InvalidToken"

// worded gives an unknown key the words of S3.
func worded(err error) error {
	if fault.Is(err, fault.UnknownKey) {
		return &fault.Error{Kind: fault.UnknownKey, Code: "InvalidAccessKeyId", Msg: "The AWS Access Key Id you provided does not exist in our records."}
	}
	return err
}

// codeOf is the S3 code of a refusal.
func codeOf(err error) string {
	var fe *fault.Error
	if errors.As(err, &fe) && fe.Code != "" {
		return fe.Code
	}
	switch fault.KindOf(err) {
	case fault.UnknownKey:
		return "InvalidAccessKeyId"
	case fault.BadSignature:
		return sigv4.CodeSignature
	case fault.Internal:
		return "InternalError"
	}
	return sigv4.CodeAccessDenied
}

// reasonOf is the Reason of a Refusal.
func reasonOf(err error) string {
	for _, r := range [...]struct {
		err    error
		reason string
	}{
		{errLocked, "locked"}, {errUnsupported, "not supported"}, {errSeveral, "several proofs"},
		{iam.ErrDisabled, "user disabled"}, {iam.ErrInactive, "key inactive"}, {iam.ErrExpired, "credentials expired"},
	} {
		if errors.Is(err, r.err) {
			return r.reason
		}
	}
	switch codeOf(err) {
	case codeInvalidToken:
		return "invalid token"
	case "ExpiredToken":
		return "token expired"
	}
	switch fault.KindOf(err) {
	case fault.UnknownKey:
		return "unknown access key"
	case fault.BadSignature:
		return "wrong proof"
	case fault.ClockSkew, fault.Expired:
		return "out of time"
	case fault.Internal:
		return "internal error"
	}
	return "malformed"
}

// clip bounds an access key as a client sent it.
func clip(s string) string { return s[:min(len(s), 128)] }
