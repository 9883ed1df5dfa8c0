package notify

import (
	"context"

	"myfsio/event"
	"myfsio/object"
)

// Objects is the outbox of a store of objects.
type Objects struct{ Store *object.Store }

var _ Outbox = Objects{}

// Events implements Outbox.
func (o Objects) Events(ctx context.Context, max int) ([]Row, error) {
	events, err := o.Store.Events(ctx, object.Mark{}, max)
	rows := make([]Row, len(events))
	for i := range events {
		e := &events[i]
		rows[i] = Row{ID: e.At, BucketID: e.BucketID, Change: event.Change{
			Type: event.ParseType(string(e.Name)), Time: e.Time, Bucket: e.Bucket, Key: e.Key, VersionID: e.VersionID, Size: e.Size, ETag: e.ETag,
			Sequencer: e.Sequencer(), Principal: e.By.Principal, SourceIP: e.By.SourceIP, RequestID: e.By.RequestID,
		}}
	}
	return rows, err
}

// EventsDone implements Outbox.
func (o Objects) EventsDone(ctx context.Context, rows []Row) error {
	marks := make([]object.Mark, len(rows))
	for i := range rows {
		marks[i] = rows[i].ID
	}
	return o.Store.EventsDone(ctx, marks)
}

// Bucket implements Outbox.
func (o Objects) Bucket(ctx context.Context, name string) (Bucket, error) {
	b, doc, err := o.Store.BucketConfig(ctx, name, object.ConfigNotification)
	return Bucket{b.ID, b.Owner, doc}, err
}
