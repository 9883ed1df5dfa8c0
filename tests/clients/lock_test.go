package clients

import (
	"strings"
	"testing"
	"time"
)

// TestBoto3Lock is what Python programs do with Object Lock, quotas and the tags of buckets.
func TestBoto3Lock(t *testing.T) {
	t.Parallel()
	python := venv(t)
	s := server(t)
	script(t, &runner{t: t, path: python, env: s.env(t, "MYFSIO_BUCKET=boto3-lock", "PYTHONDONTWRITEBYTECODE=1")}, "boto3_lock_test.py")
}

// TestAWSCLILock is the same from the command line.
func TestAWSCLILock(t *testing.T) {
	t.Parallel()
	c := startCLI(t, server(t))
	const b = "--bucket=awscli-lock"
	c.api("create-bucket", b, "--object-lock-enabled-for-bucket")
	c.refused("InvalidBucketState", "put-bucket-versioning", b, "--versioning-configuration=Status=Suspended")
	c.api("put-object-lock-configuration", b, `--object-lock-configuration={"ObjectLockEnabled":"Enabled","Rule":{"DefaultRetention":{"Mode":"GOVERNANCE","Days":3}}}`)
	if got := quoteAny(c.api("get-object-lock-configuration", b)); !strings.Contains(got, `"Days":3`) || !strings.Contains(got, `"Mode":"GOVERNANCE"`) {
		t.Errorf("configuration: %s", got)
	}
	until := time.Now().UTC().AddDate(0, 0, 1).Format(time.RFC3339)
	version := c.api("put-object", b, "--key=k", "--object-lock-mode=COMPLIANCE", "--object-lock-retain-until-date="+until, "--object-lock-legal-hold-status=ON").str("VersionId")
	head := c.api("head-object", b, "--key=k")
	if head.str("ObjectLockMode") != "COMPLIANCE" || !strings.HasPrefix(head.str("ObjectLockRetainUntilDate"), until[:19]) || head.str("ObjectLockLegalHoldStatus") != "ON" {
		t.Errorf("head: %v", head)
	}
	c.refused("AccessDenied", "delete-object", b, "--key=k", "--version-id="+version, "--bypass-governance-retention")
	c.api("put-object-legal-hold", b, "--key=k", "--legal-hold=Status=OFF")
	if got := quoteAny(c.api("get-object-legal-hold", b, "--key=k")); !strings.Contains(got, `"Status":"OFF"`) {
		t.Errorf("legal hold: %s", got)
	}
	c.refused("AccessDenied", "put-object-retention", b, "--key=k", "--retention=Mode=GOVERNANCE,RetainUntilDate="+until, "--bypass-governance-retention")

	governed := c.api("put-object", b, "--key=g").str("VersionId")
	if got := quoteAny(c.api("get-object-retention", b, "--key=g")); !strings.Contains(got, `"Mode":"GOVERNANCE"`) {
		t.Errorf("retention: %s", got)
	}
	c.refused("AccessDenied", "delete-object", b, "--key=g", "--version-id="+governed)
	c.api("delete-object", b, "--key=g", "--version-id="+governed, "--bypass-governance-retention")
	c.refused("BucketNotEmpty", "delete-bucket", b)

	c.refused("NoSuchTagSet", "get-bucket-tagging", b)
	c.api("put-bucket-tagging", b, "--tagging=TagSet=[{Key=a,Value=1},{Key=b,Value=2}]")
	if got := c.api("get-bucket-tagging", b).column("TagSet", "Key"); strings.Join(got, " ") != "a b" {
		t.Errorf("tags: %v", got)
	}
	c.api("delete-bucket-tagging", b)
	c.refused("NoSuchTagSet", "get-bucket-tagging", b)
}
