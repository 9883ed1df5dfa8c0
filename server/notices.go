package server

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"time"

	"myfsio/accesslog"
	"myfsio/config"
	"myfsio/guard"
	"myfsio/ident"
	"myfsio/s3"
	"myfsio/work/lifecycle"
	"myfsio/work/notify"
)

// notices tell the receivers that buckets name of events.
type notices struct {
	*notify.Notifier
	guard *guard.Guard
}

// CheckTarget implements s3.Notices.
func (n notices) CheckTarget(url string) error { return notify.CheckTarget(n.guard, url) }

// openNotices makes what delivers events. It sends nothing before Run.
func (s *server) openNotices(ctx context.Context) (notices, error) {
	secret := s.cfg.SecretKey
	if secret == "" {
		var err error
		if secret, err = config.SecretKey(s.cfg.StorageRoot); err != nil {
			return notices{}, err
		}
	}
	h := hmac.New(sha256.New, []byte(secret.Reveal()))
	h.Write([]byte("myfsio notifications 1"))
	g := guard.New(guard.Options{AllowInternal: s.cfg.Proxy.InternalEndpoints})
	n, err := notify.New(ctx, notify.Config{
		Outbox: notify.Objects{Store: s.data.Store}, DB: s.data.db, Wake: s.data.Store.Signals().Events,
		Client: g.Client(), Dial: g.DialContext, Region: s.cfg.Region, Secret: h.Sum(nil), Log: s.log,
		MaxAge: time.Duration(s.cfg.Notifications.MaxAgeHours * float64(time.Hour)),
	})
	return notices{n, g}, err
}

// openAccessLog makes what writes the access logs of buckets. It writes nothing before Run.
func (s *server) openAccessLog() *accesslog.Log {
	return accesslog.New(accesslog.Options{
		Source: accesslog.Objects{Store: s.data.Store}, Region: s.cfg.Region, Log: s.log,
		Every: time.Duration(s.cfg.AccessLogSeconds) * time.Second,
	})
}

// finalLogs is how long the last access logs may take to be written.
const finalLogs = 10 * time.Second

// record hands an answered request of the S3 front to the access log.
func (f *front) record(ctx context.Context, r *s3.Record) {
	q := r.Request
	if !f.logs.Wants(ctx, q.Bucket) {
		return
	}
	e := accesslog.Entry{
		Bucket: q.Bucket, Time: q.Started, RemoteIP: q.SourceIP, Requester: q.Principal.CanonicalID, RequestID: q.ID, Key: q.Key,
		HTTP: r.HTTP, Status: r.Status, Code: r.Code, Sent: r.Sent, Size: r.Size, Total: r.Duration, TurnAround: r.ToFirst,
		Referer: q.Referer, UserAgent: q.UserAgent, VersionID: r.VersionID, HostID: f.s3.HostID(),
		SignatureVersion: q.Conditions.SignatureVersion, AuthType: q.Conditions.AuthType, Host: f.trust.Host(r.HTTP),
	}
	if q.Op != nil {
		e.Operation = q.Op.Log
	}
	f.logs.Add(ctx, &e)
	e.Part, e.Operation, e.Sent = true, "BATCH.DELETE.OBJECT", 0
	for i := range r.Keys {
		k := &r.Keys[i]
		e.Key, e.VersionID, e.Status, e.Code, e.Size = k.Key, k.VersionID, k.Status, k.Code, k.Size
		f.logs.Add(ctx, &e)
	}
}

// logOperations are the words of access logs for what lifecycle rules do.
var logOperations = map[lifecycle.Deed]string{lifecycle.Removed: "S3.EXPIRE.OBJECT", lifecycle.Marked: "S3.CREATE.DELETEMARKER", lifecycle.GivenUp: "S3.DELETE.UPLOAD"}

// ended hands what a lifecycle rule did to the access log of its bucket.
func (s *server) ended(ctx context.Context, x *lifecycle.Ended) {
	if s.logs.Wants(ctx, x.Bucket) {
		s.logs.Add(ctx, &accesslog.Entry{
			Bucket: x.Bucket, Time: time.Now(), Requester: "AmazonS3", RequestID: ident.Hex(), Operation: logOperations[x.Deed], Key: x.Key, VersionID: x.VersionID, Size: x.Size,
		})
	}
}
