package clients

import (
	"strings"
	"testing"
)

// policyFor is a bucket policy that lets everybody do one thing.
func policyFor(action, resource string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"` + action + `","Resource":"arn:aws:s3:::` + resource + `"}]}`
}

// TestAWSCLIAccess is who may do what, with the commands of the administrator.
func TestAWSCLIAccess(t *testing.T) {
	t.Parallel()
	venv(t)
	s := server(t)
	u := s.user(t, `[{"bucket": "awscli-access", "actions": ["list", "read", "write"]}]`)
	c := startCLI(t, s)
	const b = "--bucket=awscli-access"
	c.api("create-bucket", b)
	c.api("put-object", b, "--key=k", "--body="+c.file("k", []byte("hello")))
	readable := func(want bool) {
		t.Helper()
		if status, text := s.public(t, "/awscli-access/k"); (status == 200) != want || (text == "hello") != want {
			t.Errorf("without credentials: %d %s, want it readable: %v", status, text, want)
		}
	}
	t.Run("policy", func(t *testing.T) {
		c := c.forTest(t)
		c.refused("NoSuchBucketPolicy", "get-bucket-policy", b)
		c.api("put-bucket-policy", b, "--policy="+policyFor("s3:GetObject", "awscli-access/*"))
		readable(true)
		if got := c.api("get-bucket-policy", b).str("Policy"); !strings.Contains(got, "s3:GetObject") {
			t.Errorf("policy: %s", got)
		}
		if got, _ := c.api("get-bucket-policy-status", b)["PolicyStatus"].(map[string]any); got["IsPublic"] != true {
			t.Errorf("status: %v", got)
		}
		c.refused("MalformedPolicy", "put-bucket-policy", b, "--policy="+policyFor("s3:GetObject", "another/*"))
		c.api("put-public-access-block", b, "--public-access-block-configuration=RestrictPublicBuckets=true,BlockPublicPolicy=true")
		readable(false)
		c.refused("AccessDenied", "put-bucket-policy", b, "--policy="+policyFor("s3:GetObject", "awscli-access/*"))
		if got, _ := c.api("get-public-access-block", b)["PublicAccessBlockConfiguration"].(map[string]any); got["RestrictPublicBuckets"] != true || got["IgnorePublicAcls"] != false {
			t.Errorf("block: %v", got)
		}
		c.api("delete-public-access-block", b)
		readable(true)
		c.api("delete-bucket-policy", b)
		readable(false)
	})
	t.Run("lists", func(t *testing.T) {
		c := c.forTest(t)
		c.api("put-object-acl", b, "--key=k", "--acl=public-read")
		readable(true)
		if got := c.api("get-object-acl", b, "--key=k").column("Grants", "Permission"); len(got) != 2 {
			t.Errorf("grants: %v", got)
		}
		c.api("put-bucket-ownership-controls", b, "--ownership-controls=Rules=[{ObjectOwnership=BucketOwnerEnforced}]")
		readable(false)
		c.refused("AccessControlListNotSupported", "put-object-acl", b, "--key=k", "--acl=public-read")
		if got := c.api("get-bucket-ownership-controls", b); !strings.Contains(quoteAny(got), "BucketOwnerEnforced") {
			t.Errorf("ownership: %v", got)
		}
		c.api("delete-bucket-ownership-controls", b)
		readable(true)
		c.api("put-object-acl", b, "--key=k", "--acl=private")
		readable(false)
		c.api("put-bucket-acl", b, "--grant-read=uri=http://acs.amazonaws.com/groups/global/AllUsers")
		if status, text := s.public(t, "/awscli-access"); status != 200 || !strings.Contains(text, "<Key>k</Key>") {
			t.Errorf("listing without credentials: %d %s", status, text)
		}
		c.api("put-bucket-acl", b, "--acl=private")
	})
	t.Run("cors", func(t *testing.T) {
		c := c.forTest(t)
		c.refused("NoSuchCORSConfiguration", "get-bucket-cors", b)
		c.api("put-bucket-cors", b, `--cors-configuration={"CORSRules":[{"AllowedOrigins":["https://example.com"],"AllowedMethods":["GET"]}]}`)
		if got := c.api("get-bucket-cors", b).list("CORSRules"); len(got) != 1 {
			t.Errorf("rules: %v", got)
		}
		c.api("delete-bucket-cors", b)
	})
	t.Run("presign", func(t *testing.T) {
		a := c.try("s3", "presign", "s3://awscli-access/k", "--expires-in=60")
		if status, text := fetch(t, a.Out); status != 200 || text != "hello" {
			t.Errorf("%s: %d %s", a.Out, status, text)
		}
	})
	t.Run("session", func(t *testing.T) {
		theirs := startCLI(t, s, u.env()...)
		who := theirs.call("sts", "get-caller-identity")
		if who.str("UserId") != u.ID {
			t.Errorf("who: %v", who)
		}
		got, _ := theirs.call("sts", "get-session-token", "--duration-seconds=900")["Credentials"].(map[string]any)
		made := object(got)
		session := startCLI(t, s, user{AccessKey: made.str("AccessKeyId"), SecretKey: made.str("SecretAccessKey"), Token: made.str("SessionToken")}.env()...)
		session.api("put-object", b, "--key=by session", "--body="+session.file("s", []byte("session")))
		session.api("get-object", b, "--key=by session", session.path("back"))
		session.refused("AccessDenied", "delete-object", b, "--key=by session")
		session.refused("AccessDenied", "put-bucket-policy", b, "--policy="+policyFor("s3:GetObject", "awscli-access/*"))
		if a := session.try("s3", "cp", "--no-progress", session.path("s"), "s3://awscli-access/by s3 cp"); a.Code != 0 {
			t.Errorf("cp: %s", a.Err)
		}
		if a := session.try("s3", "presign", "s3://awscli-access/by session"); !strings.Contains(a.Out, "X-Amz-Security-Token") {
			t.Errorf("presign: %s", a.Out)
		} else if status, text := fetch(t, a.Out); status != 200 || text != "session" {
			t.Errorf("presigned: %d %s", status, text)
		}
		if a := session.try("sts", "get-session-token"); a.Code == 0 || !strings.Contains(a.Err, "AccessDenied") {
			t.Errorf("a session made a session: %+v", a)
		}
	})
	if a := c.try("s3", "rb", "--force", "s3://awscli-access"); a.Code != 0 {
		t.Error(a.Err)
	}
}

// TestAWSCLILimited is everyday work with few rights.
func TestAWSCLILimited(t *testing.T) {
	t.Parallel()
	venv(t)
	s := server(t)
	u := s.limited(t, "limited-awscli")
	c := startCLI(t, s, u.env()...)
	s3 := func(args ...string) string {
		t.Helper()
		a := c.try(append([]string{"s3"}, args...)...)
		if a.Code != 0 {
			t.Fatalf("aws s3 %q: %s", args, a.Err)
		}
		return a.Out
	}
	no := func(args ...string) {
		t.Helper()
		if a := c.try(append([]string{"s3"}, args...)...); a.Code == 0 || !strings.Contains(a.Err, "AccessDenied") && !strings.Contains(a.Err, "403") {
			t.Errorf("aws s3 %q: %+v, want AccessDenied", args, a)
		}
	}
	const mine = "s3://limited-awscli/mine/"
	big, tree := c.file("big", body(20, 20<<20)), goSources(t, "bufio")
	s3("cp", "--no-progress", big, mine+"big")
	s3("cp", "--no-progress", mine+"big", c.path("back"))
	same(t, big, c.path("back"))
	s3("sync", "--only-show-errors", tree, mine+"tree")
	s3("sync", "--only-show-errors", mine+"tree", c.path("tree"))
	sameTree(t, tree, c.path("tree"))
	s3("mv", "--no-progress", mine+"big", mine+"moved")
	if out := s3("ls", mine); !strings.Contains(out, "moved") || !strings.Contains(out, "PRE tree/") {
		t.Errorf("ls: %s", out)
	}
	if out := s3("ls"); !strings.Contains(out, " limited-awscli") || strings.Contains(out, "private-") {
		t.Errorf("ls shows other buckets: %s", out)
	}
	no("ls", "s3://limited-awscli")
	no("ls", "s3://limited-awscli/theirs/")
	no("cp", "s3://limited-awscli/theirs/secret", c.path("secret"))
	no("cp", big, "s3://limited-awscli/theirs/secret")
	no("cp", "s3://limited-awscli/theirs/secret", mine+"stolen")
	no("rm", "s3://limited-awscli/theirs/secret")
	no("rb", "s3://limited-awscli")
	no("mb", "s3://limited-awscli-2")
	s3("rm", "--recursive", "--only-show-errors", mine)
	s.untouched(t, "limited-awscli")
}
