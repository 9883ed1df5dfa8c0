package access

import (
	"slices"
	"strings"
)

// The model decides who may do what, from what the documentation promises and by the tables of people and buckets alone.

// words are the rights behind each word of a user policy, as far as an operation needs them.
var words = map[string]string{
	"list": "s3:ListAllMyBuckets s3:ListBucket s3:ListBucketVersions s3:ListBucketMultipartUploads s3:ListMultipartUploadParts s3:GetBucketLocation " +
		"s3:ListObjectAnnotations s3:ListObjectVersionAnnotations s3:GetAnalyticsConfiguration s3:GetInventoryConfiguration s3:GetMetricsConfiguration s3express:ListAllMyDirectoryBuckets",
	"read": "s3:GetObject s3:GetObjectVersion s3:GetObjectTagging s3:GetObjectVersionTagging s3:GetObjectAcl s3:GetObjectVersionAcl s3:GetObjectAttributes " +
		"s3:GetObjectAnnotation s3:GetObjectVersionAnnotation s3:ListObjectAnnotations s3:ListObjectVersionAnnotations s3:GetObjectVersionAttributes s3:GetObjectTorrent s3:GetObjectVersionTorrent s3:ListMultipartUploadParts s3:GetBucketVersioning s3express:CreateSession",
	"write": "s3:PutObject s3:PutObjectAnnotation s3:PutObjectVersionAnnotation s3:PutObjectTagging s3:PutObjectVersionTagging s3:DeleteObjectTagging s3:DeleteObjectVersionTagging s3:RestoreObject " +
		"s3:AbortMultipartUpload s3-object-lambda:WriteGetObjectResponse",
	"delete": "s3:DeleteObject s3:DeleteObjectVersion s3:DeleteObjectAnnotation s3:DeleteObjectVersionAnnotation s3:DeleteObjectTagging s3:DeleteObjectVersionTagging s3:AbortMultipartUpload",
	"share": "s3:PutObjectAcl s3:PutObjectVersionAcl s3:PutBucketAcl s3:GetBucketAcl s3:GetBucketOwnershipControls s3:PutBucketOwnershipControls " +
		"s3:GetAccelerateConfiguration s3:PutAccelerateConfiguration s3:GetBucketRequestPayment s3:PutBucketRequestPayment s3:PutAnalyticsConfiguration " +
		"s3:PutInventoryConfiguration s3:PutMetricsConfiguration s3:CreateBucketMetadataTableConfiguration s3:GetBucketMetadataTableConfiguration " +
		"s3:DeleteBucketMetadataTableConfiguration s3:UpdateBucketMetadataAnnotationTableConfiguration s3:UpdateBucketMetadataInventoryTableConfiguration s3:UpdateBucketMetadataJournalTableConfiguration",
	"policy":        "s3:GetBucketPolicy s3:PutBucketPolicy s3:DeleteBucketPolicy s3:GetBucketPolicyStatus s3:GetBucketPublicAccessBlock s3:PutBucketPublicAccessBlock",
	"create_bucket": "s3:CreateBucket",
	"delete_bucket": "s3:DeleteBucket",
	"versioning":    "s3:GetBucketVersioning s3:PutBucketVersioning",
	"tagging":       "s3:GetBucketTagging s3:PutBucketTagging s3:GetBucketAbac s3:PutBucketAbac",
	"encryption":    "s3:GetEncryptionConfiguration s3:PutEncryptionConfiguration s3:UpdateObjectEncryption",
	"lifecycle": "s3:GetLifecycleConfiguration s3:PutLifecycleConfiguration s3:GetIntelligentTieringConfiguration " +
		"s3:PutIntelligentTieringConfiguration",
	"cors":        "s3:GetBucketCORS s3:PutBucketCORS",
	"replication": "s3:GetReplicationConfiguration s3:PutReplicationConfiguration",
	"quota":       "s3:GetBucketQuota s3:PutBucketQuota",
	"object_lock": "s3:GetBucketObjectLockConfiguration s3:PutBucketObjectLockConfiguration s3:GetObjectRetention s3:PutObjectRetention " +
		"s3:GetObjectLegalHold s3:PutObjectLegalHold",
	"notification": "s3:GetBucketNotification s3:PutBucketNotification",
	"logging":      "s3:GetBucketLogging s3:PutBucketLogging",
	"website":      "s3:GetBucketWebsite s3:PutBucketWebsite s3:DeleteBucketWebsite",
}

// grants reports whether a list of words gives a right.
func grants(list, action string) bool {
	return slices.ContainsFunc(strings.Fields(list), func(word string) bool { return slices.Contains(strings.Fields(words[word]), action) })
}

// onObject reports whether a right is one to an object.
func onObject(action string) bool {
	switch action {
	case "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts":
		return true
	}
	return strings.Contains(action, "Object") && !strings.Contains(action, "BucketObjectLock") && !strings.HasPrefix(action, "s3-object-lambda")
}

// need is a right that an operation needs somewhere.
type need struct {
	action string
	place         // whose directory is where the key lies
	absent bool   // there is no such object
	lists  bool   // it is the right to list keys
	prefix string // those that begin so
}

// may decides about an operation: it needs every right.
func (m model) may(p person, s *shape, pl place) bool {
	if s.shares && pl.blocked {
		return false // no new public lists
	}
	return !slices.ContainsFunc(s.rights(pl), func(n need) bool { return !m.right(p, n) })
}

// model is the rules, in the strict form when strict.
type model struct{ strict bool }

func (m model) right(p person, n need) bool {
	owner := p.user == n.owner
	byRules := byRules(rulesOf(p.user), n)
	switch {
	case !p.keepsRight(n.action):
		return false
	case n.action == "s3:ListAllMyBuckets" || n.action == "s3express:ListAllMyDirectoryBuckets":
		return !p.anonymous() // everyone sees his own
	case n.action == "s3:CreateBucket":
		return byRules // nobody owns what is not there yet
	case n.closed && strings.HasPrefix(n.action, "s3:"):
		return mends(n.action) && (owner || p.user == "admin")
	case byRules:
		return true
	case n.written && reads(n.action) && !n.absent:
		return p.user == "carol" && !m.strict // as the list says, which the bucket's owner is not in
	case owner:
		return n.action != "s3:PutBucketQuota"
	case m.strict && !p.anonymous():
		return false
	}
	return m.open(p, n)
}

// open reports whether a bucket gives a right to everyone.
func (m model) open(p person, n need) bool {
	switch {
	case n.public && (n.action == "s3:ListBucket" || n.action == "s3:GetObject") && !(n.blocked && p.anonymous()):
		return true
	case !n.listed || n.blocked:
		return false
	}
	return reads(n.action) || slices.Contains([]string{"s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"}, n.action)
}

// reads reports whether READ in the list of an object gives a right.
func reads(action string) bool {
	return slices.Contains([]string{"s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectAttributes", "s3:GetObjectVersionAttributes"}, action)
}

func byRules(list []rule, n need) bool {
	return slices.ContainsFunc(list, func(r rule) bool {
		switch {
		case r.bucket != "*" && r.bucket != n.name || !grants(r.words, n.action):
			return false
		case onObject(n.action):
			return strings.HasPrefix(n.dir, r.prefix)
		case n.lists:
			return strings.HasPrefix(n.prefix, r.prefix)
		}
		return true // what is about the whole bucket is not bounded
	})
}

// keepsRight reports whether a session is not narrowed below a right. Without a session policy nothing is.
func (p person) keepsRight(action string) bool {
	if p.keeps == nil || strings.HasPrefix(action, "s3") && strings.HasSuffix(action, "Buckets") {
		return true // the list of buckets shows what may be seen, at least nothing
	}
	return slices.ContainsFunc(p.keeps, func(k string) bool {
		stem, open := strings.CutSuffix(k, "*")
		return action == k || open && strings.HasPrefix(action, stem)
	})
}

// aboutQuota reports whether a right is about what a bucket may hold. Who administers users has it; a bucket's policy cannot give the one to
// set it, as the bucket's owner writes that.
func aboutQuota(action string) bool {
	return action == "s3:GetBucketQuota" || action == "s3:PutBucketQuota"
}

// mends reports whether a right is about the bucket's policy: its owner and administrators always have it.
func mends(action string) bool {
	switch action {
	case "s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy", "s3:GetBucketPolicyStatus":
		return true
	}
	return false
}
