package iam

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"myfsio/fault"
	"myfsio/iam/policy"
)

// Principal is who a request is from. The zero value is anonymous.
type Principal struct {
	UserID      string
	DisplayName string
	Username    string // unique: the display name where it names nobody else, else the user id
	CanonicalID string // of the user, as owner of buckets and objects
	AccessKey   string // the key that was used
	SessionName string // of a session, may be ""
	Admin       bool   // may do everything; false for a session that a policy narrows
	Temporary   bool   // a session: the key came with a token

	Policy  *policy.Policy // what the user may do; nil is nothing
	Session *policy.Policy // narrows that; nil for no bound
}

// CanonicalID is the id by which buckets, objects and access control lists name a user: 64 hex digits, as S3's are.
func CanonicalID(userID string) string {
	sum := sha256.Sum256([]byte("myfsio canonical user id\x00" + userID))
	return hex.EncodeToString(sum[:])
}

// Reasons for which a known key is refused; they are wrapped by the error of Credential.Check.
var (
	ErrDisabled = errors.New("iam: the user is disabled")
	ErrInactive = errors.New("iam: the access key is not active")
	ErrExpired  = errors.New("iam: the credentials have expired")
	ErrRevoked  = errors.New("iam: the access key that made the session is gone or has another secret")
)

// Credential is an access key as looked up. It prints without its secret.
type Credential struct {
	Principal
	secret  []byte
	enabled bool
	active  bool
	expires Expiry
	revoked bool      // a session whose parent is gone
	until   time.Time // of a session
	mark    mark
}

// mark tells a secret apart from another one without being it.
type mark [16]byte

func markOf(accessKey string, secret []byte) (m mark) {
	h := sha256.New()
	fmt.Fprintf(h, "myfsio session parent\x00%s\x00%s", accessKey, secret)
	copy(m[:], h.Sum(nil))
	return m
}

// Secret returns the secret key. It must not be changed.
func (c Credential) Secret() []byte { return c.secret }

// Format prints the access key alone.
func (c Credential) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "credential %q", c.AccessKey) }

// LogValue is what slog prints.
func (c Credential) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(c)) }

// Check returns why the credential may not be used at this time, nil when it may. It is asked after the
// proof, since it tells that the key exists. The error is AccessDenied or Expired and wraps one of the reasons.
func (c Credential) Check(now time.Time) error {
	switch {
	case c.revoked:
		return &fault.Error{Kind: fault.AccessDenied, Msg: "The access key that made the session is gone or was rotated.", Err: ErrRevoked}
	case !c.enabled:
		return &fault.Error{Kind: fault.AccessDenied, Msg: "The user is disabled.", Err: ErrDisabled}
	case !c.active:
		return &fault.Error{Kind: fault.AccessDenied, Msg: "The access key is not active.", Err: ErrInactive}
	case c.expires.Passed(now):
		return &fault.Error{Kind: fault.Expired, Msg: "The credentials have expired.", Err: ErrExpired}
	case c.Temporary && !now.Before(c.until):
		return expiredToken()
	}
	return nil
}
