package access

import (
	"myfsio/acl"
	"myfsio/iam/policy"
)

// rights are what a list must grant for an action, on the bucket or on the object.
type rights struct{ bucket, object acl.Permission }

// byAction is the table of https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#permissions, with one
// addition: who may write to a bucket may also delete and abort there, as public-read-write always meant.
var byAction = table(map[string]rights{
	"s3:ListBucket":                 {bucket: acl.Read},
	"s3:ListBucketVersions":         {bucket: acl.Read},
	"s3:ListBucketMultipartUploads": {bucket: acl.Read},
	"s3:PutObject":                  {bucket: acl.Write},
	"s3:DeleteObject":               {bucket: acl.Write},
	"s3:AbortMultipartUpload":       {bucket: acl.Write},
	"s3:ListMultipartUploadParts":   {bucket: acl.Write},
	"s3:GetBucketAcl":               {bucket: acl.ReadACP},
	"s3:PutBucketAcl":               {bucket: acl.WriteACP},
	"s3:GetObject":                  {object: acl.Read},
	"s3:GetObjectVersion":           {object: acl.Read},
	"s3:GetObjectAttributes":        {object: acl.Read},
	"s3:GetObjectVersionAttributes": {object: acl.Read},
	"s3:GetObjectAcl":               {object: acl.ReadACP},
	"s3:GetObjectVersionAcl":        {object: acl.ReadACP},
	"s3:PutObjectAcl":               {object: acl.WriteACP},
	"s3:PutObjectVersionAcl":        {object: acl.WriteACP},
})

func table(names map[string]rights) map[policy.Action]rights {
	t := make(map[policy.Action]rights, len(names))
	for name, r := range names {
		t[policy.Lookup(name)] = r
	}
	return t
}

// needs returns what a list must grant for an action; the zero value: no list grants it.
func needs(a policy.Action) rights { return byAction[a] }

var (
	actCreateBucket = policy.Lookup("s3:CreateBucket")
	policyActions   = set("s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy", "s3:GetBucketPolicyStatus")
	actGetQuota     = policy.Lookup("s3:GetBucketQuota")
	actListUsers    = policy.Lookup("iam:list_users")
	quotaActions    = set("s3:PutBucketQuota", "s3:DeleteBucketQuota")
)

func set(names ...string) map[policy.Action]bool {
	m := map[policy.Action]bool{}
	for _, n := range names {
		m[policy.Lookup(n)] = true
	}
	return m
}

// mendsPolicy reports whether an action is about the bucket's policy itself.
func mendsPolicy(a policy.Action) bool { return policyActions[a] }

// aboutQuota reports whether an action is about what a bucket may hold.
func aboutQuota(a policy.Action) bool { return a == actGetQuota || setsQuota(a) }

// setsQuota reports whether an action changes what a bucket may hold.
func setsQuota(a policy.Action) bool { return quotaActions[a] }
