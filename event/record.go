package event

import (
	"time"

	"myfsio/jsondoc"
)

// timeFormat is that of times in records.
const timeFormat = "2006-01-02T15:04:05.000Z"

// The JSON of records, in the order that AWS writes it.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
type (
	body struct {
		Records [1]record `json:"Records"`
	}
	record struct {
		Version  string   `json:"eventVersion"`
		Source   string   `json:"eventSource"`
		Region   string   `json:"awsRegion"`
		Time     string   `json:"eventTime"`
		Name     string   `json:"eventName"`
		User     identity `json:"userIdentity"`
		Request  request  `json:"requestParameters"`
		Response response `json:"responseElements"`
		S3       s3       `json:"s3"`
	}
	identity struct {
		Principal string `json:"principalId"`
	}
	request struct {
		SourceIP string `json:"sourceIPAddress"`
	}
	response struct {
		RequestID string `json:"x-amz-request-id"`
		HostID    string `json:"x-amz-id-2"`
	}
	s3 struct {
		Version string `json:"s3SchemaVersion"`
		Rule    string `json:"configurationId"`
		Bucket  bucket `json:"bucket"`
		Object  object `json:"object"`
	}
	bucket struct {
		Name  string   `json:"name"`
		Owner identity `json:"ownerIdentity"`
		ARN   string   `json:"arn"`
	}
	object struct {
		Key       string `json:"key"`
		Size      *int64 `json:"size,omitempty"`
		ETag      string `json:"eTag,omitempty"`
		VersionID string `json:"versionId,omitempty"`
		Sequencer string `json:"sequencer"`
	}
)

// JSON returns what a receiver gets for a change that matched the rule of that id: {"Records": […]} with one record. The size is that
// of what was created; a removed object has none.
func (c *Change) JSON(rule string) []byte {
	o := object{Key: escapeKey(c.Key), ETag: c.ETag, VersionID: c.VersionID, Sequencer: c.Sequencer}
	switch c.Type {
	case CreatedPut, CreatedPost, CreatedCopy, CreatedMultipart:
		o.Size = &c.Size
	}
	b, err := jsondoc.Encode(&body{[1]record{{
		Version: "2.1", Source: "myfsio:s3", Region: c.Region, Time: formatTime(c.Time), Name: c.Type.String(),
		User: identity{c.Principal}, Request: request{c.SourceIP}, Response: response{c.RequestID, c.HostID},
		S3: s3{Version: "1.0", Rule: rule, Bucket: bucket{c.Bucket, identity{c.BucketOwner}, "arn:aws:s3:::" + c.Bucket}, Object: o},
	}}})
	if err != nil {
		panic(err) // strings and a number alone
	}
	return b
}

// TestMessage returns what a receiver gets when a configuration that names it is set, as AWS sends it.
func TestMessage(bucket, requestID, hostID string, at time.Time) []byte {
	b, err := jsondoc.Encode(&struct {
		Service   string
		Event     string
		Time      string
		Bucket    string
		RequestID string `json:"RequestId"`
		HostID    string `json:"HostId"`
	}{"MyFSIO", "s3:TestEvent", formatTime(at), bucket, requestID, hostID})
	if err != nil {
		panic(err) // strings alone
	}
	return b
}

func formatTime(t time.Time) string { return t.UTC().Format(timeFormat) }

// escapeKey writes a key as records have it: like a form does, but for / which stands for itself.
func escapeKey(key string) string {
	const hex = "0123456789ABCDEF"
	out := make([]byte, 0, len(key)+16)
	for i := range len(key) {
		switch c := key[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.', c == '*', c == '/':
			out = append(out, c)
		case c == ' ':
			out = append(out, '+')
		default:
			out = append(out, '%', hex[c>>4], hex[c&15])
		}
	}
	return string(out)
}
