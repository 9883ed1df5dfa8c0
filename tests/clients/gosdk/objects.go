package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func (c *client) makeBucket(ctx context.Context) error {
	if _, err := c.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: c.bucket}); err != nil {
		return err
	}
	_, err := c.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: c.bucket})
	return err
}

func (c *client) putAndGet(ctx context.Context) error {
	data := body(1, 100_000)
	put, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: c.bucket, Key: aws.String("k"), Body: bytes.NewReader(data),
		ContentType: aws.String("x/y"), Metadata: map[string]string{"one": "1"}})
	if err != nil {
		return err
	}
	if put.ChecksumCRC32 == nil {
		return errors.New("no default checksum in the answer")
	}
	head, err := c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: c.bucket, Key: aws.String("k")})
	if err != nil {
		return err
	}
	if *head.ContentLength != int64(len(data)) || *head.ContentType != "x/y" || head.Metadata["one"] != "1" {
		return fmt.Errorf("head: %+v", head)
	}
	return c.get(ctx, "k", data)
}

// streams puts a body that cannot be read twice. Without TLS the SDK sends such a one unsigned and without a checksum.
func (c *client) streams(ctx context.Context) error {
	data := body(2, 300_000)
	_, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: c.bucket, Key: aws.String("stream"), ContentLength: aws.Int64(int64(len(data))),
		Body: io.LimitReader(bytes.NewReader(data), int64(len(data)))}, s3.WithAPIOptions(v4.SwapComputePayloadSHA256ForUnsignedPayloadMiddleware),
		func(o *s3.Options) { o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired })
	if err != nil {
		return err
	}
	return c.get(ctx, "stream", data)
}

func (c *client) checksums(ctx context.Context) {
	for _, a := range types.ChecksumAlgorithm("").Values() {
		check("checksum "+string(a), func() error {
			data := body(3, 20_000)
			_, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: c.bucket, Key: aws.String("sum"), Body: bytes.NewReader(data), ChecksumAlgorithm: a})
			if err != nil && strings.Contains(err.Error(), "unknown checksum algorithm") {
				return skip("this release of the SDK names it and cannot compute it")
			}
			if err != nil {
				return err
			}
			return c.get(ctx, "sum", data)
		})
	}
}

func (c *client) ranges(ctx context.Context) error {
	data := body(4, 70_000)
	if err := c.put(ctx, "r", data); err != nil {
		return err
	}
	for spec, part := range map[string][]byte{"bytes=0-0": data[:1], "bytes=500-599": data[500:600], "bytes=-3": data[len(data)-3:]} {
		got, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: c.bucket, Key: aws.String("r"), Range: &spec})
		if err != nil {
			return err
		}
		if err := want(part, got.Body, nil); err != nil {
			return fmt.Errorf("%s: %w", spec, err)
		}
	}
	_, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: c.bucket, Key: aws.String("r"), Range: aws.String("bytes=70000-")})
	return refused(err, "InvalidRange", 416)
}

func (c *client) put(ctx context.Context, key string, b []byte) error {
	_, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: c.bucket, Key: &key, Body: bytes.NewReader(b)})
	return err
}

func (c *client) conditions(ctx context.Context) error {
	key := aws.String("once")
	first, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: c.bucket, Key: key, IfNoneMatch: aws.String("*")})
	if err != nil {
		return err
	}
	_, err = c.PutObject(ctx, &s3.PutObjectInput{Bucket: c.bucket, Key: key, IfNoneMatch: aws.String("*")})
	if err := refused(err, "PreconditionFailed", 412); err != nil {
		return err
	}
	if _, err = c.PutObject(ctx, &s3.PutObjectInput{Bucket: c.bucket, Key: key, IfMatch: first.ETag, Body: strings.NewReader("2")}); err != nil {
		return err
	}
	_, err = c.PutObject(ctx, &s3.PutObjectInput{Bucket: c.bucket, Key: key, IfMatch: first.ETag})
	return refused(err, "PreconditionFailed", 412)
}

func (c *client) copies(ctx context.Context) error {
	data := body(5, 50_000)
	if err := c.put(ctx, "from/a b+c", data); err != nil {
		return err
	}
	source := *c.bucket + "/" + url.QueryEscape("from/a b+c")
	_, err := c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: c.bucket, Key: aws.String("to"), CopySource: aws.String(strings.ReplaceAll(source, "+", "%20")),
		MetadataDirective: "REPLACE", Metadata: map[string]string{"m": "2"}})
	if err != nil {
		return err
	}
	return c.get(ctx, "to", data)
}

func (c *client) tags(ctx context.Context) error {
	set := []types.Tag{{Key: aws.String("a"), Value: aws.String("1 + 1")}}
	if _, err := c.PutObjectTagging(ctx, &s3.PutObjectTaggingInput{Bucket: c.bucket, Key: aws.String("k"), Tagging: &types.Tagging{TagSet: set}}); err != nil {
		return err
	}
	got, err := c.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: c.bucket, Key: aws.String("k")})
	if err != nil {
		return err
	}
	if len(got.TagSet) != 1 || *got.TagSet[0].Value != "1 + 1" {
		return fmt.Errorf("tags: %v", got.TagSet)
	}
	_, err = c.DeleteObjectTagging(ctx, &s3.DeleteObjectTaggingInput{Bucket: c.bucket, Key: aws.String("k")})
	return err
}

func (c *client) presigned(ctx context.Context) error {
	p := s3.NewPresignClient(c.Client)
	data := body(6, 5000)
	put, err := p.PresignPutObject(ctx, &s3.PutObjectInput{Bucket: c.bucket, Key: aws.String("pre signed")}, s3.WithPresignExpires(time.Minute))
	if err != nil {
		return err
	}
	if status, text, err := fetch(put.Method, put.URL, put.SignedHeader, data); err != nil || status != 200 {
		return fmt.Errorf("put: %d %s %v", status, text, err)
	}
	get, err := p.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: c.bucket, Key: aws.String("pre signed")})
	if err != nil {
		return err
	}
	if status, got, err := fetch(get.Method, get.URL, get.SignedHeader, nil); err != nil || status != 200 || !bytes.Equal(got, data) {
		return fmt.Errorf("get: %d, %d bytes, %v", status, len(got), err)
	}
	status, text, err := fetch(get.Method, strings.Replace(get.URL, "X-Amz-Expires=900", "X-Amz-Expires=901", 1), get.SignedHeader, nil)
	if err != nil || status != 403 || !bytes.Contains(text, []byte("SignatureDoesNotMatch")) {
		return fmt.Errorf("changed: %d %s %v", status, text, err)
	}
	return nil
}

func (c *client) errors(ctx context.Context) error {
	_, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: c.bucket, Key: aws.String("none")})
	if err := refused(err, "NoSuchKey", 404); err != nil {
		return err
	}
	_, err = c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: c.bucket, Key: aws.String("none")})
	if err := refused(err, "NotFound", 404); err != nil {
		return err
	}
	_, err = c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String("gosdk-none")})
	if err := refused(err, "NoSuchBucket", 404); err != nil {
		return err
	}
	_, err = c.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: c.bucket})
	return refused(err, "BucketNotEmpty", 409)
}

// keys takes each odd key through the operations that name one.
func (c *client) keys(ctx context.Context) {
	var table []struct{ Name, Key string }
	b, err := os.ReadFile(os.Getenv("MYFSIO_KEYS"))
	if err == nil {
		err = json.Unmarshal(b, &table)
	}
	if err != nil {
		check("keys", func() error { return err })
	}
	for _, k := range table {
		check("key "+k.Name, func() error { return c.oneKey(ctx, k.Key) })
	}
}

func (c *client) oneKey(ctx context.Context, key string) error {
	data := []byte(key)
	if err := c.put(ctx, key, data); err != nil {
		return err
	}
	if err := c.get(ctx, key, data); err != nil {
		return err
	}
	if _, err := c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: c.bucket, Key: &key}); err != nil {
		return err
	}
	listed, err := c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: c.bucket, Prefix: &key, MaxKeys: aws.Int32(1), EncodingType: "url"})
	if err != nil {
		return err
	}
	if len(listed.Contents) != 1 {
		return errors.New("not listed")
	}
	if got, err := url.QueryUnescape(*listed.Contents[0].Key); err != nil || got != key {
		return fmt.Errorf("listed as %q, %v", got, err)
	}
	source := *c.bucket + "/" + strings.ReplaceAll(url.QueryEscape(key), "+", "%20")
	if _, err := c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: c.bucket, Key: aws.String("copy of it"), CopySource: &source}); err != nil {
		return err
	}
	if err := c.get(ctx, "copy of it", data); err != nil {
		return err
	}
	if _, err := c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: c.bucket, Key: &key}); err != nil {
		return err
	}
	_, err = c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: c.bucket, Key: &key})
	return refused(err, "NotFound", 404)
}
