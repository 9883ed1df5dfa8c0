package adminapi

import (
	"context"

	"myfsio/object"
)

// preset is a bucket policy that is ready to be put. The document is null where there is none to put: private removes
// the policy, custom is what a person writes.
type preset struct {
	Name        string          `json:"name"`
	Description string          `json:"description"`
	Document    *presetDocument `json:"document"`
}

type presetDocument struct {
	Version   string            `json:"Version"`
	Statement []presetStatement `json:"Statement"`
}

type presetStatement struct {
	Sid       string   `json:"Sid"`
	Effect    string   `json:"Effect"`
	Principal string   `json:"Principal"`
	Action    []string `json:"Action"`
	Resource  []string `json:"Resource"`
}

func presets(_ *Handler, _ context.Context, c *call) (answer, error) {
	bucket := c.query.Get("bucket")
	if err := object.CheckBucketName(bucket); err != nil {
		return answer{}, err
	}
	arn := "arn:aws:s3:::" + bucket
	public := &presetDocument{Version: "2012-10-17", Statement: []presetStatement{
		{"PublicList", "Allow", "*", []string{"s3:ListBucket"}, []string{arn}},
		{"PublicRead", "Allow", "*", []string{"s3:GetObject"}, []string{arn + "/*"}},
	}}
	return answer{body: map[string]any{"bucket": bucket, "presets": []preset{
		{"Private", "No bucket policy: the owner, and users whose own policies or the lists say so.", nil},
		{"Public", "Everyone may list the bucket and read its objects without credentials.", public},
		{"Custom", "A policy of your own.", nil},
	}}}, nil
}
