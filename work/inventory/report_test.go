package inventory

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"myfsio/checksum"
	settings "myfsio/inventory"
	"myfsio/object"
	"myfsio/object/lock"
	"myfsio/s3/wire"
)

// fill makes a bucket of some thousands of versions, with keys that are hard to write.
func (w *world) fill() {
	w.bucket("box", "o", object.VersioningEnabled)
	rnd := rand.New(rand.NewPCG(1, 2))
	keys := []string{`a"b`, "a,b", "a b+c%20", "line\nbreak", "tab\t", "ä/ö/ü", "'", "\u2028", "=1+1"}
	for i := range 900 {
		keys = append(keys, fmt.Sprintf("dir-%d/%04d", i%10, i))
	}
	for range 3000 {
		key := keys[rnd.IntN(len(keys))]
		if rnd.IntN(6) == 0 {
			_, err := w.store.Delete(w.ctx, object.DeleteObject{Bucket: "box", Key: key, Owner: "o"})
			w.check(err)
			w.tick(time.Millisecond)
			continue
		}
		w.put("box", key, func(req *object.PutObject) {
			if rnd.IntN(5) == 0 {
				req.Meta.StorageClass = "GLACIER"
			}
			if rnd.IntN(5) == 0 {
				req.Body.Digest.Algorithm = checksum.SHA256
			}
		})
	}
	w.check(w.store.SetVersioning(w.ctx, "box", object.VersioningSuspended))
	for _, k := range keys[:9] {
		w.put("box", k)
	}
}

// want are the rows of a report of all versions by the listing of the store.
func (w *world) want(current bool, prefix string) (rows []map[string]string) {
	w.t.Helper()
	list := object.ListVersions{Bucket: "box", Prefix: prefix, Max: 1000}
	for {
		page, err := w.store.ListVersions(w.ctx, list)
		w.check(err)
		for _, v := range page.Versions {
			if current && (!v.Latest || v.DeleteMarker) {
				continue
			}
			if !v.DeleteMarker {
				v, err = w.store.Describe(w.ctx, "box", v.Key, v.VersionID)
				w.check(err)
			}
			rows = append(rows, wantRow(&v, current))
		}
		if !page.Truncated {
			return rows
		}
		list.KeyMarker, list.VersionMarker = page.NextKeyMarker, page.NextVersionMarker
	}
}

func wantRow(v *object.Version, current bool) map[string]string {
	row := map[string]string{"Bucket": "box", "Key": v.Key, "LastModifiedDate": wire.FormatTime(v.Modified), "ObjectOwner": v.Owner}
	if !current {
		row["VersionId"], row["IsLatest"], row["IsDeleteMarker"] = v.VersionID, strconv.FormatBool(v.Latest), strconv.FormatBool(v.DeleteMarker)
		if v.VersionID == "null" {
			row["VersionId"] = ""
		}
	}
	for _, f := range allFields {
		if _, there := row[f]; !there {
			row[f] = ""
		}
	}
	if v.DeleteMarker {
		return row
	}
	row["Size"], row["ETag"], row["StorageClass"] = strconv.FormatInt(v.Size, 10), v.ETag, v.Meta.StorageClass
	if row["StorageClass"] == "" {
		row["StorageClass"] = "STANDARD"
	}
	row["IsMultipartUploaded"], row["EncryptionStatus"], row["BucketKeyStatus"], row["ObjectLockLegalHoldStatus"] = "false", "NOT-SSE", "DISABLED", "Off"
	if v.Checksum.Algorithm != checksum.None {
		row["ChecksumAlgorithm"] = v.Checksum.Algorithm.String()
	}
	return row
}

func (w *world) compare(got, want []map[string]string) {
	w.t.Helper()
	for i := range min(len(got), len(want)) {
		if fmt.Sprint(got[i]) != fmt.Sprint(want[i]) {
			w.t.Fatalf("row %d:\ngot  %v\nwant %v", i, got[i], want[i])
		}
	}
	if len(got) != len(want) {
		w.t.Fatalf("%d rows of %d", len(got), len(want))
	}
}

// TestReport compares reports of a few thousand versions with the listing.
func TestReport(t *testing.T) {
	w := newWorld(t)
	w.fill()
	w.page, w.rows = 500, 1000
	w.configure("box", "all", nil)
	w.configure("box", "current", func(c *settings.Config) { c.Versions, c.Filter = settings.Current, &settings.Filter{Prefix: "dir-3/"} })
	w.configure("box", "some", func(c *settings.Config) { c.Fields, c.Destination.Bucket.Prefix = []string{"ETag", "Size"}, "" })
	w.configure("box", "none", func(c *settings.Config) { c.Filter = &settings.Filter{Prefix: "nothing"} })
	w.configure("box", "off", func(c *settings.Config) { c.Enabled = false })
	w.check(w.all(w.ctx))
	if list := w.Status().Reports; len(list) != 4 {
		t.Fatalf("%+v", list)
	}
	day := w.clock().UTC().Format("2006-01-02T15-04Z")
	m := w.manifestAt("reports/box/all/" + day + "/manifest.json")
	want := w.want(false, "")
	if len(want) < 2500 || len(m.Files) != (len(want)+999)/1000 {
		t.Errorf("%d versions in %d files", len(want), len(m.Files))
	}
	w.compare(w.table(m), want)
	if m.Source != "box" || m.Destination != "arn:aws:s3:::dest" || m.Version != "2016-11-30" || m.Format != "CSV" || len(m.Created) != 13 ||
		m.Schema != "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, "+strings.Join(allFields, ", ") ||
		!strings.HasPrefix(m.Files[0].Key, "reports/box/all/data/") || !strings.HasSuffix(m.Files[0].Key, ".csv.gz") {
		t.Errorf("%+v", m)
	}
	hive := strings.Split(string(w.read("dest", "reports/box/all/hive/dt="+w.clock().UTC().Format("2006-01-02-15-04")+"/symlink.txt")), "\n")
	if len(hive) != len(m.Files) || hive[0] != "s3://dest/"+m.Files[0].Key {
		t.Errorf("%q", hive)
	}
	m = w.manifestAt("reports/box/current/" + day + "/manifest.json")
	w.compare(w.table(m), w.want(true, "dir-3/"))
	if m = w.manifestAt("box/some/" + day + "/manifest.json"); m.Schema != "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, ETag" {
		t.Error(m.Schema)
	}
	if m = w.manifestAt("reports/box/none/" + day + "/manifest.json"); len(m.Files) != 0 || m.Files == nil {
		t.Errorf("%+v", m.Files)
	}
	if complete, stray := w.reports(); len(complete) != 4 || len(stray) != 0 {
		t.Error(complete, stray)
	}
}

// TestParquet: a report in Parquet says what one in CSV does.
func TestParquet(t *testing.T) {
	w := newWorld(t)
	w.fill()
	w.page, w.rows = 1000, 2000
	w.configure("box", "p", func(c *settings.Config) { c.Destination.Bucket.Format = settings.Parquet })
	w.check(w.all(w.ctx))
	r := w.one()
	if r.Error != "" {
		t.Fatal(r.Error)
	}
	m := w.manifestAt(r.Manifest)
	if m.Format != "Parquet" || !strings.HasPrefix(m.Schema, "message s3.inventory { required binary bucket (UTF8); required binary key (UTF8); optional binary version_id (UTF8); optional boolean is_latest;") ||
		!strings.Contains(m.Schema, "optional int64 last_modified_date (TIMESTAMP_MILLIS);") {
		t.Error(m.Schema)
	}
	cols := columnsOf(w.configure("box", "p", nil), "box")
	var got []map[string]string
	for _, f := range m.Files {
		data := w.read("dest", f.Key)
		pf, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
		w.check(err)
		rd := parquet.NewReader(pf)
		for {
			var buf [100]parquet.Row
			n, err := rd.ReadRows(buf[:])
			for _, row := range buf[:n] {
				got = append(got, readParquet(pf.Schema(), cols, row))
			}
			if err == io.EOF {
				break
			}
			w.check(err)
		}
	}
	w.compare(got, w.want(false, ""))
}

func readParquet(schema *parquet.Schema, cols []column, row parquet.Row) map[string]string {
	out := map[string]string{}
	for _, c := range cols {
		leaf, _ := schema.Lookup(c.parquet)
		v := row[leaf.ColumnIndex]
		switch {
		case v.IsNull():
			out[c.name] = ""
		case c.kind == instant:
			out[c.name] = wire.FormatTime(time.UnixMilli(v.Int64()))
		default:
			out[c.name] = v.String()
		}
	}
	return out
}

// TestProtection: what Object Lock and parts say.
func TestProtection(t *testing.T) {
	w := newWorld(t)
	_, err := w.store.CreateBucket(w.ctx, object.CreateBucket{Name: "box", Owner: "o", ObjectLock: true})
	w.check(err)
	until := epoch.Add(72 * time.Hour)
	w.put("box", "held", func(r *object.PutObject) { r.Lock = lock.State{Hold: lock.HoldOn} })
	w.put("box", "kept", func(r *object.PutObject) {
		r.Lock = lock.State{Retention: lock.Retention{Mode: lock.Compliance, Until: until}}
	})
	up, err := w.store.CreateUpload(w.ctx, object.CreateUpload{Bucket: "box", Key: "parts", Owner: "o"})
	w.check(err)
	p, err := w.store.PutPart(w.ctx, object.PutPart{Bucket: "box", Key: "parts", UploadID: up.UploadID, Number: 1, Body: object.Body{Reader: strings.NewReader("x"), Size: 1}})
	w.check(err)
	_, err = w.store.CompleteUpload(w.ctx, object.CompleteUpload{Bucket: "box", Key: "parts", UploadID: up.UploadID, ObjectSize: -1, Parts: []object.CompletePart{{Number: 1, ETag: p.ETag}}})
	w.check(err)
	w.configure("box", "all", func(c *settings.Config) {
		c.Fields = []string{"IsMultipartUploaded", "ObjectLockMode", "ObjectLockRetainUntilDate", "ObjectLockLegalHoldStatus"}
	})
	w.check(w.all(w.ctx))
	var got []string
	for _, row := range w.table(w.manifestAt(w.one().Manifest)) {
		got = append(got, strings.Join([]string{row["Key"], row["ObjectLockLegalHoldStatus"], row["ObjectLockMode"], row["ObjectLockRetainUntilDate"], row["IsMultipartUploaded"]}, " "))
	}
	want := []string{"held On   false", "kept Off COMPLIANCE " + wire.FormatTime(until) + " false", "parts Off   true"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
