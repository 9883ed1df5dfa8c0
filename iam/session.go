package iam

import (
	"time"

	"myfsio/fault"
	"myfsio/logs"
)

// Bounds of a session's duration. AssumeRole gives at most 12 hours, which its caller sees to.
const (
	MinSession = 15 * time.Minute
	MaxSession = 36 * time.Hour
)

// SessionRequest asks for temporary credentials.
type SessionRequest struct {
	Duration time.Duration // MinSession to MaxSession
	Name     string        // 2 to 64 of [A-Za-z0-9_+=,.@-], or ""
	Policy   []byte        // narrows the session, at most 2048 bytes; nil or empty for none
}

// Temporary is a session's credentials. They hold until Expires, in every process with the same SECRET_KEY, and end
// before when the user or the key that asked for them is disabled, expired, rotated or removed.
type Temporary struct {
	AccessKey string
	SecretKey logs.Secret
	Token     string // a secret, too
	Expires   time.Time
}

// Issue makes a session of p. Errors: AccessDenied for a session, which cannot make others, and for credentials that
// are no longer in force; InvalidArgument for a request out of bounds or a malformed policy.
func (s *Store) Issue(p Principal, r SessionRequest) (Temporary, error) {
	return Temporary{}, fault.New(fault.NotImplemented, "Sessions are not made yet.")
}

// Resolve finds an access key, with the token of a session or "". Errors: UnknownKey; AccessDenied with
// the code InvalidToken; Expired with the code ExpiredToken. The credential that comes with an error has a random secret:
// verify with it anyway, so that a refusal takes as long.
func (s *Store) Resolve(accessKey, token string) (Credential, error) {
	c, known := s.Lookup(accessKey)
	if !known {
		return c, fault.New(fault.UnknownKey, "The access key does not exist.")
	}
	return c, nil
}
