package gate

// Scope is what an operation names.
type Scope uint8

// The scopes.
const (
	Service Scope = iota
	Bucket
	Object
)

var scopeNames = [...]string{"service", "bucket", "object"}

// String returns "service", "bucket" or "object".
func (s Scope) String() string { return scopeNames[s] }

// RateClass is a group of operations that share a rate limit.
type RateClass uint8

// The classes. Each has its own RATE_LIMIT_ variable.
const (
	ListBuckets RateClass = iota
	BucketRequests
	ObjectRequests
	HeadRequests
	AdminRequests
)

// State says whether an operation is served. The zero value is one that works.
type State struct {
	Alias string // another name of this operation, under which its requests are served
	Why   string // not "": refused with 501 NotImplemented, for this reason
}

// Refused reports whether requests are answered with 501 NotImplemented.
func (s State) Refused() bool { return s.Why != "" }

// Works is the state of an operation that is served.
var Works = State{}

var notBuilt = State{Why: "not built yet"}

func notOffered(why string) State { return State{Why: "not offered: " + why} }

func alias(name string) State { return State{Alias: name} }

// Op describes an operation. Rows are never changed.
type Op struct {
	Name          string // as AWS names it: PutObject
	Action        string // the right it needs: s3:PutObject
	VersionAction string // the right it needs instead when it names a version; "": it takes no version
	Short         string // the right in user policies: list, read, write, …
	Scope         Scope
	Mutates       bool
	Class         RateClass
	Log           string // its name in access logs: REST.PUT.OBJECT
	State         State
	Deviations    string // from what AWS does, for the documentation
	Doc           string // page of the documentation; "" for AWS's page of that name

	// PerKey says that Run does not authorise the operation: its handler asks for each key that the body names, with
	// Gate.Authorize.
	PerKey bool
}

// OfSDK reports whether AWS's SDKs have an operation of this name. Those of MyFSIO itself, and uploads from HTML forms, are not among them.
func (o *Op) OfSDK() bool { return o.Doc == "" }

// URL returns the page that documents the operation.
func (o *Op) URL() string {
	if o.Doc != "" {
		return o.Doc
	}
	return "https://docs.aws.amazon.com/AmazonS3/latest/API/API_" + o.Name + ".html"
}

// Ops returns the list, ordered by name. It must not be changed.
func Ops() []Op { return ops }

// Lookup returns the row of a name, nil when there is none. It is meant for building routes, not for
// requests.
func Lookup(name string) *Op {
	for i := range ops {
		if ops[i].Name == name {
			return &ops[i]
		}
	}
	return nil
}
