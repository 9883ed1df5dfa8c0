// Package event is what the server tells others of changes: the types of events, the notification configuration of a
// bucket, which of its rules an event matches, and the JSON that receivers get.
//
// # Words
//
// A change is one thing that a commit did to an object; package object writes it into its outbox in that commit. A rule is one
// TopicConfiguration (or QueueConfiguration, …) of a bucket's document: of these types of events, on keys with this prefix and suffix, tell
// this target. A target is a URL: http and https name a webhook, redis and rediss a stream of a Redis server, nats and tls a subject of a
// NATS server. It stands where AWS has an ARN.
//
// # Documents
//
// [Config] is the document. [ParseJSON] takes it in AWS's JSON form and in those of version 0.4; it is stored
// as [Config.JSON] writes it. XML is read and written by package s3. [Config.Check] holds every rule that a document must obey, so
// that a stored one never fails later; [Compile] makes it fast to ask.
package event

import (
	"math/bits"
	"strings"
	"time"
)

// Type is a sort of event. Its values are part of stored formats; 0 is none.
type Type uint8

// The types.
const (
	CreatedPut       Type = 1
	CreatedPost      Type = 2
	CreatedCopy      Type = 3
	CreatedMultipart Type = 4
	RemovedDelete    Type = 5 // a version, or the object of a bucket without versioning, is gone
	RemovedMarker    Type = 6 // a delete marker hides the object
	TaggingPut       Type = 7
	TaggingDelete    Type = 8
	ACLPut           Type = 9
	ExpirationDelete Type = 10 // as RemovedDelete, by a lifecycle rule
	ExpirationMarker Type = 11
	AnnotationPut    Type = 12
	AnnotationDelete Type = 13
	numTypes         Type = 14
)

// names are as records show them; configurations write "s3:" in front.
var names = [numTypes]string{
	CreatedPut: "ObjectCreated:Put", CreatedPost: "ObjectCreated:Post", CreatedCopy: "ObjectCreated:Copy",
	CreatedMultipart: "ObjectCreated:CompleteMultipartUpload", RemovedDelete: "ObjectRemoved:Delete",
	RemovedMarker: "ObjectRemoved:DeleteMarkerCreated", TaggingPut: "ObjectTagging:Put", TaggingDelete: "ObjectTagging:Delete",
	ACLPut: "ObjectAcl:Put", ExpirationDelete: "LifecycleExpiration:Delete", ExpirationMarker: "LifecycleExpiration:DeleteMarkerCreated",
	AnnotationPut: "ObjectAnnotation:Put", AnnotationDelete: "ObjectAnnotation:Delete",
}

// String returns the name as records show it: "ObjectCreated:Put". It is "" for a type that this program does not know.
func (t Type) String() string {
	if t >= numTypes {
		return ""
	}
	return names[t]
}

// ParseType is the inverse of String; it returns 0 for what is no name of a type.
func ParseType(name string) Type {
	for t := Type(1); t < numTypes; t++ {
		if names[t] == name {
			return t
		}
	}
	return 0
}

// set is a set of types, a bit each.
type set uint32

func (s set) has(t Type) bool { return s&(1<<t) != 0 }

// first returns a type of a set that is not empty.
func (s set) first() Type { return Type(bits.TrailingZeros32(uint32(s))) }

// typesOf returns the types that an event of a configuration stands for: one, or with :* all of a family. An unknown one
// stands for none.
func typesOf(event string) (s set) {
	name, ok := strings.CutPrefix(event, "s3:")
	if !ok {
		return 0
	}
	family, all := strings.CutSuffix(name, "*")
	for t := Type(1); t < numTypes; t++ {
		if names[t] == name || all && strings.HasSuffix(family, ":") && strings.HasPrefix(names[t], family) {
			s |= 1 << t
		}
	}
	return s
}

// Change is one event, as the commit that caused it tells of it.
type Change struct {
	Type        Type
	Time        time.Time
	Bucket      string
	BucketOwner string // canonical id
	Region      string // of the server
	Key         string
	VersionID   string // "" in a bucket that was never versioned
	Size        int64  // of the version; shown for what was created
	ETag        string // without quotes
	Sequencer   string // orders the events of one key, as text of hexadecimal digits of one length
	Principal   string // user id of whoever asked, "" for nobody in particular
	SourceIP    string
	RequestID   string
	HostID      string
}
