package policy

import (
	"slices"
	"strings"
	"testing"
)

func TestActionTable(t *testing.T) {
	if len(actions) > 256 {
		t.Fatal("the set of actions is too small")
	}
	seen := map[string]bool{}
	for _, a := range Actions() {
		name := a.String()
		service, verb, ok := strings.Cut(name, ":")
		if !ok || service == "" || verb == "" {
			t.Errorf("%q is not the name of an action", name)
		}
		if seen[strings.ToLower(name)] {
			t.Errorf("%s stands twice", name)
		}
		seen[strings.ToLower(name)] = true
		if Lookup(name) != a || Lookup(strings.ToUpper(name)) != a {
			t.Errorf("Lookup does not find %s", name)
		}
		if g := a.Short(); g != "" && !slices.Contains(Groups(), g) && g != name && g != "kms:*" {
			t.Errorf("%s is of the group %q", name, g)
		}
		if set := matching(name); !set.has(a) {
			t.Errorf("%s does not match itself", name)
		}
	}
	for other, name := range otherNames {
		if seen[strings.ToLower(other)] {
			t.Errorf("%s is the name of an action and another name of %s", other, name)
		}
		if a := Lookup(other); a == 0 || a.String() != name {
			t.Errorf("%s is not another name of %s", other, name)
		}
	}
	for _, name := range []string{"", "s3:", "s3:*", "s3:Get*", "getobject", "s3:GetObjects"} {
		if a := Lookup(name); a != 0 {
			t.Errorf("Lookup(%q) is %s", name, a)
		}
	}
	var none Action
	if none.String() != "" || none.Short() != "" || Action(9999).String() != "" {
		t.Error("none has a name")
	}
}

// TestStarOfService: the right to do all of a service is for who says so.
func TestStarOfService(t *testing.T) {
	all := Lookup("iam:*")
	for pattern, want := range map[string]bool{
		"*": true, "**": true, "iam:*": true, "IAM:**": true, "iam:?": false, "iam:*_*": false, "i*": false, "iam:list*": false, "*:*": false, "s3:*": false,
	} {
		if set := matching(pattern); set.has(all) != want {
			t.Errorf("%q matches iam:*: %v", pattern, !want)
		}
	}
}

func TestScopes(t *testing.T) {
	for name, want := range map[string]Scope{
		"s3:ListAllMyBuckets": ServiceScope, "s3:ListBucket": BucketScope, "s3:CreateBucket": BucketScope, "s3:GetObject": ObjectScope,
		"s3:ListMultipartUploadParts": ObjectScope, "s3:PutObjectRetention": ObjectScope, "s3:GetBucketObjectLockConfiguration": BucketScope,
		"iam:create_user": ServiceScope, "kms:Encrypt": ServiceScope,
	} {
		if got := Lookup(name).Scope(); got != want {
			t.Errorf("%s: scope %d", name, got)
		}
	}
}
