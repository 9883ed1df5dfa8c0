package accesslog

import (
	"bytes"
	"context"

	"myfsio/object"
)

// Objects is a Source over a store.
type Objects struct{ Store *object.Store }

// Logging implements Source.
func (o Objects) Logging(ctx context.Context, bucket string) (owner string, doc []byte, err error) {
	b, doc, err := o.Store.BucketConfig(ctx, bucket, object.ConfigLogging)
	return b.Owner, doc, err
}

// Write implements Source.
func (o Objects) Write(ctx context.Context, bucket, key string, data []byte) error {
	b, err := o.Store.HeadBucket(ctx, bucket)
	if err != nil {
		return err
	}
	_, err = o.Store.Put(ctx, object.PutObject{
		Bucket: bucket, Key: key, Owner: b.Owner, Meta: object.Metadata{ContentType: "text/plain"},
		Body: object.Body{Reader: bytes.NewReader(data), Size: int64(len(data))},
	})
	return err
}
