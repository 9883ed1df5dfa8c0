package policy

import "strings"

// Rule is a rule of the short form: what a user may do in a bucket, or in the keys of a bucket that begin with a prefix.
type Rule struct {
	Bucket  string   // in any case; "*" is every bucket
	Actions []string // groups, "*", other names of groups, names and patterns of AWS's language
	Prefix  string   // "" and "*" are all keys; a star at the end means nothing
}

// Groups returns the names of the groups of actions, those that "*" stands for.
func Groups() []string {
	return []string{
		"list", "read", "write", "delete", "create_bucket", "delete_bucket", "share", "policy", "versioning", "tagging",
		"encryption", "lifecycle", "cors", "replication", "quota", "object_lock", "notification", "logging", "website",
	}
}

// groups leads from each group to its actions: those that the table gives it, and a few that stand in two.
var groups = func() map[string]actionSet {
	m := map[string]actionSet{}
	var all actionSet
	for _, g := range Groups() {
		var set actionSet
		for a := 1; a < len(actions); a++ {
			if actions[a].group == g {
				set.add(Action(a))
			}
		}
		for _, name := range alsoIn[g] {
			set.add(Lookup(name))
		}
		m[g] = set
		all.union(set)
	}
	m["*"] = all
	return m
}()

// alsoIn are actions of a group that the table gives to another.
var alsoIn = map[string][]string{
	"list":   {"s3:ListMultipartUploadParts", "s3:ListObjectAnnotations", "s3:ListObjectVersionAnnotations"},
	"read":   {"s3:GetBucketVersioning"},
	"write":  {"s3:AbortMultipartUpload"},
	"delete": {"s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging"},
}

// groupOf leads from AWS's names to the group that they stand for in the short form. Names that stand for two groups,
// s3:GetBucketVersioning, are left out and mean themselves.
var groupOf = func() map[string]string {
	m := map[string]string{}
	for group, names := range map[string]string{
		"list":          "ListBucket ListAllMyBuckets ListBucketVersions ListMultipartUploads ListParts",
		"read":          "GetObject GetObjectVersion GetObjectTagging GetObjectVersionTagging GetObjectAcl HeadObject HeadBucket",
		"write":         "PutObject PutObjectTagging CreateMultipartUpload UploadPart CompleteMultipartUpload AbortMultipartUpload CopyObject",
		"delete":        "DeleteObject DeleteObjectVersion DeleteObjectTagging",
		"create_bucket": "CreateBucket",
		"delete_bucket": "DeleteBucket",
		"share":         "PutObjectAcl PutBucketAcl GetBucketAcl",
		"policy":        "PutBucketPolicy GetBucketPolicy DeleteBucketPolicy",
		"versioning":    "PutBucketVersioning",
		"tagging":       "GetBucketTagging PutBucketTagging DeleteBucketTagging",
		"encryption":    "GetEncryptionConfiguration PutEncryptionConfiguration DeleteEncryptionConfiguration",
		"lifecycle":     "GetLifecycleConfiguration PutLifecycleConfiguration DeleteLifecycleConfiguration GetBucketLifecycle PutBucketLifecycle",
		"cors":          "GetBucketCors PutBucketCors DeleteBucketCors",
		"replication":   "GetReplicationConfiguration PutReplicationConfiguration DeleteReplicationConfiguration ReplicateObject ReplicateTags ReplicateDelete",
		"quota":         "GetBucketQuota PutBucketQuota DeleteBucketQuota",
		"object_lock":   "GetObjectLockConfiguration PutObjectLockConfiguration PutObjectRetention GetObjectRetention PutObjectLegalHold GetObjectLegalHold",
		"notification":  "GetBucketNotificationConfiguration PutBucketNotificationConfiguration DeleteBucketNotificationConfiguration",
		"logging":       "GetBucketLogging PutBucketLogging DeleteBucketLogging",
		"website":       "GetBucketWebsite PutBucketWebsite DeleteBucketWebsite",
	} {
		for _, name := range strings.Fields(names) {
			m["s3:"+strings.ToLower(name)] = group
		}
	}
	return m
}()

// word returns what a word of a rule's actions grants; nothing for an unknown one.
func word(w string) actionSet {
	w = strings.ToLower(strings.TrimSpace(w))
	if group, ok := groupOf[w]; ok {
		w = group
	}
	if set, ok := groups[w]; ok {
		return set
	}
	if w == "iam:*" || w == "kms:*" || strings.HasPrefix(w, "s3:") || strings.HasPrefix(w, "iam:") || strings.HasPrefix(w, "kms:") {
		return matching(w)
	}
	return actionSet{}
}

// Unknown returns the words of the rule's actions that grant nothing, because there is no such action.
func (r Rule) Unknown() []string {
	var list []string
	for _, w := range r.Actions {
		if set := word(w); set.empty() {
			list = append(list, w)
		}
	}
	return list
}

// statement compiles the i-th rule.
func (r Rule) statement(i int) statement {
	s := statement{rule: i, index: -1, document: -1, bucket: strings.ToLower(strings.TrimSpace(r.Bucket)), prefix: strings.TrimSuffix(r.Prefix, "*")}
	for _, w := range r.Actions {
		s.actions.union(word(w))
	}
	if s.bucket != "*" || s.prefix != "" {
		// Administration has no bucket: a rule about some grants none of it.
		for a := 1; a < len(actions); a++ {
			if service := Action(a).service(); service == "iam" || service == "kms" {
				s.actions.remove(Action(a))
			}
		}
	}
	return s
}

// Compile makes the one policy of a user of rules of the short form and documents of kind User, which Parse returned. A
// nil document is passed over, and so keeps the numbers of the others.
func Compile(rules []Rule, docs []*Policy) *Policy {
	p := &Policy{}
	for i, r := range rules {
		if s := r.statement(i); !s.actions.empty() {
			p.statements = append(p.statements, s)
		}
	}
	for i, doc := range docs {
		if doc == nil {
			continue
		}
		for _, s := range doc.statements {
			s.document = i
			p.statements = append(p.statements, s)
		}
	}
	p.sort()
	return p
}
