package access_test

import (
	"context"
	"strings"
	"testing"

	"myfsio/acl"
	"myfsio/fault"
	"myfsio/gate"
	"myfsio/gate/access"
	"myfsio/iam"
	"myfsio/iam/policy"
	"myfsio/object"
)

// world is what is stored, in the simplest form.
type world struct {
	buckets  map[string]object.Bucket
	objects  map[string]object.Version // "bucket/key"
	policies map[string]string
	failing  error
}

func (w *world) Get(bucket string) ([]byte, *policy.Policy, bool) {
	doc, ok := w.policies[bucket]
	if !ok {
		return nil, nil, false
	}
	p, err := policy.Parse([]byte(doc), policy.Bucket, bucket)
	if err != nil {
		panic(err)
	}
	return []byte(doc), p, true
}

func (w *world) HeadBucket(_ context.Context, name string) (object.Bucket, error) {
	if w.failing != nil {
		return object.Bucket{}, w.failing
	}
	b, ok := w.buckets[name]
	if !ok {
		return b, fault.New(fault.NoSuchBucket, "no such bucket")
	}
	return b, nil
}

func (w *world) Describe(_ context.Context, bucket, key, _ string) (object.Version, error) {
	v, ok := w.objects[bucket+"/"+key]
	if !ok {
		return v, fault.New(fault.NoSuchKey, "no such key")
	}
	return v, nil
}

func user(id string, rules ...policy.Rule) iam.Principal {
	return iam.Principal{UserID: id, Username: id, CanonicalID: iam.CanonicalID(id), AccessKey: "AK" + id, Policy: policy.Compile(rules, nil)}
}

var (
	nobody = iam.Principal{}
	alice  = user("alice")
	bob    = user("bob", policy.Rule{Bucket: "shared", Actions: []string{"list", "read"}})
	carol  = user("carol")
	// lister administers users, but is no full administrator; quoter has the right to one bucket's quota.
	lister   = user("lister", policy.Rule{Bucket: "*", Actions: []string{"iam:list_users"}})
	quoter   = user("quoter", policy.Rule{Bucket: "own", Actions: []string{"quota"}})
	words    = user("words", policy.Rule{Bucket: "*", Actions: []string{"*"}})
	bypasser = user("bypasser", policy.Rule{Bucket: "own", Actions: []string{"delete", "s3:BypassGovernanceRetention"}})
	root     = func() iam.Principal {
		p := user("root", policy.Rule{Bucket: "*", Actions: []string{"iam:*"}})
		p.Admin = true
		return p
	}()
)

// narrowed is a session that keeps some actions.
func narrowed(p iam.Principal, action string) iam.Principal {
	doc := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"` + action + `","Resource":"*"}]}`
	session, err := policy.Parse([]byte(doc), policy.User, "")
	if err != nil {
		panic(err)
	}
	p.Session = session
	return p
}

func bucket(owner string) object.Bucket { return object.Bucket{Owner: iam.CanonicalID(owner)} }

func allUsers(p acl.Permission) acl.List {
	return acl.List{Grants: []acl.Grant{
		{Grantee: acl.Grantee{ID: iam.CanonicalID("alice")}, Permission: acl.FullControl},
		{Grantee: acl.Grantee{Group: acl.AllUsers}, Permission: p},
	}}
}

func newWorld() *world {
	open := bucket("alice")
	open.ACL = allUsers(acl.Read)
	drop := bucket("alice")
	drop.ACL = allUsers(acl.Read | acl.Write)
	ignoring := open
	ignoring.PublicAccess = object.IgnoreACLs
	enforced := open
	enforced.Ownership = object.BucketOwnerEnforced
	restricted := bucket("alice")
	restricted.PublicAccess = object.RestrictBuckets
	writers := bucket("alice")
	writers.Ownership = object.ObjectWriter
	lost := bucket("alice")
	lost.ACL = acl.List{Grants: []acl.Grant{{Grantee: acl.Grantee{ID: iam.CanonicalID("bob")}, Permission: acl.Read}}}
	public := func(b string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":["s3:GetObject","s3:ListBucket"],"Resource":["arn:aws:s3:::` + b + `","arn:aws:s3:::` + b + `/*"]}]}`
	}
	closed := `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::closed","arn:aws:s3:::closed/*"]}]}`
	forBob := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam:::user/bob"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::own/*"}]}`
	giving := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::giving","arn:aws:s3:::giving/*"]}]}`
	plain := object.Version{Owner: iam.CanonicalID("alice"), Stamp: [16]byte{1}}
	listed := plain
	listed.ACL = allUsers(acl.Read)
	bobs := object.Version{Owner: iam.CanonicalID("bob"), Stamp: [16]byte{2}}
	bobsPublic := bobs
	bobsPublic.ACL = acl.List{Grants: []acl.Grant{{Grantee: acl.Grantee{ID: iam.CanonicalID("bob")}, Permission: acl.FullControl}, {Grantee: acl.Grantee{ID: iam.CanonicalID("carol")}, Permission: acl.Read}}}
	return &world{
		buckets: map[string]object.Bucket{"own": bucket("alice"), "shared": bucket("alice"), "open": open, "drop": drop, "ignoring": ignoring, "enforced": enforced,
			"restricted": restricted, "writers": writers, "public": bucket("alice"), "closed": bucket("alice"), "lost": lost, "giving": bucket("alice")},
		objects: map[string]object.Version{"own/k": plain, "own/listed": listed, "open/k": plain, "open/listed": listed, "ignoring/listed": listed, "enforced/listed": listed,
			"public/k": plain, "restricted/k": plain, "closed/k": plain, "writers/bobs": bobs, "writers/bobs-public": bobsPublic, "lost/k": plain},
		policies: map[string]string{"public": public("public"), "restricted": public("restricted"), "closed": closed, "own": forBob, "giving": giving},
	}
}

var cases = []struct {
	who         iam.Principal
	op          string
	bucket, key string
	want        access.By // what allows; "" for a refusal
	refusedBy   access.By
}{
	// Ownership.
	{alice, "GetObject", "own", "k", access.ByOwner, ""},
	{alice, "PutObject", "own", "new", access.ByOwner, ""},
	{alice, "DeleteBucket", "own", "", access.ByOwner, ""},
	{alice, "PutBucketPolicy", "own", "", access.ByOwner, ""},
	{alice, "PutBucketQuota", "own", "", "", access.ByNothing},
	{alice, "GetBucketQuota", "own", "", access.ByOwner, ""},
	{alice, "PutBucketQuota", "giving", "", "", access.ByNothing}, // she wrote that policy
	{carol, "PutBucketQuota", "giving", "", "", access.ByNothing},
	{carol, "GetBucketQuota", "giving", "", access.ByBucketPolicy, ""},
	{root, "PutBucketQuota", "own", "", access.ByAdministrator, ""},
	{root, "DeleteBucketQuota", "own", "", access.ByAdministrator, ""},
	{root, "GetBucketQuota", "own", "", access.ByAdministrator, ""},
	{root, "PutBucketTagging", "own", "", "", access.ByNothing},
	{root, "PutBucketQuota", "closed", "", "", access.ByBucketPolicy},
	{lister, "PutBucketQuota", "own", "", access.ByAdministrator, ""},
	{lister, "GetBucketQuota", "own", "", access.ByAdministrator, ""},
	{narrowed(lister, "s3:*"), "PutBucketQuota", "own", "", "", access.ByNothing},
	{narrowed(lister, "iam:*"), "PutBucketQuota", "own", "", "", access.BySessionPolicy},
	{narrowed(lister, "*"), "PutBucketQuota", "own", "", access.ByAdministrator, ""},
	{quoter, "PutBucketQuota", "own", "", access.ByUserPolicy, ""},
	{quoter, "DeleteBucketQuota", "shared", "", "", access.ByNothing},
	{nobody, "PutBucketQuota", "giving", "", "", access.ByNothing},
	// What no word gives: the owner has it, and who is given it by its name.
	{alice, "DeleteObject+s3:BypassGovernanceRetention", "own", "k", access.ByOwner, ""},
	{words, "DeleteObject", "own", "k", access.ByUserPolicy, ""},
	{words, "DeleteObject+s3:BypassGovernanceRetention", "own", "k", "", access.ByNothing},
	{bypasser, "DeleteObject+s3:BypassGovernanceRetention", "own", "k", access.ByUserPolicy, ""},
	{nobody, "DeleteObject+s3:BypassGovernanceRetention", "drop", "k", "", access.ByNothing},
	{carol, "GetObject", "own", "k", "", access.ByNothing},
	{nobody, "GetObject", "own", "k", "", access.ByNothing},
	{nobody, "DeleteBucket", "own", "", "", access.ByNothing},
	{alice, "GetObject", "writers", "bobs", access.ByOwner, ""},
	{bob, "GetObject", "writers", "bobs", access.ByACL, ""},
	{carol, "GetObject", "writers", "bobs", "", access.ByNothing},
	{alice, "GetObject", "writers", "bobs-public", "", access.ByNothing},
	{alice, "DeleteObject", "writers", "bobs-public", access.ByOwner, ""},
	{alice, "PutObjectAcl", "writers", "bobs-public", access.ByOwner, ""},
	{carol, "GetObject", "writers", "bobs-public", access.ByACL, ""},
	{carol, "GetObjectAcl", "writers", "bobs-public", "", access.ByNothing},
	{alice, "ListObjectsV2", "lost", "", "", access.ByNothing}, // she took herself off the list
	{alice, "PutBucketAcl", "lost", "", access.ByOwner, ""},    // and can mend that
	{bob, "ListObjectsV2", "lost", "", access.ByACL, ""},
	// User policies.
	{bob, "GetObject", "shared", "any", access.ByUserPolicy, ""},
	{bob, "PutObject", "shared", "any", "", access.ByNothing},
	{bob, "PutObject", "own", "x", access.ByBucketPolicy, ""},
	{bob, "CreateBucket", "own", "", "", access.ByNothing},
	{alice, "CreateBucket", "fresh", "", "", access.ByNothing},
	// Lists.
	{nobody, "ListObjectsV2", "open", "", access.ByACL, ""},
	{nobody, "PutObject", "open", "x", "", access.ByNothing},
	{nobody, "PutObject", "drop", "x", access.ByACL, ""},
	{nobody, "DeleteObject", "drop", "x", access.ByACL, ""},
	{nobody, "PutObjectAcl", "drop", "x", "", access.ByNothing},
	{nobody, "GetObject", "open", "listed", access.ByACL, ""},
	{nobody, "GetObject", "open", "k", "", access.ByNothing},
	{nobody, "GetObject", "open", "absent", access.ByACL, ""}, // the answer is NoSuchKey
	{nobody, "GetObject", "own", "absent", "", access.ByNothing},
	{carol, "GetObject", "own", "listed", access.ByACL, ""},
	{nobody, "GetBucketPolicy", "drop", "", "", access.ByNothing},
	{nobody, "GetObject", "ignoring", "listed", "", access.ByPublicBlock},
	{nobody, "ListObjectsV2", "ignoring", "", "", access.ByPublicBlock},
	{alice, "GetObject", "ignoring", "listed", access.ByACL, ""},
	{nobody, "GetObject", "enforced", "listed", "", access.ByNothing},
	{alice, "GetObject", "enforced", "listed", access.ByOwner, ""},
	// Bucket policies.
	{nobody, "GetObject", "public", "k", access.ByBucketPolicy, ""},
	{carol, "GetObject", "public", "k", access.ByBucketPolicy, ""},
	{nobody, "PutObject", "public", "k", "", access.ByNothing},
	{nobody, "GetObject", "restricted", "k", "", access.ByPublicBlock},
	{carol, "GetObject", "restricted", "k", access.ByBucketPolicy, ""},
	{alice, "GetObject", "closed", "k", "", access.ByBucketPolicy},
	{alice, "GetBucketPolicy", "closed", "", access.ByOwner, ""},
	{alice, "DeleteBucketPolicy", "closed", "", access.ByOwner, ""},
	{root, "DeleteBucketPolicy", "closed", "", access.ByAdministrator, ""},
	{bob, "DeleteBucketPolicy", "closed", "", "", access.ByBucketPolicy},
	{nobody, "DeleteBucketPolicy", "closed", "", "", access.ByBucketPolicy},
	{root, "GetObject", "own", "k", "", access.ByNothing}, // iam:* is about users
	// The service.
	{carol, "ListBuckets", "", "", access.BySignIn, ""},
	{nobody, "ListBuckets", "", "", "", access.ByNothing},
	{bob, "ListBuckets", "shared", "", access.ByUserPolicy, ""},
	{carol, "ListBuckets", "shared", "", "", access.ByNothing},
	// Users and keys.
	{root, "CreateUser", "", "", access.ByUserPolicy, ""},
	{root, "GetAuditLog", "", "", access.ByAdministrator, ""},
	{alice, "CreateUser", "", "", "", access.ByNothing},
	{alice, "GetAuditLog", "", "", "", access.ByNothing},
	{alice, "GetSessionToken", "", "", access.BySignIn, ""},
	{nobody, "GetSessionToken", "", "", "", access.ByNothing},
}

func request(who iam.Principal, op, bucket, key string) *gate.Request {
	op, extra, more := strings.Cut(op, "+")
	row := gate.Lookup(op)
	if row == nil {
		row = gate.Admin(op)
	}
	r := &gate.Request{Op: row, Principal: who, Bucket: bucket, Key: key}
	if more {
		r.Extra = []string{extra}
	}
	return r
}

func TestDecisions(t *testing.T) {
	w := newWorld()
	a := access.New(access.Config{Policies: w, Objects: w})
	for _, c := range cases {
		r := request(c.who, c.op, c.bucket, c.key)
		v := a.Explain(context.Background(), r)
		if v.Err != nil {
			t.Errorf("%s %s %s/%s: %v", c.who.UserID, c.op, c.bucket, c.key, v.Err)
			continue
		}
		if v.Allowed != (c.want != "") || v.Allowed && v.By != c.want || !v.Allowed && v.By != c.refusedBy {
			t.Errorf("%q %s %s/%s: allowed %v by %q, want %q or refused by %q", c.who.UserID, c.op, c.bucket, c.key, v.Allowed, v.By, c.want, c.refusedBy)
		}
		if err := a.Authorize(context.Background(), r); (err == nil) != v.Allowed || err != nil && !fault.Is(err, fault.AccessDenied) {
			t.Errorf("Authorize says %v, Explain %v", err, v)
		}
	}
}

func TestStrict(t *testing.T) {
	w := newWorld()
	a := access.New(access.Config{Policies: w, Objects: w, Strict: true})
	for _, c := range []struct {
		who         iam.Principal
		op          string
		bucket, key string
		want        bool
	}{
		{carol, "GetObject", "public", "k", false}, // no policy of hers allows it
		{nobody, "GetObject", "public", "k", true}, // there is no user whose policy could
		{carol, "GetObject", "open", "listed", false},
		{nobody, "GetObject", "open", "listed", true},
		{alice, "GetObject", "own", "k", true},
		{bob, "GetObject", "shared", "k", true},
		{bob, "PutObject", "own", "k", false},
	} {
		v := a.Explain(context.Background(), request(c.who, c.op, c.bucket, c.key))
		if v.Allowed != c.want {
			t.Errorf("%q %s %s/%s: allowed %v by %q", c.who.UserID, c.op, c.bucket, c.key, v.Allowed, v.By)
		}
	}
}

func TestSessionPolicyOnlyNarrows(t *testing.T) {
	w := newWorld()
	a := access.New(access.Config{Policies: w, Objects: w})
	session := func(p iam.Principal, doc string) iam.Principal {
		s, err := policy.Parse([]byte(doc), policy.Session, "")
		if err != nil {
			t.Fatal(err)
		}
		p.Session, p.SessionName = s, "s"
		return p
	}
	reads := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}`
	all := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`
	for _, c := range []struct {
		who         iam.Principal
		op          string
		bucket, key string
		want        bool
	}{
		{session(alice, reads), "GetObject", "own", "k", true},
		{session(alice, reads), "PutObject", "own", "k", false},  // not even as the owner
		{session(alice, reads), "PutObject", "drop", "k", false}, // nor where everybody may
		{session(carol, reads), "GetObject", "own", "k", false},  // it gives nothing
		{session(carol, all), "GetObject", "public", "k", true},  //
		{session(root, reads), "CreateUser", "", "", false},      //
		{session(root, all), "DeleteBucketPolicy", "closed", "", true},
		{session(alice, reads), "DeleteBucketPolicy", "closed", "", false},
		{session(bob, all), "CreateBucket", "fresh", "", false},
	} {
		v := a.Explain(context.Background(), request(c.who, c.op, c.bucket, c.key))
		if v.Allowed != c.want {
			t.Errorf("%q %s %s/%s: allowed %v by %q", c.who.UserID, c.op, c.bucket, c.key, v.Allowed, v.By)
		}
	}
}

// Every right of a request must be there, and what cannot be told is refused.
func TestExtraRightsAndFailures(t *testing.T) {
	w := newWorld()
	a := access.New(access.Config{Policies: w, Objects: w})
	r := request(bob, "GetObject", "shared", "k")
	r.Extra = []string{"s3:GetObjectTagging"}
	if err := a.Authorize(context.Background(), r); err != nil {
		t.Errorf("both rights are his: %v", err)
	}
	r.Extra = append(r.Extra, "s3:BypassGovernanceRetention")
	if v := a.Explain(context.Background(), r); v.Allowed || v.Action != "s3:BypassGovernanceRetention" {
		t.Errorf("allowed %v, missing %s", v.Allowed, v.Action)
	}
	r.Extra = []string{"s3:NoSuchAction"}
	if err := a.Authorize(context.Background(), r); err == nil {
		t.Error("an unknown right was granted")
	}
	if v := a.Explain(context.Background(), request(carol, "GetObject", "absent", "k")); !fault.Is(v.Err, fault.NoSuchBucket) {
		t.Errorf("a bucket that is not there: %+v", v)
	}
	if v := a.Explain(context.Background(), request(nobody, "GetObject", "absent", "k")); v.Allowed || v.Err != nil {
		t.Errorf("anonymous: %+v", v)
	}
	w.failing = fault.New(fault.Corrupted, "the record is damaged")
	for _, who := range []iam.Principal{alice, carol, nobody} {
		if err := a.Authorize(context.Background(), request(who, "PutObject", "own", "k")); err == nil {
			t.Errorf("%q was let in although nobody could tell whether he may", who.UserID)
		}
	}
}

// A decision by what is stored with a version says which version that was.
func TestSeen(t *testing.T) {
	w := newWorld()
	a := access.New(access.Config{Policies: w, Objects: w})
	r := request(nobody, "GetObject", "open", "listed")
	if err := a.Authorize(context.Background(), r); err != nil || r.Seen != [16]byte{1} {
		t.Errorf("%v, seen %x", err, r.Seen)
	}
	r = request(bob, "GetObject", "shared", "k")
	if err := a.Authorize(context.Background(), r); err != nil || r.Seen != [16]byte{} {
		t.Errorf("%v, seen %x", err, r.Seen)
	}
}

// Every action of the gate is one that policies know, in the same group of the short form.
func TestActionsOfTheGateAreKnown(t *testing.T) {
	for _, op := range append(append([]gate.Op{}, gate.Ops()...), gate.AdminOps()...) {
		for _, name := range []string{op.Action, op.VersionAction} {
			if name == "" {
				continue
			}
			a := policy.Lookup(name)
			if a == 0 {
				t.Errorf("%s: the action %s is not known to policies", op.Name, name)
			} else if a.Short() != op.Short {
				t.Errorf("%s: %s is of group %q in policies and %q in the gate", op.Name, name, a.Short(), op.Short)
			}
		}
	}
}

func BenchmarkAuthorize(b *testing.B) {
	w := newWorld()
	a := access.New(access.Config{Policies: w, Objects: w})
	var rules []policy.Rule
	for range 9 {
		rules = append(rules, policy.Rule{Bucket: "other", Actions: []string{"list", "read", "write"}, Prefix: "dir/"})
	}
	r := request(user("dave", append(rules, policy.Rule{Bucket: "*", Actions: []string{"read"}})...), "GetObject", "shared", "a/b/c")
	b.ReportAllocs()
	for b.Loop() {
		if err := a.Authorize(context.Background(), r); err != nil {
			b.Fatal(err)
		}
	}
}

// TestWebsite: a visitor sees what nothing denies, and nobody else comes in by that door.
func TestWebsite(t *testing.T) {
	a := access.New(access.Config{Policies: newWorld(), Objects: newWorld()})
	for _, tt := range []struct {
		who    iam.Principal
		bucket string
		want   access.Verdict
		kind   fault.Kind
	}{
		{nobody, "own", access.Verdict{Allowed: true, By: access.ByWebsite}, 0},
		{nobody, "enforced", access.Verdict{Allowed: true, By: access.ByWebsite}, 0},
		{nobody, "ignoring", access.Verdict{Allowed: true, By: access.ByWebsite}, 0},
		{nobody, "public", access.Verdict{Allowed: true, By: access.ByWebsite}, 0},
		{nobody, "closed", access.Verdict{By: access.ByBucketPolicy}, fault.AccessDenied},
		{nobody, "restricted", access.Verdict{By: access.ByPublicBlock}, fault.AccessDenied},
		{nobody, "none", access.Verdict{}, fault.NoSuchBucket},
		{root, "own", access.Verdict{By: access.ByNothing}, fault.AccessDenied},
		{alice, "own", access.Verdict{By: access.ByNothing}, fault.AccessDenied},
	} {
		r := &gate.Request{Op: gate.Website(), Principal: tt.who, Bucket: tt.bucket, Key: "k"}
		v := a.Explain(context.Background(), r)
		err := a.Authorize(context.Background(), r)
		if v.Allowed != tt.want.Allowed || v.By != tt.want.By || (err == nil) != v.Allowed || err != nil && !fault.Is(err, tt.kind) {
			t.Errorf("%s %s: %+v, %v", tt.who.UserID, tt.bucket, v, err)
		}
	}
}
