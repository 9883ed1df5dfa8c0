package iam

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"regexp"
	"sync"
	"time"

	"myfsio/fault"
	"myfsio/iam/policy"
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
	Policy   []byte        // narrows the session, at most 2048 bytes; empty for none
}

// Temporary is a session's credentials. They hold until Expires, in every process with the same SECRET_KEY, and end
// before when the user or the key that asked for them is disabled, expired, rotated or removed.
type Temporary struct {
	AccessKey string
	SecretKey logs.Secret
	Token     string // a secret, too
	Expires   time.Time
}

// session is an opened token.
type session struct {
	sealed
	secret  []byte
	policy  *policy.Policy
	expires time.Time
}

var sessionName = regexp.MustCompile(`^[A-Za-z0-9_+=,.@-]{2,64}$`)

// Issue makes a session of p. Nothing is stored: the token itself holds the session. Errors: AccessDenied for a
// session, which cannot make others, and for credentials that are no longer in force; Expired for those;
// InvalidArgument for a request out of bounds, with the code MalformedPolicy for such a policy.
func (s *Store) Issue(p Principal, r SessionRequest) (Temporary, error) {
	if err := r.check(); err != nil {
		return Temporary{}, err
	}
	if p.Temporary {
		return Temporary{}, fault.New(fault.AccessDenied, "Temporary credentials cannot make others.")
	}
	now := s.now()
	parent, known := s.Lookup(p.AccessKey)
	if !known || parent.UserID != p.UserID {
		return Temporary{}, fault.New(fault.AccessDenied, "The access key is gone.")
	}
	if err := parent.Check(now); err != nil {
		return Temporary{}, err
	}
	expires := now.Add(r.Duration).Truncate(time.Second)
	t := sealed{
		AccessKey: sessionKey(), Secret: randomSecret(30).Reveal(), UserID: p.UserID, Parent: p.AccessKey, Mark: parent.mark,
		Issued: now.Unix(), Expires: expires.Unix(), Name: r.Name, Policy: r.Policy,
	}
	token, err := s.seal(t)
	if err != nil {
		return Temporary{}, err
	}
	return Temporary{AccessKey: t.AccessKey, SecretKey: logs.Secret(t.Secret), Token: token, Expires: expires.UTC()}, nil
}

func (r SessionRequest) check() error {
	if r.Duration < MinSession || r.Duration > MaxSession {
		return fault.New(fault.InvalidArgument, "The duration of a session must be %d to %d seconds.", int(MinSession.Seconds()), int(MaxSession.Seconds()))
	}
	if r.Name != "" && !sessionName.MatchString(r.Name) {
		return fault.New(fault.InvalidArgument, "The name of a session must be 2 to 64 letters, digits or any of _+=,.@-")
	}
	if len(r.Policy) == 0 {
		return nil
	}
	_, err := policy.Parse(r.Policy, policy.Session, "")
	return err
}

// sessionKey makes an access key that looks like one of AWS's sessions.
func sessionKey() string {
	b := make([]byte, 10)
	rand.Read(b) // never fails, see crypto/rand
	return "ASIA" + base32.StdEncoding.EncodeToString(b)
}

// Resolve finds an access key, with the token of a session or "". Errors: UnknownKey; AccessDenied with
// the code InvalidToken; Expired with the code ExpiredToken. The credential that comes with an error has a random secret:
// verify with it anyway, so that a refusal takes as long. Whether the credential is in force tells Check.
func (s *Store) Resolve(accessKey, token string) (Credential, error) {
	if token == "" {
		c, known := s.Lookup(accessKey)
		if !known {
			return c, fault.New(fault.UnknownKey, "The access key does not exist.")
		}
		return c, nil
	}
	t, err := s.session(token)
	if err == nil && t.AccessKey != accessKey {
		err = invalidToken()
	}
	if err == nil && !s.now().Before(t.expires) {
		err = expiredToken()
	}
	if err != nil {
		return s.nobody(accessKey), err
	}
	c, known := s.Lookup(t.Parent)
	c.revoked = !known || c.UserID != t.UserID || c.mark != t.Mark
	c.AccessKey, c.secret, c.until = t.AccessKey, t.secret, t.expires
	c.Temporary, c.SessionName, c.Session = true, t.Name, t.policy
	c.Admin = c.Admin && t.policy == nil
	if c.revoked { // so that one who forgets Check has nobody
		c.Principal = Principal{AccessKey: t.AccessKey, Temporary: true}
	}
	return c, nil
}

func invalidToken() error {
	return &fault.Error{Kind: fault.AccessDenied, Code: "InvalidToken", Msg: "The provided token is malformed or otherwise invalid."}
}

func expiredToken() error {
	return &fault.Error{Kind: fault.Expired, Code: "ExpiredToken", Msg: "The provided token has expired.", Err: ErrExpired}
}

// session opens a token, or finds it opened.
func (s *Store) session(token string) (*session, error) {
	if len(token) > maxToken {
		return nil, invalidToken()
	}
	id := sha256.Sum256(append(make([]byte, 0, maxToken), token...)) // on the stack
	if t := s.sessions.get(id); t != nil {
		return t, nil
	}
	plain, ok := s.open(token)
	if !ok {
		return nil, invalidToken()
	}
	t := &session{sealed: plain, secret: []byte(plain.Secret), expires: time.Unix(plain.Expires, 0)}
	if len(plain.Policy) > 0 {
		var err error
		if t.policy, err = policy.Parse(plain.Policy, policy.Session, ""); err != nil {
			return nil, invalidToken() // another release made it, with another grammar
		}
	}
	s.sessions.put(id, t)
	return t, nil
}

// sessionGeneration bounds the tokens kept open, to twice as many. One takes some kilobytes with a policy.
const sessionGeneration = 1000

// sessionCache keeps the tokens that were used lately, in two generations: when the younger one
// is full, the older one is dropped. Only genuine tokens get in.
type sessionCache struct {
	mu         sync.RWMutex // of what follows
	young, old map[[32]byte]*session
}

func (c *sessionCache) get(id [32]byte) *session {
	c.mu.RLock()
	t, young := c.young[id]
	if !young {
		t = c.old[id]
	}
	c.mu.RUnlock()
	if !young && t != nil {
		c.put(id, t)
	}
	return t
}

func (c *sessionCache) put(id [32]byte, t *session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.young) >= sessionGeneration || c.young == nil {
		c.old, c.young = c.young, make(map[[32]byte]*session)
	}
	c.young[id] = t
}
