package policy

import "strings"

// Action is an action of the table of actions; 0 is none.
type Action uint16

// Scope is what an action acts on.
type Scope uint8

// The scopes.
const (
	ServiceScope Scope = iota // no bucket
	BucketScope
	ObjectScope
)

// action is a row of the table of actions.
type action struct {
	name  string // the one name that wildcards are matched with
	scope Scope
	group string // of the short form; "" is none
}

// Lookup returns the action of a name, in any case, or of another name that the table of names has for it. It is 0 for
// an unknown name and for a pattern; "iam:*" and "kms:*" are actions of their own: the right to do all of it.
func Lookup(name string) Action { return names[strings.ToLower(name)] }

// Actions returns all actions, in the order of the table.
func Actions() []Action {
	all := make([]Action, 0, len(actions)-1)
	for a := 1; a < len(actions); a++ {
		all = append(all, Action(a))
	}
	return all
}

// String returns the name, "" for none.
func (a Action) String() string { return a.row().name }

// Short returns the group of the short form that grants the action before all others ("read"), or its name in the short
// form ("iam:create_user"). It is "" when no group does.
func (a Action) Short() string { return a.row().group }

// Scope returns what the action acts on.
func (a Action) Scope() Scope { return a.row().scope }

func (a Action) row() *action {
	if int(a) >= len(actions) {
		return &actions[0]
	}
	return &actions[a]
}

// service returns the part of the name before the colon.
func (a Action) service() string {
	s, _, _ := strings.Cut(a.row().name, ":")
	return s
}

// actionSet is a set of actions, a bit for each.
type actionSet [4]uint64

// The table must fit.
var _ = [len(actionSet{})*64 - len(actions)]struct{}{}

func (s *actionSet) has(a Action) bool { return a < 256 && s[a>>6]&(1<<(a&63)) != 0 }
func (s *actionSet) add(a Action)      { s[a>>6] |= 1 << (a & 63) }
func (s *actionSet) remove(a Action)   { s[a>>6] &^= 1 << (a & 63) }
func (s *actionSet) empty() bool       { return *s == actionSet{} }

func (s *actionSet) union(t actionSet) {
	for i := range s {
		s[i] |= t[i]
	}
}

// inverse returns all actions that are not in s.
func (s *actionSet) inverse() actionSet {
	var t actionSet
	for a := 1; a < len(actions); a++ {
		if !s.has(Action(a)) {
			t.add(Action(a))
		}
	}
	return t
}

// matching returns the actions that a pattern of AWS's language means: a name, or a pattern with * and ?, in any case.
// The set is empty for a pattern that no action matches. Other names are taken only in full, for a wildcard must not
// reach further than in AWS: s3:Create* is not s3:PutObject by the name of s3:CreateMultipartUpload.
func matching(pattern string) actionSet {
	var set actionSet
	p := strings.ToLower(pattern)
	if a := names[p]; a != 0 && !strings.ContainsAny(p, "*?") {
		set.add(a)
		return set
	}
	g := wildcards(p)
	var m matcher
	for a := 1; a < len(actions); a++ {
		lower := lowerNames[a]
		if strings.HasSuffix(lower, ":*") {
			// The right to do all of a service: only for who says so.
			if g == starText || g == lower[:len(lower)-1]+starText {
				set.add(Action(a))
			}
			continue
		}
		if m.match(g, lower) {
			set.add(Action(a))
		}
	}
	if strings.HasPrefix(p, "iam:") {
		for name, a := range names {
			if strings.HasPrefix(name, "iam:") && name != "iam:*" && m.match(g, name) {
				set.add(a)
			}
		}
	}
	return set
}

// lowerNames is the table's names in lower case, by Action.
var lowerNames = func() (l [len(actions)]string) {
	for i, a := range actions {
		l[i] = strings.ToLower(a.name)
	}
	return l
}()

// names leads from each name in lower case to its action.
var names = func() map[string]Action {
	m := make(map[string]Action, len(actions)+len(otherNames))
	for a := 1; a < len(actions); a++ {
		m[strings.ToLower(actions[a].name)] = Action(a)
	}
	for other, name := range otherNames {
		m[strings.ToLower(other)] = m[strings.ToLower(name)]
	}
	return m
}()

// otherNames are names that are taken for actions: operations of S3 that have no right of their own, and names that
// MyFSIO has for rights of AWS.
var otherNames = map[string]string{
	"s3:HeadObject":                            "s3:GetObject",
	"s3:HeadBucket":                            "s3:ListBucket",
	"s3:CreateMultipartUpload":                 "s3:PutObject",
	"s3:UploadPart":                            "s3:PutObject",
	"s3:CompleteMultipartUpload":               "s3:PutObject",
	"s3:CopyObject":                            "s3:PutObject",
	"s3:ListParts":                             "s3:ListMultipartUploadParts",
	"s3:ListMultipartUploads":                  "s3:ListBucketMultipartUploads",
	"s3:DeleteBucketTagging":                   "s3:PutBucketTagging",
	"s3:DeleteBucketCORS":                      "s3:PutBucketCORS",
	"s3:DeleteEncryptionConfiguration":         "s3:PutEncryptionConfiguration",
	"s3:DeleteLifecycleConfiguration":          "s3:PutLifecycleConfiguration",
	"s3:GetBucketLifecycle":                    "s3:GetLifecycleConfiguration",
	"s3:PutBucketLifecycle":                    "s3:PutLifecycleConfiguration",
	"s3:DeleteReplicationConfiguration":        "s3:PutReplicationConfiguration",
	"s3:DeleteBucketQuota":                     "s3:PutBucketQuota",
	"s3:GetObjectLockConfiguration":            "s3:GetBucketObjectLockConfiguration",
	"s3:PutObjectLockConfiguration":            "s3:PutBucketObjectLockConfiguration",
	"s3:GetBucketNotificationConfiguration":    "s3:GetBucketNotification",
	"s3:PutBucketNotificationConfiguration":    "s3:PutBucketNotification",
	"s3:DeleteBucketNotificationConfiguration": "s3:PutBucketNotification",
	"s3:DeleteBucketLogging":                   "s3:PutBucketLogging",

	"iam:ListUsers":       "iam:list_users",
	"iam:CreateUser":      "iam:create_user",
	"iam:DeleteUser":      "iam:delete_user",
	"iam:RotateAccessKey": "iam:rotate_key",
	"iam:PutUserPolicy":   "iam:update_policy",
	"iam:CreateAccessKey": "iam:create_key",
	"iam:DeleteAccessKey": "iam:delete_key",
	"iam:GetUser":         "iam:get_user",
	"iam:GetPolicy":       "iam:get_policy",
	"iam:DisableUser":     "iam:disable_user",
}
