package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/s3/manager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// limited is the work of a user who may list, read, write and delete below "mine/" in a bucket, beside which "theirs/secret" lies.
func (c *client) limited(ctx context.Context) {
	check("limited work", func() error { return c.mine(ctx) })
	check("limited refusals", func() error { return c.theirs(ctx) })
}

func (c *client) mine(ctx context.Context) error {
	data := body(7, 12*mib)
	up := manager.NewUploader(c.Client, func(u *manager.Uploader) { u.PartSize = 5 * mib })
	if _, err := up.Upload(ctx, &s3.PutObjectInput{Bucket: c.bucket, Key: aws.String("mine/big"), Body: bytes.NewReader(data)}); err != nil {
		return err
	}
	into := manager.NewWriteAtBuffer(nil)
	if _, err := manager.NewDownloader(c.Client).Download(ctx, into, &s3.GetObjectInput{Bucket: c.bucket, Key: aws.String("mine/big")}); err != nil {
		return err
	}
	if !bytes.Equal(into.Bytes(), data) {
		return fmt.Errorf("%d other bytes", len(into.Bytes()))
	}
	if _, err := c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: c.bucket, Key: aws.String("mine/copy"), CopySource: aws.String(*c.bucket + "/mine/big")}); err != nil {
		return err
	}
	var keys []string
	for pages := s3.NewListObjectsV2Paginator(c, &s3.ListObjectsV2Input{Bucket: c.bucket, Prefix: aws.String("mine/"), MaxKeys: aws.Int32(1)}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, o := range page.Contents {
			keys = append(keys, *o.Key)
		}
	}
	if !slices.Equal(keys, []string{"mine/big", "mine/copy"}) {
		return fmt.Errorf("listed: %q", keys)
	}
	buckets, err := c.ListBuckets(ctx, &s3.ListBucketsInput{})
	if err != nil {
		return err
	}
	names := make([]string, len(buckets.Buckets))
	for i, b := range buckets.Buckets {
		names[i] = *b.Name
	}
	if !slices.Contains(names, *c.bucket) || strings.Contains(strings.Join(names, " "), "private-") {
		return fmt.Errorf("buckets: %q", names)
	}
	gone, err := c.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: c.bucket, Delete: &types.Delete{Objects: []types.ObjectIdentifier{
		{Key: aws.String("mine/big")}, {Key: aws.String("mine/copy")}, {Key: aws.String("theirs/secret")}}}})
	if err != nil {
		return err
	}
	if len(gone.Deleted) != 2 || len(gone.Errors) != 1 || *gone.Errors[0].Code != "AccessDenied" || *gone.Errors[0].Key != "theirs/secret" {
		return fmt.Errorf("deleted: %+v", gone)
	}
	return nil
}

func (c *client) theirs(ctx context.Context) error {
	secret := aws.String("theirs/secret")
	_, get := c.GetObject(ctx, &s3.GetObjectInput{Bucket: c.bucket, Key: secret})
	_, put := c.PutObject(ctx, &s3.PutObjectInput{Bucket: c.bucket, Key: secret, Body: strings.NewReader("x")})
	_, del := c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: c.bucket, Key: secret})
	_, list := c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: c.bucket})
	_, steal := c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: c.bucket, Key: aws.String("mine/stolen"), CopySource: aws.String(*c.bucket + "/theirs/secret")})
	_, made := c.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(*c.bucket + "-2")})
	_, policy := c.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: c.bucket})
	_, open := c.PutBucketAcl(ctx, &s3.PutBucketAclInput{Bucket: c.bucket, ACL: "public-read"})
	_, upload := c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: c.bucket, Key: secret})
	for name, err := range map[string]error{"get": get, "put": put, "delete": del, "list": list, "copy": steal, "create bucket": made,
		"policy": policy, "list of access": open, "multipart": upload} {
		if err := refused(err, "AccessDenied", 403); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}
