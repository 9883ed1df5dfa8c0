package policy

import (
	"slices"
	"strings"
	"testing"
)

// contract is the table of groups and AWS's names in the documentation of 0.4.
var contract = map[string]string{
	"list":          "s3:ListBucket, s3:ListAllMyBuckets, s3:ListBucketVersions, s3:ListMultipartUploads, s3:ListParts",
	"read":          "s3:GetObject, s3:GetObjectVersion, s3:GetObjectTagging, s3:GetObjectVersionTagging, s3:GetObjectAcl, s3:GetBucketVersioning, s3:HeadObject, s3:HeadBucket",
	"write":         "s3:PutObject, s3:PutObjectTagging, s3:CreateMultipartUpload, s3:UploadPart, s3:CompleteMultipartUpload, s3:AbortMultipartUpload, s3:CopyObject",
	"delete":        "s3:DeleteObject, s3:DeleteObjectVersion, s3:DeleteObjectTagging",
	"create_bucket": "s3:CreateBucket",
	"delete_bucket": "s3:DeleteBucket",
	"share":         "s3:PutObjectAcl, s3:PutBucketAcl, s3:GetBucketAcl",
	"policy":        "s3:PutBucketPolicy, s3:GetBucketPolicy, s3:DeleteBucketPolicy",
	"versioning":    "s3:GetBucketVersioning, s3:PutBucketVersioning",
	"tagging":       "s3:GetBucketTagging, s3:PutBucketTagging, s3:DeleteBucketTagging",
	"encryption":    "s3:GetEncryptionConfiguration, s3:PutEncryptionConfiguration, s3:DeleteEncryptionConfiguration",
	"lifecycle":     "s3:GetLifecycleConfiguration, s3:PutLifecycleConfiguration, s3:DeleteLifecycleConfiguration, s3:GetBucketLifecycle, s3:PutBucketLifecycle",
	"cors":          "s3:GetBucketCors, s3:PutBucketCors, s3:DeleteBucketCors",
	"replication":   "s3:GetReplicationConfiguration, s3:PutReplicationConfiguration, s3:DeleteReplicationConfiguration, s3:ReplicateObject, s3:ReplicateTags, s3:ReplicateDelete",
	"quota":         "s3:GetBucketQuota, s3:PutBucketQuota, s3:DeleteBucketQuota",
	"object_lock":   "s3:GetObjectLockConfiguration, s3:PutObjectLockConfiguration, s3:PutObjectRetention, s3:GetObjectRetention, s3:PutObjectLegalHold, s3:GetObjectLegalHold",
	"notification":  "s3:GetBucketNotificationConfiguration, s3:PutBucketNotificationConfiguration, s3:DeleteBucketNotificationConfiguration",
	"logging":       "s3:GetBucketLogging, s3:PutBucketLogging, s3:DeleteBucketLogging",
	"website":       "s3:GetBucketWebsite, s3:PutBucketWebsite, s3:DeleteBucketWebsite",
}

// granted returns the names of the actions that a word of a rule grants.
func granted(w string) []string {
	set := word(w)
	var list []string
	for _, a := range Actions() {
		if set.has(a) {
			list = append(list, a.String())
		}
	}
	return list
}

func TestGroups(t *testing.T) {
	if len(Groups()) != 19 || len(contract) != 19 {
		t.Fatalf("there are %d groups, and %d in the contract", len(Groups()), len(contract))
	}
	var all []string
	for _, g := range Groups() {
		members := granted(g)
		all = append(all, members...)
		for _, name := range strings.Split(contract[g], ", ") {
			a := Lookup(name)
			if name == "s3:HeadBucket" {
				// Its right is s3:ListBucket, which list grants; the name stands for read all the same.
				if got := granted(name); !slices.Equal(got, members) {
					t.Errorf("%s grants %v, not all of %s", name, got, g)
				}
				continue
			}
			if !slices.Contains(members, a.String()) {
				t.Errorf("%s does not grant %s", g, name)
			}
			want := members
			if name == "s3:GetBucketVersioning" {
				want = []string{name}
			}
			if got := granted(strings.ToUpper(name)); !slices.Equal(got, want) {
				t.Errorf("%s grants %v, want %v", name, got, want)
			}
		}
	}
	slices.Sort(all)
	star := granted("*")
	slices.Sort(star)
	if all = slices.Compact(all); !slices.Equal(all, star) {
		t.Errorf("* grants %v, the groups %v", star, all)
	}
	for _, name := range star {
		if !strings.HasPrefix(name, "s3") || name == "s3:BypassGovernanceRetention" {
			t.Errorf("* grants %s", name)
		}
	}
}

func TestGroupOfEveryAction(t *testing.T) {
	for _, a := range Actions() {
		if g := a.Short(); g != "" && !slices.Contains(granted(g), a.String()) {
			t.Errorf("%s is of the group %s, which does not grant it", a, g)
		}
	}
}

func TestWords(t *testing.T) {
	for _, c := range []struct {
		word string
		want []string
	}{
		{"READ", granted("read")},
		{" read ", granted("read")},
		{"s3:GetBucketLocation", []string{"s3:GetBucketLocation"}},
		{"s3:getbucketlocation", []string{"s3:GetBucketLocation"}},
		{"s3:GetObjectAttributes", []string{"s3:GetObjectAttributes"}},
		{"s3:DeleteBucket?*", []string{"s3:DeleteBucketMetadataTableConfiguration", "s3:DeleteBucketPolicy", "s3:DeleteBucketWebsite"}},
		{"s3:BypassGovernanceRetention", []string{"s3:BypassGovernanceRetention"}},
		{"iam:list_users", []string{"iam:list_users"}},
		{"iam:ListUsers", []string{"iam:list_users"}},
		{"IAM:LISTUSERS", []string{"iam:list_users"}},
		{"iam:PutUserPolicy", []string{"iam:update_policy"}},
		{"iam:Get*", []string{"iam:get_user", "iam:get_policy"}},
		{"s3:nothing", nil},
		{"reed", nil},
		{"", nil},
		{"*:*", nil},
		{"?", nil},
		{"i*", nil},
		{"ec2:*", nil},
		{"iam:?", nil},
	} {
		if got := granted(c.word); !slices.Equal(got, c.want) {
			t.Errorf("%q grants %v, want %v", c.word, got, c.want)
		}
	}
	if got := (Rule{Actions: []string{"read", "reed", "s3:Get*", "s3:Gat*"}}).Unknown(); !slices.Equal(got, []string{"reed", "s3:Gat*"}) {
		t.Errorf("unknown words: %v", got)
	}
	if got := len(granted("iam:*")); got != 11 {
		t.Errorf("iam:* grants %d actions", got)
	}
}

func TestRules(t *testing.T) {
	everything := append([]string{"iam:*"}, Groups()...)
	for _, c := range []struct {
		name string
		rule Rule
		yes  []string
		no   []string
	}{
		{"an administrator", Rule{Bucket: "*", Actions: everything},
			[]string{"GetObject a/k", "DeleteBucket a", "iam:create_user -", "iam:* -", "ListAllMyBuckets -"}, []string{"kms:Encrypt -", "BypassGovernanceRetention a/k"}},
		{"all groups are not administration", Rule{Bucket: "*", Actions: []string{"*"}},
			[]string{"GetObject a/k", "DeleteBucket a", "PutBucketQuota a", "ListAllMyBuckets -"}, []string{"iam:create_user -", "iam:* -", "kms:* -"}},
		{"a reader", Rule{Bucket: "*", Actions: []string{"list", "read"}},
			[]string{"GetObject a/k", "ListBucket a", "GetObjectVersion a/k", "GetBucketLocation a", "ListMultipartUploadParts a/k"}, []string{"PutObject a/k", "DeleteObject a/k", "CreateBucket a"}},
		{"one bucket", Rule{Bucket: "user-bucket", Actions: []string{"list", "read", "write", "delete"}},
			[]string{"GetObject user-bucket/k", "ListBucket user-bucket", "AbortMultipartUpload user-bucket/k", "PutObject user-bucket/k"},
			[]string{"GetObject other/k", "ListBucket user-bucket2", "ListAllMyBuckets -", "PutBucketVersioning user-bucket"}},
		{"the name of a bucket has no case", Rule{Bucket: "User-Bucket", Actions: []string{"read"}},
			[]string{"GetObject user-bucket/k"}, nil},
		{"a folder", Rule{Bucket: "shared-data", Actions: []string{"list", "read", "write", "delete"}, Prefix: "team-a/"},
			[]string{"GetObject shared-data/team-a/k", "PutObject shared-data/team-a/", "ListBucket shared-data q:prefix=team-a/", "ListBucket shared-data q:prefix=team-a/x", "ListBucket shared-data", "GetBucketLocation shared-data"},
			[]string{"GetObject shared-data/team-b/k", "GetObject shared-data/team-a", "ListBucket shared-data q:prefix=team-b/", "ListBucket shared-data q:prefix=\"\"", "ListBucketVersions shared-data q:prefix=team", "GetObject shared-data"}},
		{"a star behind the prefix", Rule{Bucket: "b", Actions: []string{"read"}, Prefix: "team-a/*"},
			[]string{"GetObject b/team-a/k"}, []string{"GetObject b/team-b/k"}},
		{"a star for a prefix", Rule{Bucket: "b", Actions: []string{"read"}, Prefix: "*"},
			[]string{"GetObject b/k"}, nil},
		{"a star within the prefix is a star", Rule{Bucket: "b", Actions: []string{"read"}, Prefix: "a*/b"},
			[]string{"GetObject b/a*/bc"}, []string{"GetObject b/ax/b"}},
		{"administration of users", Rule{Bucket: "*", Actions: []string{"iam:list_users", "iam:CreateUser"}},
			[]string{"iam:list_users -", "iam:create_user -"}, []string{"iam:delete_user -", "iam:* -", "GetObject a/k"}},
		{"administration in one bucket is none", Rule{Bucket: "b", Actions: []string{"iam:*", "kms:*"}},
			nil, []string{"iam:list_users -", "iam:* -", "kms:Encrypt -"}},
		{"administration below a prefix is none", Rule{Bucket: "*", Actions: []string{"iam:*"}, Prefix: "a"},
			nil, []string{"iam:list_users -", "iam:* -"}},
		{"keys", Rule{Bucket: "*", Actions: []string{"kms:*"}},
			[]string{"kms:Encrypt -", "kms:* -"}, []string{"iam:* -", "GetObject a/k"}},
		{"AWS's names are their groups", Rule{Bucket: "my-bucket", Actions: []string{"s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"}},
			[]string{"GetObjectTagging my-bucket/k", "ListBucketVersions my-bucket", "PutObjectTagging my-bucket/k", "DeleteObjectVersion my-bucket/k"}, []string{"PutBucketPolicy my-bucket"}},
		{"AWS's patterns are patterns", Rule{Bucket: "b", Actions: []string{"s3:Get*"}, Prefix: "a/"},
			[]string{"GetObject b/a/k", "GetBucketPolicy b"}, []string{"GetObject b/k", "ListBucket b"}},
		{"nothing", Rule{Bucket: "*", Actions: []string{"reed", ""}}, nil, []string{"GetObject a/k"}},
		{"no bucket", Rule{Bucket: "", Actions: []string{"read"}}, nil, []string{"GetObject a/k"}},
	} {
		p := Compile([]Rule{{Bucket: "unrelated", Actions: []string{"*"}}, c.rule}, nil)
		for _, line := range c.yes {
			if v := p.Eval(ask(t, line+" user=bob")); v.Decision != Allow || v.Rule != 1 || v.Document != -1 || v.Statement != -1 {
				t.Errorf("%s: %s: %+v", c.name, line, v)
			}
		}
		for _, line := range c.no {
			if v := p.Eval(ask(t, line+" user=bob")); v.Decision != Silent {
				t.Errorf("%s: %s: %+v", c.name, line, v)
			}
		}
	}
}

func TestCompile(t *testing.T) {
	parse := func(doc string) *Policy {
		p, err := Parse([]byte(doc), User, "")
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := Compile([]Rule{{Bucket: "*", Actions: []string{"read", "write"}}}, []*Policy{
		parse(`{"Statement": {"Effect": "Allow", "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::a/*"}}`),
		nil,
		parse(`{"Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}, {"Sid": "NoSecrets", "Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::*/secret/*"}]}`),
	})
	for line, want := range map[string]string{
		"GetObject a/k":           "allowed by rule 1",
		"DeleteObject a/k":        "allowed by statement 1 of document 1",
		"ListBucket a":            "allowed by statement 1 of document 3",
		"GetObject a/secret/k":    `denied by statement 2 ("NoSecrets") of document 3`,
		"DeleteObject b/k":        "no statement matches",
		"DeleteObject a/secret/k": `denied by statement 2 ("NoSecrets") of document 3`,
	} {
		if got := p.Eval(ask(t, line+" user=bob")).String(); got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
	if v := Compile(nil, nil).Eval(ask(t, "GetObject a/k")); v.Decision != Silent {
		t.Error(v)
	}
	var none *Policy
	if v := none.Eval(ask(t, "GetObject a/k")); v.Decision != Silent || v.Statement != -1 {
		t.Error(v)
	}
	if v := p.Eval(&Request{Action: 999, Bucket: "a", Key: "k"}); v.Decision != Silent {
		t.Error(v)
	}
}
