package accesslog

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"myfsio/blob/memblob"
	"myfsio/fault"
	"myfsio/kms"
	"myfsio/kv/memkv"
	"myfsio/object"
	"myfsio/seal"
)

// TestObjects: the log of a bucket belongs to the owner of the target, and is encrypted as the target asks for.
func TestObjects(t *testing.T) {
	ctx := context.Background()
	master, err := kms.OpenMaster(kms.MasterOptions{Path: filepath.Join(t.TempDir(), "master.key")})
	if err != nil {
		t.Fatal(err)
	}
	store, err := object.New(ctx, object.Config{KV: memkv.New(), Blobs: memblob.New(), Keys: &seal.Keys{Masters: master}, Encrypt: true})
	if err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	owner := strings.Repeat("b", 64)
	for name, who := range map[string]string{"box": strings.Repeat("a", 64), "logs": owner} {
		_, err := store.CreateBucket(ctx, object.CreateBucket{Name: name, Owner: who})
		must(err)
	}
	must(store.SetConfig(ctx, "box", object.ConfigLogging, []byte(to("logs", "p/"))))
	for _, c := range []struct {
		rule string
		want seal.Sort
	}{{"", 0}, {`{"Rules":[{"SSEAlgorithm":"AES256"}]}`, seal.S3}} {
		if c.rule != "" {
			must(store.SetConfig(ctx, "logs", object.ConfigEncryption, []byte(c.rule)))
		}
		l := New(Options{Source: Objects{store}})
		add(l, "box", 1)
		add(l, "nobox", 2)
		must(l.Flush(ctx))
		page, err := store.List(ctx, object.ListObjects{Bucket: "logs", Max: 10})
		must(err)
		if len(page.Objects) != 1 {
			t.Fatalf("%+v", page)
		}
		rd, err := store.Open(ctx, object.GetObject{Bucket: "logs", Key: page.Objects[0].Key})
		must(err)
		rd.Close()
		sort := seal.Sort(0)
		if e := rd.Version.Encryption; e != nil {
			sort = e.Sort
		}
		if v := rd.Version; sort != c.want || v.Owner != owner || v.Meta.ContentType != "text/plain" || v.Size == 0 {
			t.Errorf("%q: %+v", c.rule, v)
		}
		_, err = store.Delete(ctx, object.DeleteObject{Bucket: "logs", Key: page.Objects[0].Key})
		must(err)
	}
	if _, _, err := (Objects{store}).Logging(ctx, "nobox"); !fault.Is(err, fault.NoSuchBucket) {
		t.Error(err)
	}
}
