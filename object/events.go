package object

import (
	"context"
	"encoding/hex"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// The outbox: a commit that an event tells of writes a row with the event, when the bucket has a notification document. So there is an event for
// each such commit, and none for one that did not happen. Workers read the rows, deliver them, and then remove them: each event is
// delivered at least once.

// EventName is what an event tells, as S3 calls it without the "s3:" in front.
type EventName string

// The names.
const (
	EventPut              EventName = "ObjectCreated:Put"
	EventPost             EventName = "ObjectCreated:Post"
	EventCopy             EventName = "ObjectCreated:Copy"
	EventComplete         EventName = "ObjectCreated:CompleteMultipartUpload"
	EventDelete           EventName = "ObjectRemoved:Delete"
	EventMarker           EventName = "ObjectRemoved:DeleteMarkerCreated"
	EventExpired          EventName = "LifecycleExpiration:Delete"
	EventExpiredByMarker  EventName = "LifecycleExpiration:DeleteMarkerCreated"
	EventTagging          EventName = "ObjectTagging:Put"
	EventTaggingDelete    EventName = "ObjectTagging:Delete"
	EventACL              EventName = "ObjectAcl:Put"
	EventAnnotation       EventName = "ObjectAnnotation:Put"
	EventAnnotationDelete EventName = "ObjectAnnotation:Delete"
)

// Role says in what capacity somebody acts, where events tell it apart.
type Role uint8

// The roles.
const (
	RoleClient    Role = iota
	RoleForm           // uploads by an HTML form
	RoleLifecycle      // a rule of the bucket's lifecycle
)

// Actor is who does something, for the events that tell of it. The zero value says nothing.
type Actor struct {
	Role      Role
	Principal string // id of the principal
	SourceIP  string
	RequestID string
}

// Event is a row of the outbox.
type Event struct {
	At        Mark // its place: events of one key are in the order of their commits
	Name      EventName
	Bucket    string
	BucketID  uint64 // tells the bucket from an earlier or later one of its name; 0 in old rows
	Key       string
	VersionID string // "" in a bucket never versioned
	Size      int64
	ETag      string // without quotes
	Time      time.Time
	By        Actor // without the role
}

// Sequencer is a text that is greater for the later one of two events of a key.
func (e *Event) Sequencer() string { return strings.ToUpper(hex.EncodeToString(e.At[:])) }

// Field numbers of an event.
const (
	fEventName protowire.Number = iota + 1
	fEventBucket
	fEventKey
	fEventVersion
	fEventSize
	fEventETag
	fEventTime
	fEventPrincipal
	fEventIP
	fEventRequest
	fEventBucketID
)

func (e *Event) encode() []byte {
	b := appendBytes(make([]byte, 0, 192), fEventName, string(e.Name))
	b = appendBytes(b, fEventBucket, e.Bucket)
	b = appendBytes(b, fEventKey, e.Key)
	b = appendBytes(b, fEventVersion, e.VersionID)
	b = appendUint(b, fEventSize, uint64(e.Size))
	b = appendBytes(b, fEventETag, e.ETag)
	b = appendUint(b, fEventTime, uint64(e.Time.UnixNano()))
	b = appendBytes(b, fEventPrincipal, e.By.Principal)
	b = appendBytes(b, fEventIP, e.By.SourceIP)
	b = appendBytes(b, fEventRequest, e.By.RequestID)
	return appendUint(b, fEventBucketID, e.BucketID)
}

func (e *Event) decode(data []byte) error {
	return fields(data, func(num protowire.Number, v uint64, data []byte) error {
		switch num {
		case fEventName:
			e.Name = EventName(data)
		case fEventBucket:
			e.Bucket = string(data)
		case fEventKey:
			e.Key = string(data)
		case fEventVersion:
			e.VersionID = string(data)
		case fEventSize:
			e.Size = int64(v)
		case fEventETag:
			e.ETag = string(data)
		case fEventTime:
			e.Time = time.Unix(0, int64(v)).UTC()
		case fEventPrincipal:
			e.By.Principal = string(data)
		case fEventIP:
			e.By.SourceIP = string(data)
		case fEventRequest:
			e.By.RequestID = string(data)
		case fEventBucketID:
			e.BucketID = v
		}
		return nil
	})
}

// tell writes an event of rec, a version of key, if anybody wants to know.
func (t *txn) tell(b *Bucket, name EventName, by *Actor, key string, rec *versionRecord) {
	if !b.Has(ConfigNotification) {
		return
	}
	e := Event{
		Name: by.call(name), Bucket: b.Name, BucketID: b.ID, Key: key, Size: rec.size, ETag: formatETag(rec.etag, rec.parts), Time: t.s.now(),
		By: Actor{Principal: by.Principal, SourceIP: by.SourceIP, RequestID: by.RequestID},
	}
	switch {
	case b.Versioning == Unversioned:
	case rec.null():
		e.VersionID = NullVersion
	default:
		e.VersionID = formatVersion(rec.id)
	}
	t.Put(idKey(tEvent, t.s.newID()), e.encode())
	t.told = true
}

// call is the name of what this actor does.
func (a *Actor) call(name EventName) EventName {
	switch {
	case a.Role == RoleForm && name == EventPut:
		return EventPost
	case a.Role == RoleLifecycle && name == EventDelete:
		return EventExpired
	case a.Role == RoleLifecycle && name == EventMarker:
		return EventExpiredByMarker
	}
	return name
}

// Events returns up to most events behind the mark, in the order of the commits. A worker that begins starts with the zero Mark.
func (s *Store) Events(ctx context.Context, behind Mark, most int) ([]Event, error) {
	var out []Event
	err := s.queue(ctx, tEvent, behind, most, func(at Mark, v []byte) error {
		e := Event{At: at}
		err := e.decode(v)
		out = append(out, e)
		return err
	})
	return out, err
}

// EventsDone removes events that are delivered, or that nobody wants. A crash may bring them back.
func (s *Store) EventsDone(ctx context.Context, marks []Mark) error {
	return s.unqueue(ctx, tEvent, marks)
}
