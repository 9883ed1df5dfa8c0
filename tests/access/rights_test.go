package access

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"myfsio/acl"
	"myfsio/iam"
	"myfsio/object"
)

// foreign is where rights are tried: nobody who tries owns it.
var foreign = at("foreign", "dir/", "foreign", "")

// only is a user who has nothing but some words.
func only(words ...string) person {
	name := "only-" + strings.Join(words, "+")
	return person{name: name, user: name}
}

// findWords finds the fewest words of user policies that are enough for each shape.
func findWords(t *testing.T) map[*shape][]string {
	sets := combinations()
	var more []iam.User
	for _, set := range sets {
		p := only(set...)
		more = append(more, newUser(p.user, rulesOf(p.user)))
	}
	w := newWorld(t, false, more...)
	out := map[*shape][]string{}
	for i := range shapes {
		s := &shapes[i]
		if w.try(s, foreign, named("carol")[0], byHeader).allowed {
			continue // everyone may
		}
		found := 0 // how many words were enough
		for _, set := range sets {
			if len(set) > found && found > 0 {
				break
			}
			got, want := w.try(s, foreign, only(set...), byHeader), (model{}).may(only(set...), s, foreign)
			if got.allowed != want {
				t.Errorf("%s with the words %q: %s, but by the rules allowed=%t", s.title(), set, got, want)
			}
			if got.allowed {
				found = len(set)
				out[s] = append(out[s], strings.Join(set, " and "))
			}
		}
		if found == 0 {
			t.Errorf("%s: no words are enough", s.title())
		}
	}
	return out
}

// combinations are the sets of words to try, the smallest first: each word, all pairs, and three of those about objects.
func combinations() (sets [][]string) {
	single := strings.Fields(allWords)
	var pairs, triples [][]string
	for i, a := range single {
		sets = append(sets, []string{a})
		for j, b := range single[i+1:] {
			pairs = append(pairs, []string{a, b})
			for _, c := range single[i+j+2:] {
				if slices.Index(single, c) < 4 || c == "share" && slices.Index(single, b) < 4 {
					triples = append(triples, []string{a, b, c})
				}
			}
		}
	}
	return slices.Concat(sets, pairs, triples)
}

// TestUserDocuments checks that the actions of each shape are enough in a user's document, and that none of them can be left out or denied.
func TestUserDocuments(t *testing.T) {
	t.Parallel()
	var more []iam.User
	var todo []func(*world)
	expect := func(s *shape, what string, allowed bool, documents ...string) {
		name := fmt.Sprintf("doc-%d", len(more))
		more = append(more, newUser(name, nil, documents...))
		todo = append(todo, func(w *world) {
			if got := w.try(s, foreign, person{name: name, user: name}, byHeader); got.allowed != allowed {
				t.Errorf("%s for a user %s: %s", s.title(), what, got)
			}
		})
	}
	all := document("Allow", "Action", []string{"*"})
	for i := range shapes {
		s := &shapes[i]
		if s.from == "public" { // it gives a right by itself
			continue
		}
		expect(s, "with its actions", true, document("Allow", "Action", s.actions()))
		for _, a := range s.actions() {
			signedIn := strings.HasSuffix(a, "MyBuckets") || strings.HasSuffix(a, "DirectoryBuckets")
			but := []string{a}
			if aboutQuota(a) { // who administers users has it
				but = append(but, "iam:list_users")
			}
			expect(s, "with all but "+a, signedIn, document("Allow", "NotAction", but))
			if aboutQuota(a) {
				expect(s, "who may list users", true, document("Allow", "Action", but[1:]))
			}
			expect(s, "with all, but denied "+a, false, all, document("Deny", "Action", []string{a}))
		}
	}
	w := newWorld(t, false, more...)
	for _, do := range todo {
		do(w)
	}
	t.Logf("%d users", len(more))
}

// TestBucketDocuments checks the same of a bucket's policy, for a user who has no other rights; and that it can deny an
// administrator everything but to mend it.
func TestBucketDocuments(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	admin, carol, dave := named("admin")[0], named("carol")[0], named("dave")[0]
	for i := range shapes {
		s := &shapes[i]
		if !s.inPlace() || s.op == "CreateBucket" || s.from != "" {
			continue
		}
		expect := func(p person, what string, allowed bool, statement string) {
			w.withPolicy(foreign.name, statement)
			if got := w.try(s, foreign, p, byHeader); got.allowed != allowed {
				t.Errorf("%s for %s in a bucket whose policy %s: %s", s.title(), p.name, what, got)
			}
		}
		forCarol := `"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:user/carol"}, `
		expect(carol, "allows her its actions", !slices.Contains(s.actions(), "s3:PutBucketQuota"), forCarol+element("Action", s.actions()))
		expect(dave, "allows carol its actions", false, forCarol+element("Action", s.actions()))
		for _, a := range s.actions() {
			expect(carol, "allows her all but "+a, false, forCarol+element("NotAction", []string{a}))
			expect(admin, "denies "+a, mends(a), `"Effect": "Deny", "Principal": "*", `+element("Action", []string{a}))
		}
		w.withPolicy(foreign.name, "")
	}
}

func element(name string, actions []string) string {
	return `"` + name + `": ["` + strings.Join(actions, `", "`) + `"]`
}

// withPolicy gives a bucket a policy of one statement, to which reset leads back from now on; "" takes it away.
func (w *world) withPolicy(bucket, statement string) {
	w.docs[bucket] = nil
	if statement == "" {
		w.check(w.policies.Delete(bucket))
	} else {
		doc := []byte(`{"Version": "2012-10-17", "Statement": [{` + statement + `, "Resource": ["arn:aws:s3:::` + bucket + `", "arn:aws:s3:::` + bucket + `/*"]}]}`)
		w.check(w.policies.Put(bucket, doc))
		w.docs[bucket] = doc
	}
	w.stored = w.fingerprint()
}

// permissions are what a list may give.
var permissions = []acl.Permission{acl.Read, acl.Write, acl.ReadACP, acl.WriteACP, acl.FullControl}

// byLists is the table of AWS's documentation: what a list of the bucket or object must give for an action.
var byLists = map[string]string{
	"s3:ListBucket": "bucket READ", "s3:ListBucketVersions": "bucket READ", "s3:ListBucketMultipartUploads": "bucket READ",
	"s3:PutObject": "bucket WRITE", "s3:DeleteObject": "bucket WRITE", "s3:AbortMultipartUpload": "bucket WRITE", "s3:ListMultipartUploadParts": "bucket WRITE",
	"s3:GetBucketAcl": "bucket READ_ACP", "s3:PutBucketAcl": "bucket WRITE_ACP",
	"s3:GetObject": "object READ", "s3:GetObjectVersion": "object READ", "s3:GetObjectAttributes": "object READ", "s3:GetObjectVersionAttributes": "object READ",
	"s3:GetObjectAcl": "object READ_ACP", "s3:GetObjectVersionAcl": "object READ_ACP",
	"s3:PutObjectAcl": "object WRITE_ACP", "s3:PutObjectVersionAcl": "object WRITE_ACP",
}

// findLists gives carol a permission on the bucket, its objects or both and finds out what she may do then.
func findLists(t *testing.T) map[*shape][]string {
	out := map[*shape][]string{}
	for _, on := range []string{"bucket", "object"} {
		for _, p := range permissions {
			w := newWorld(t, false)
			w.share(on, p)
			full := on + " " + p.Names()[0]
			for i := range shapes {
				s := &shapes[i]
				if s.from != "" {
					continue
				}
				want := s.inPlace() && !slices.ContainsFunc(s.actions(), func(a string) bool { return !gives(full, s, a) })
				got := w.try(s, foreign, named("carol")[0], byHeader)
				if s.inPlace() && got.allowed != want {
					t.Errorf("%s for one who is given %s: %s, but by the rules allowed=%t", s.title(), full, got, want)
				}
				if s.inPlace() && got.allowed && p != acl.FullControl {
					out[s] = append(out[s], full)
				}
			}
		}
	}
	return out
}

// gives reports whether a permission is what an action needs.
func gives(permission string, s *shape, action string) bool {
	need := byLists[action]
	on, what, _ := strings.Cut(permission, " ")
	if s.note == "no such key" { // nothing has a list; who may list the bucket may know it
		need = "bucket READ"
	}
	return need == permission || what == "FULL_CONTROL" && strings.HasPrefix(need, on)
}

// share gives carol a permission on the bucket foreign, or on all objects in it.
func (w *world) share(on string, p acl.Permission) {
	ctx := context.Background()
	list := acl.List{Grants: []acl.Grant{{Grantee: acl.Grantee{ID: iam.CanonicalID("carol")}, Permission: p}}}
	if on == "bucket" {
		w.check(w.store.SetBucketACL(ctx, foreign.name, list))
	} else {
		for _, key := range []string{"k", "tagged"} {
			w.setList(foreign.dir+key, "", list)
		}
		w.setList(foreign.dir+"k", w.versions[foreign.name+"/"+foreign.dir+"k"], list)
	}
	w.remember()
}

func (w *world) setList(key, version string, list acl.List) {
	_, err := w.store.SetObjectACL(context.Background(), object.SetACL{Bucket: foreign.name, Key: key, VersionID: version, ACL: list})
	w.check(err)
}
