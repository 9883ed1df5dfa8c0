package inventory

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
)

// manifest is manifest.json.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html#storage-inventory-location-manifest
type manifest struct {
	Source      string         `json:"sourceBucket"`
	Destination string         `json:"destinationBucket"` // ARN
	Version     string         `json:"version"`
	Created     string         `json:"creationTimestamp"` // milliseconds since 1970
	Format      string         `json:"fileFormat"`
	Schema      string         `json:"fileSchema"`
	Files       []manifestFile `json:"files"`
}

type manifestFile struct {
	Key  string `json:"key"`
	Size int64  `json:"size"` // bytes
	MD5  string `json:"MD5checksum"`
}

// manifestVersion is that of the format, by the day S3 began it.
const manifestVersion = "2016-11-30"

// publish writes what makes the data files a report: the checksum of the manifest comes last.
func (r *report) publish(ctx context.Context) error {
	d := &r.c.Destination.Bucket
	m := manifest{Source: r.Bucket, Destination: d.ARN, Version: manifestVersion, Created: r.created(), Format: d.Format,
		Schema: schemaOf(d.Format, r.cols), Files: append([]manifestFile{}, r.files...)}
	var doc bytes.Buffer
	enc := json.NewEncoder(&doc)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "    ")
	if err := enc.Encode(&m); err != nil {
		return err
	}
	urls := make([]string, len(r.files))
	for i, f := range r.files {
		urls[i] = "s3://" + r.target.Name + "/" + f.Key
	}
	hive := r.c.Base(r.Bucket) + "hive/dt=" + r.minute("2006-01-02-15-04") + "/symlink.txt"
	key := r.manifestKey()
	sum := strings.TrimSuffix(key, "json") + "checksum"
	r.Manifest = key
	if err := r.note(func(p *pending) { p.Files, p.Checksum = append(p.Files, hive, key, sum), sum }); err != nil {
		return err
	}
	if _, err := r.put(ctx, hive, "text/plain", strings.Join(urls, "\n")); err != nil {
		return err
	}
	v, err := r.put(ctx, key, "application/json", doc.String())
	if err != nil {
		return err
	}
	_, err = r.put(ctx, sum, "text/plain", v.ETag)
	return err
}
