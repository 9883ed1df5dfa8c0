package load

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"html"
	"strconv"
)

const multipartParts = 8 // of partSize: 64 MiB

func multipart() *Item {
	return &Item{
		Name: "multipart-64m-c4", Note: "create, 8 parts of 8 MiB one after another, complete", Unit: MiBPerSecond, Clients: 4,
		PerOp: multipartParts * partSize / mib, Stored: multipartParts * partSize, Syncs: true, Cold: true,
		Begin: func(ctx context.Context, e *Env) (*Job, error) {
			bucket, err := e.freshBucket("multipart")
			body := e.body(partSize)
			return &Job{
				Limit: maxMultiparts,
				Op: func(c *Client, n int64) error {
					u, err := e.createUpload(c, bucket, objectKey(int(n)))
					if err != nil {
						return err
					}
					for p := range multipartParts {
						if err := u.part(c, p+1, body); err != nil {
							return err
						}
					}
					return u.complete(c)
				},
				Done: func(ctx context.Context, ops int64) error { return e.remove(ctx, bucket, int(ops), objectKey) },
			}, err
		},
	}
}

func complete(s Sizes) *Item {
	return &Item{
		Name: fmt.Sprintf("complete-%dx%dm", s.CompleteParts, s.CompletePart/mib), Note: "CompleteMultipartUpload alone; the parts are sent before",
		Unit: Millis, Clients: 1, Stored: int64(s.CompleteParts) * int64(s.CompletePart), Cold: true,
		Begin: func(ctx context.Context, e *Env) (*Job, error) {
			bucket, err := e.freshBucket("complete")
			body := e.body(s.CompletePart)
			return &Job{
				Limit: 1,
				Op: func(c *Client, n int64) error {
					u, err := e.createUpload(c, bucket, objectKey(int(n)))
					if err != nil {
						return err
					}
					for p := range s.CompleteParts {
						if err := u.part(c, p+1, body); err != nil {
							return err
						}
					}
					c.Start()
					err = u.complete(c)
					c.Pause()
					return err
				},
				Done: func(ctx context.Context, ops int64) error { return e.remove(ctx, bucket, int(ops), objectKey) },
			}, err
		},
	}
}

// upload is one multipart upload of one client.
type upload struct {
	env         *Env
	bucket, key string
	id          string
	etags       []string
}

func (e *Env) createUpload(c *Client, bucket, key string, headers ...Header) (*upload, error) {
	text, err := c.Text(&Request{Method: "POST", Path: "/" + bucket + "/" + key, Query: "uploads=", Headers: headers}, nil, 200)
	if err != nil {
		return nil, err
	}
	id, ok := element(text, "UploadId")
	if !ok || id == "" {
		return nil, errors.New("no UploadId in the answer")
	}
	return &upload{env: e, bucket: bucket, key: key, id: id}, nil
}

func (u *upload) part(c *Client, number int, body *Body) error {
	query := "partNumber=" + strconv.Itoa(number) + "&uploadId=" + escape(u.id)
	resp, err := c.Do(u.env.putRequest(u.bucket, u.key, query, body), body.Bytes, 200)
	if err == nil && resp.ETag == "" {
		err = errors.New("no ETag for a part")
	}
	u.etags = append(u.etags, resp.ETag)
	return err
}

func (u *upload) complete(c *Client) error {
	var b bytes.Buffer
	b.WriteString("<CompleteMultipartUpload>")
	for i, etag := range u.etags {
		fmt.Fprintf(&b, "<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part>", i+1, html.EscapeString(etag))
	}
	b.WriteString("</CompleteMultipartUpload>")
	sum := sha256.Sum256(b.Bytes())
	r := u.env.putRequest(u.bucket, u.key, "uploadId="+escape(u.id), &Body{SHA256: hex.EncodeToString(sum[:])})
	r.Method = "POST"
	text, err := c.Text(r, b.Bytes(), 200)
	if err == nil && !bytes.Contains(text, []byte("<CompleteMultipartUploadResult")) {
		err = fmt.Errorf("complete failed under status 200: %.300s", text)
	}
	return err
}

// element returns the text of the first element of that name, unescaped. It is no
// XML parser: it serves documents whose shape is known.
func element(doc []byte, name string) (string, bool) {
	_, rest, ok := bytes.Cut(doc, []byte("<"+name+">"))
	if !ok {
		return "", false
	}
	text, _, ok := bytes.Cut(rest, []byte("</"+name+">"))
	return html.UnescapeString(string(text)), ok
}
