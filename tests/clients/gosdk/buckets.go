package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/s3/manager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func (c *client) manager(ctx context.Context) error {
	data := body(7, 17*mib)
	up := manager.NewUploader(c.Client, func(u *manager.Uploader) { u.PartSize = 5 * mib })
	// A reader without Seek is cut into parts as it comes.
	_, err := up.Upload(ctx, &s3.PutObjectInput{Bucket: c.bucket, Key: aws.String("big"), Body: struct{ *bytes.Buffer }{bytes.NewBuffer(data)}})
	if err != nil {
		return err
	}
	into := manager.NewWriteAtBuffer(nil)
	down := manager.NewDownloader(c.Client, func(d *manager.Downloader) { d.PartSize = 5 * mib })
	if _, err := down.Download(ctx, into, &s3.GetObjectInput{Bucket: c.bucket, Key: aws.String("big")}); err != nil {
		return err
	}
	if !bytes.Equal(into.Bytes(), data) {
		return fmt.Errorf("%d other bytes", len(into.Bytes()))
	}
	attributes, err := c.GetObjectAttributes(ctx, &s3.GetObjectAttributesInput{Bucket: c.bucket, Key: aws.String("big"),
		ObjectAttributes: []types.ObjectAttributes{"ObjectParts", "ObjectSize", "ETag", "Checksum"}})
	if err != nil {
		return err
	}
	if *attributes.ObjectSize != int64(len(data)) || attributes.ObjectParts == nil || *attributes.ObjectParts.TotalPartsCount != 4 {
		return fmt.Errorf("attributes: %+v", attributes)
	}
	return nil
}

func (c *client) multipart(ctx context.Context) error {
	key := aws.String("hand")
	made, err := c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: c.bucket, Key: key, ChecksumAlgorithm: "CRC64NVME", ChecksumType: "FULL_OBJECT"})
	if err != nil {
		return err
	}
	parts := [][]byte{body(8, 5*mib), body(9, 1)}
	var done types.CompletedMultipartUpload
	for i, p := range parts {
		n := aws.Int32(int32(i + 1))
		up, err := c.UploadPart(ctx, &s3.UploadPartInput{Bucket: c.bucket, Key: key, UploadId: made.UploadId, PartNumber: n, Body: bytes.NewReader(p), ChecksumAlgorithm: "CRC64NVME"})
		if err != nil {
			return err
		}
		done.Parts = append(done.Parts, types.CompletedPart{PartNumber: n, ETag: up.ETag, ChecksumCRC64NVME: up.ChecksumCRC64NVME})
	}
	listed, err := c.ListParts(ctx, &s3.ListPartsInput{Bucket: c.bucket, Key: key, UploadId: made.UploadId})
	if err != nil {
		return err
	}
	if len(listed.Parts) != 2 {
		return fmt.Errorf("parts: %v", listed.Parts)
	}
	whole, err := c.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: c.bucket, Key: key, UploadId: made.UploadId, MultipartUpload: &done})
	if err != nil {
		return err
	}
	if whole.ChecksumCRC64NVME == nil || strings.Contains(*whole.ChecksumCRC64NVME, "-") {
		return errors.New("no checksum of the whole object")
	}
	return c.get(ctx, "hand", slices.Concat(parts...))
}

func (c *client) listing(ctx context.Context) error {
	var keys []string
	for i := range 25 {
		keys = append(keys, fmt.Sprintf("l/%d/%02d", i%5, i))
	}
	for _, k := range keys {
		if err := c.put(ctx, k, nil); err != nil {
			return err
		}
	}
	slices.Sort(keys)
	var got []string
	pages := s3.NewListObjectsV2Paginator(c.Client, &s3.ListObjectsV2Input{Bucket: c.bucket, Prefix: aws.String("l/"), MaxKeys: aws.Int32(4)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, o := range page.Contents {
			got = append(got, *o.Key)
		}
	}
	if !slices.Equal(got, keys) {
		return fmt.Errorf("listed %q", got)
	}
	top, err := c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: c.bucket, Prefix: aws.String("l/"), Delimiter: aws.String("/")})
	if err != nil {
		return err
	}
	if len(top.CommonPrefixes) != 5 || len(top.Contents) != 0 {
		return fmt.Errorf("%d prefixes, %d keys", len(top.CommonPrefixes), len(top.Contents))
	}
	return nil
}

func (c *client) versions(ctx context.Context) error {
	v := &client{Client: c.Client, bucket: aws.String(*c.bucket + "-versions")}
	if err := v.makeBucket(ctx); err != nil {
		return err
	}
	_, err := v.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: v.bucket, VersioningConfiguration: &types.VersioningConfiguration{Status: "Enabled"}})
	if err != nil {
		return err
	}
	for _, text := range []string{"one", "two"} {
		if err := v.put(ctx, "k", []byte(text)); err != nil {
			return err
		}
	}
	if _, err := v.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: v.bucket, Key: aws.String("k")}); err != nil {
		return err
	}
	all, err := v.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: v.bucket})
	if err != nil {
		return err
	}
	if len(all.Versions) != 2 || len(all.DeleteMarkers) != 1 || !*all.DeleteMarkers[0].IsLatest {
		return fmt.Errorf("%d versions, %d markers", len(all.Versions), len(all.DeleteMarkers))
	}
	old, err := v.GetObject(ctx, &s3.GetObjectInput{Bucket: v.bucket, Key: aws.String("k"), VersionId: all.Versions[1].VersionId})
	if err != nil {
		return err
	}
	if err := want([]byte("one"), old.Body, nil); err != nil {
		return err
	}
	ids := []*string{all.Versions[0].VersionId, all.Versions[1].VersionId, all.DeleteMarkers[0].VersionId}
	for _, id := range ids {
		if _, err := v.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: v.bucket, Key: aws.String("k"), VersionId: id}); err != nil {
			return err
		}
	}
	_, err = v.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: v.bucket})
	return err
}

func (c *client) deleteAll(ctx context.Context) error {
	page, err := c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: c.bucket})
	if err != nil {
		return err
	}
	var gone types.Delete
	for _, o := range page.Contents {
		gone.Objects = append(gone.Objects, types.ObjectIdentifier{Key: o.Key})
	}
	res, err := c.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: c.bucket, Delete: &gone})
	if err != nil {
		return err
	}
	if len(res.Errors) > 0 {
		return fmt.Errorf("errors: %v", *res.Errors[0].Message)
	}
	_, err = c.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: c.bucket})
	return err
}
