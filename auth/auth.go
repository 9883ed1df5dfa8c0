// Package auth proves who sends a request. Every front asks it, and nothing else decides who somebody is.
//
// A request proves its sender in one of these ways:
//
//	Signature V4   Authorization header, or the query of a presigned URL
//	Signature V2   the same two, for old clients, when SigV2 is on
//	header pair    X-Access-Key and X-Secret-Key, when HeaderPair is on
//	POST form      a policy signed by V4 or V2, see [Authenticator.Form]
//	login          the pair as somebody typed it, see [Authenticator.Login]
//
// A request that shows none of them is anonymous. A request that shows one and fails is refused: it never becomes anonymous and no
// other way is tried. One that shows two is refused as well, whatever they say.
//
// Temporary credentials bring their session token in X-Amz-Security-Token: a header, a parameter of a presigned URL, a form
// field. The header pair may bring it in X-Session-Token.
//
// # Order
//
// Form first: a request that is malformed, too old or too early is refused by what everybody can see of it, and counts for nothing. Then the lockout, which
// does not look at the proof at all. Then the access key and the proof; an unknown key goes through the same steps with
// a secret that nobody knows. Only who has proven that he has the secret is told that the key is disabled or has expired.
package auth

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"myfsio/iam"
	"myfsio/iam/policy"
	"myfsio/lockout"
	"myfsio/sigv4"
)

// Authenticator proves who sends requests. Its fields are set before first use; it is used by pointer, by many goroutines.
type Authenticator struct {
	Verifier   *sigv4.Verifier // its Skew and MaxExpiry hold for Signature V2 as well
	Users      *iam.Store
	HeaderPair bool           // accept X-Access-Key and X-Secret-Key
	SigV2      bool           // accept Signature V2
	Lockout    *lockout.Table // nil: nobody is locked out
	// Refused is told of every refused proof, on the request's goroutine. May be nil.
	Refused func(context.Context, Refusal)
	Log     *slog.Logger     // nil: none
	Now     func() time.Time // nil: time.Now

	warn sync.Once // of secrets that travel in the clear
	// verified is told of every check of a proof, for tests.
	verified func(accessKey string)
}

// Proof is who sent a request, and how he proved it.
type Proof struct {
	Principal iam.Principal // the zero value is anonymous
	// AccessKey is the key that was presented. Beside an error it is the only field set: it is not proven then.
	AccessKey string
	// Type, SignatureVersion and SignatureAge are what the condition keys s3:authType, s3:signatureversion and
	// s3:signatureAge see.
	Type             string        // REST-HEADER, REST-QUERY-STRING, POST; "" for an anonymous request
	SignatureVersion string        // AWS4-HMAC-SHA256 or AWS; "" without a signature
	SignatureAge     time.Duration // since the request was signed; 0 where it does not say
	// Signed is the Signature V4 of a request, whose body it reads; nil for every other proof.
	Signed *sigv4.Request
}

// Describe tells conditions how the request was proved.
func (p *Proof) Describe(c *policy.Context) {
	c.AuthType, c.SignatureVersion, c.SignatureAge = p.Type, p.SignatureVersion, p.SignatureAge
}

// The values of Proof.Type and Proof.SignatureVersion.
const (
	TypeHeader = "REST-HEADER"
	TypeQuery  = "REST-QUERY-STRING"
	TypePost   = "POST"
	VersionV4  = "AWS4-HMAC-SHA256"
	VersionV2  = "AWS"
)

// Refusal tells of a proof that was refused. It holds no secret.
type Refusal struct {
	AccessKey string // as presented, at most 128 bytes; "" where the request was not understood so far
	SourceIP  string
	Method    string // SigV4, SigV4-Query, SigV4-Form, SigV2, SigV2-Query, SigV2-Form, HeaderPair, Login, Several or Other
	Code      string // of the error, e.g. SignatureDoesNotMatch
	Reason    string // e.g. "wrong proof"
}

func (a *Authenticator) now() time.Time {
	if a.Now == nil {
		return time.Now()
	}
	return a.Now()
}
