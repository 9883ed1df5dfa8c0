// Command gosdk does what Go programs do with the AWS SDK, version 2. It is a module of its own, so that the product
// does not depend on the SDK. package clients runs it; its doc.go says what it is given and what it prints.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
)

const mib = 1 << 20

// client is the SDK's client with the bucket of this run.
type client struct {
	*s3.Client
	bucket *string
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
	defer cancel()
	c := &client{
		Client: s3.New(s3.Options{
			BaseEndpoint: aws.String(os.Getenv("AWS_ENDPOINT_URL")),
			Region:       os.Getenv("AWS_REGION"),
			Credentials:  credentials.NewStaticCredentialsProvider(os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), os.Getenv("AWS_SESSION_TOKEN")),
			UsePathStyle: true,
			// What config.LoadDefaultConfig chooses.
			RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
			ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,
		}),
		bucket: aws.String(os.Getenv("MYFSIO_BUCKET") + "-main"),
	}
	if os.Getenv("MYFSIO_LIMITED") == "1" { // see limited
		c.bucket = aws.String(os.Getenv("MYFSIO_BUCKET"))
		c.limited(ctx)
		say(map[string]any{"done": true})
		return
	}
	check("bucket", func() error { return c.makeBucket(ctx) })
	check("put and get", func() error { return c.putAndGet(ctx) })
	check("streams", func() error { return c.streams(ctx) })
	c.checksums(ctx)
	check("ranges", func() error { return c.ranges(ctx) })
	check("conditions", func() error { return c.conditions(ctx) })
	check("multipart by the manager", func() error { return c.manager(ctx) })
	check("multipart by hand", func() error { return c.multipart(ctx) })
	check("copy", func() error { return c.copies(ctx) })
	check("tags", func() error { return c.tags(ctx) })
	check("presigned", func() error { return c.presigned(ctx) })
	check("listing", func() error { return c.listing(ctx) })
	check("versions", func() error { return c.versions(ctx) })
	check("errors", func() error { return c.errors(ctx) })
	c.keys(ctx)
	check("delete", func() error { return c.deleteAll(ctx) })
	say(map[string]any{"done": true})
}

func say(line map[string]any) {
	b, err := json.Marshal(line)
	if err != nil {
		panic(err) // strings and booleans always have a form in JSON
	}
	fmt.Println(string(b))
}

func check(name string, fn func() error) {
	line := map[string]any{"name": strings.ReplaceAll(name, " ", "_"), "status": "ok"}
	if err := fn(); err != nil {
		line["status"], line["detail"] = "fail", err.Error()
		if errors.As(err, new(skip)) {
			line["status"] = "skip"
		}
	}
	say(line)
}

// skip is why a check cannot run.
type skip string

func (s skip) Error() string { return string(s) }

// body makes n bytes that depend on seed alone.
func body(seed byte, n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{seed}).Read(b)
	return b
}

// refused wants err to be an answer with this error code and status.
func refused(err error, code string, status int) error {
	var api smithy.APIError
	var resp interface{ HTTPStatusCode() int }
	switch {
	case err == nil:
		return fmt.Errorf("not refused, want %s", code)
	case !errors.As(err, &api) || !errors.As(err, &resp):
		return fmt.Errorf("want %s, got %w", code, err)
	case api.ErrorCode() != code || resp.HTTPStatusCode() != status:
		return fmt.Errorf("want %s and %d, got %s and %d", code, status, api.ErrorCode(), resp.HTTPStatusCode())
	}
	return nil
}

// want compares the body of an answer.
func want(b []byte, r io.ReadCloser, err error) error {
	if err != nil {
		return err
	}
	defer r.Close()
	got, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, b) {
		return fmt.Errorf("%d other bytes, want %d", len(got), len(b))
	}
	return nil
}

// get reads an object with its checksum, which the SDK verifies.
func (c *client) get(ctx context.Context, key string, b []byte) error {
	got, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: c.bucket, Key: &key, ChecksumMode: "ENABLED"})
	if err != nil {
		return err
	}
	return want(b, got.Body, nil)
}

// fetch sends a request without the SDK.
func fetch(method, url string, header http.Header, b []byte) (int, []byte, error) {
	req, err := http.NewRequest(method, url, bytes.NewReader(b))
	if err != nil {
		return 0, nil, err
	}
	for name, v := range header {
		if name != "Host" && name != "Content-Length" {
			req.Header[name] = v
		}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	return resp.StatusCode, got, err
}
