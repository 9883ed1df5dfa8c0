package s3

import (
	"context"
	"slices"
	"strings"
	"testing"

	"myfsio/acl"
	"myfsio/event"
	"myfsio/fault"
	"myfsio/gate"
	"myfsio/object"
)

// receivers is a Notices that takes every URL but those of the host bad.
type receivers struct{ announced []string }

func (r *receivers) CheckTarget(url string) error {
	if strings.HasPrefix(url, "https://bad/") {
		return fault.New(fault.InvalidArgument, "bad host")
	}
	return nil
}

func (r *receivers) Announce(_ context.Context, bucket, requestID, hostID string, urls []string) error {
	if requestID == "" || hostID == "" {
		return fault.New(fault.Internal, "no ids")
	}
	for _, u := range urls {
		r.announced = append(r.announced, bucket+" "+u)
	}
	return nil
}

// TestAnnounce: a destination gets a test event when a bucket first names it.
func TestAnnounce(t *testing.T) {
	var to receivers
	w := newWorld(t, memory, func(c *Config) { c.Notices = &to })
	w.bucket("box")
	rule := func(url, event string) string {
		return "<TopicConfiguration><Topic>" + url + "</Topic><Event>" + event + "</Event></TopicConfiguration>"
	}
	for _, rules := range []string{
		rule("https://a/", "s3:ObjectCreated:*"), rule("https://a/", "s3:ObjectCreated:*") + rule("https://b/", "s3:ObjectRemoved:*"), rule("https://bad/", "s3:ObjectCreated:*"), "",
	} {
		w.send("admin", "PUT", "/box?notification", "<NotificationConfiguration>"+rules+"</NotificationConfiguration>")
	}
	if want := []string{"box https://a/", "box https://b/"}; !slices.Equal(to.announced, want) {
		t.Errorf("announced %q, want %q", to.announced, want)
	}
}

// TestNoNotices: a server that sends no notifications takes no configuration.
func TestNoNotices(t *testing.T) {
	w := newWorld(t, memory, func(c *Config) { c.Notices = nil })
	w.bucket("box")
	if status, body := w.send("admin", "PUT", "/box?notification", "<NotificationConfiguration/>"); status != 501 {
		t.Errorf("%d %s", status, body)
	}
}

// TestLogTarget: a log goes to a bucket of the same owner, or to one that the caller may write to.
func TestLogTarget(t *testing.T) {
	may := map[string]bool{}
	changed := 0
	w := newWorld(t, memory, func(c *Config) {
		c.LoggingChanged = func(string) { changed++ }
		c.Gate = &gate.Gate{Authorizer: deciding(func(r *gate.Request) bool { return r.Op.Name == "PutBucketLogging" || may[r.Bucket+"/"+r.Key] })}
	})
	for name, owner := range map[string]string{"mine": "user", "log": "user", "his": "admin"} {
		if _, err := w.store.CreateBucket(t.Context(), object.CreateBucket{Name: name, Owner: canonical(owner), ACL: acl.List{}}); err != nil {
			t.Fatal(err)
		}
	}
	put := func(target, prefix string) int {
		status, _ := w.send("user", "PUT", "/mine?logging", "<BucketLoggingStatus><LoggingEnabled><TargetBucket>"+target+"</TargetBucket><TargetPrefix>"+prefix+"</TargetPrefix></LoggingEnabled></BucketLoggingStatus>")
		return status
	}
	if got := put("log", ""); got != 200 {
		t.Errorf("a bucket of the same owner: %d", got)
	}
	if got := put("his", "p/"); got != 400 {
		t.Errorf("a bucket that he may not write to: %d", got)
	}
	may["his/p/"] = true
	if got := put("his", "p/"); got != 200 || changed != 2 {
		t.Errorf("a bucket that he may write to: %d, %d changes", got, changed)
	}
}

type deciding func(*gate.Request) bool

func (d deciding) Authorize(_ context.Context, r *gate.Request) error {
	if d(r) {
		return nil
	}
	return fault.New(fault.AccessDenied, "Access Denied")
}

// FuzzNotification: what is taken comes back as itself.
func FuzzNotification(f *testing.F) {
	f.Add([]byte(`<NotificationConfiguration><QueueConfiguration><Id>q</Id><Queue>https://q/</Queue><Event>s3:ObjectCreated:Put</Event><Filter><S3Key><FilterRule><Name>suffix</Name><Value> a&lt;</Value></FilterRule></S3Key></Filter></QueueConfiguration></NotificationConfiguration>`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		c, err := parseNotification(doc)
		if err != nil || c.Check(func(string) error { return nil }) != nil {
			return
		}
		again, err := parseNotification(notificationXML{c}.Append(nil))
		if err != nil || string(again.JSON()) != string(c.JSON()) {
			t.Errorf("%s became %s: %v", c.JSON(), notificationXML{c}.Append(nil), err)
		}
		if _, err := event.ParseJSON(c.JSON()); err != nil {
			t.Errorf("%s: %v", c.JSON(), err)
		}
	})
}
