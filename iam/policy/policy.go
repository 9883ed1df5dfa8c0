package policy

import (
	"time"
)

// Kind says where a policy is attached, which decides what its grammar allows.
type Kind uint8

// The kinds.
const (
	User    Kind = iota // of a user or a session: no Principal
	Bucket              // of a bucket: a Principal in each statement, resources of that bucket alone
	Session             // narrows a session: as User, bounded in size
)

// Decision is the outcome of one policy.
type Decision uint8

// The decisions.
const (
	Silent Decision = iota // no statement matched: an implicit deny
	Allow
	Deny // an explicit deny: it wins
)

// Principal is who asks. The strings are compared with the Principal elements of bucket policies.
type Principal struct {
	UserID      string
	Username    string // unique; the value of aws:username
	AccessKey   string
	CanonicalID string
	Session     string // name of the session, "" for a key of its own
}

// Tag is a key and a value of a tag.
type Tag struct{ Key, Value string }

// Source answers for condition keys that are seldom asked for, so that they cost nothing until then. An error makes
// Allow statements fail and Deny statements match. An evaluation may ask the same more than once: keep what is dear. What
// a request brings in another way (fields of a form, a date in a body) should be answered for as the header it stands for.
type Source interface {
	// Query returns the value of a query parameter of the request and whether it was there.
	Query(name string) (string, bool)
	// Header returns the values of a request header, by its canonical name.
	Header(name string) []string
	// ObjectTags returns the tags of the object (version) that the request names, as stored.
	ObjectTags() ([]Tag, error)
	// RequestTags returns the tags that the request brings.
	RequestTags() ([]Tag, error)
}

// Context is what conditions look at.
type Context struct {
	Now              time.Time
	SourceIP         string // without port; "" unknown
	Secure           bool
	Referer          string // "": not sent
	UserAgent        string
	AuthType         string // REST-HEADER, REST-QUERY-STRING or POST; "" anonymous
	SignatureVersion string // AWS4-HMAC-SHA256 or AWS; "" for none
	SignatureAge     time.Duration
	TLSVersion       string // "1.2"; "" in the clear
	Source           Source // nil: nothing more is known
}

// Request is a question: may Principal do Action on Bucket and Key?
type Request struct {
	Action    Action
	Bucket    string     // "" for an action on the service
	Key       string     // "" for an action on the bucket
	Principal *Principal // nil: anonymous
	// Lists says that the request lists keys, those that begin with Prefix: the short form's prefix bounds them.
	Lists   bool
	Prefix  string
	Context *Context // nil: no condition key is known
}
