package object_test

import (
	"fmt"
	"io"
	"testing"

	"myfsio/blob"
	"myfsio/blob/memblob"
	"myfsio/kv"
	"myfsio/kv/memkv"
	"myfsio/kv/pebblekv"
	"myfsio/object"
)

// What every request pays: a look at its bucket, at a version, at a small object.
func BenchmarkReads(b *testing.B) {
	for name, open := range map[string]func() (kv.DB, blob.Store, error){
		"memory": func() (kv.DB, blob.Store, error) { return memkv.New(), memblob.New(), nil },
		"pebble": func() (kv.DB, blob.Store, error) {
			db, err := pebblekv.Open(pebblekv.Options{Dir: b.TempDir()})
			return db, memblob.New(), err
		},
	} {
		db, blobs, err := open()
		if err != nil {
			b.Fatal(err)
		}
		x := shopOver(b, db, blobs, object.Unversioned)
		_, err = x.s.CreateBucket(x.ctx, object.CreateBucket{Name: "owned", Owner: fmt.Sprintf("%064d", 1), Region: "eu-central-1"})
		x.ok(err)
		for i := range 1000 {
			_, err := x.s.Put(x.ctx, object.PutObject{
				Bucket: "owned", Key: fmt.Sprintf("key%04d", i), Owner: fmt.Sprintf("%064d", 1), Body: body(content(uint64(i), 50)), Meta: object.Metadata{ContentType: "text/plain"},
			})
			x.ok(err)
		}
		for what, act := range benched {
			b.Run(what+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for range b.N {
					if err := act(x); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

var benched = map[string]func(x *shop) error{
	"bucket": func(x *shop) error { _, err := x.s.HeadBucket(x.ctx, "owned"); return err },
	"describe": func(x *shop) error {
		_, err := x.s.Describe(x.ctx, "owned", "key0500", "")
		return err
	},
	"get": func(x *shop) error {
		r, err := x.s.Open(x.ctx, object.GetObject{Bucket: "owned", Key: "key0500"})
		if err != nil {
			return err
		}
		if _, err := r.WriteTo(io.Discard); err != nil {
			return err
		}
		return r.Close()
	},
	"list": func(x *shop) error {
		_, err := x.s.List(x.ctx, object.ListObjects{Bucket: "owned", Max: 1000})
		return err
	},
}

// What a small write pays beside its sync, in a bucket without extras.
func BenchmarkWrites(b *testing.B) {
	x := newShop(b, object.Unversioned)
	data := content(1, 50)
	for what, act := range map[string]func(key string) error{
		"put": func(key string) error {
			_, err := x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: key, Owner: "me", Body: body(data)})
			return err
		},
		"overwrite": func(string) error {
			_, err := x.s.Put(x.ctx, object.PutObject{Bucket: home, Key: "k", Owner: "me", Body: body(data)})
			return err
		},
		"delete": func(string) error {
			_, err := x.s.Delete(x.ctx, object.DeleteObject{Bucket: home, Key: "nothing"})
			return err
		},
	} {
		b.Run(what, func(b *testing.B) {
			b.ReportAllocs()
			for i := range b.N {
				if err := act(fmt.Sprint(i)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
