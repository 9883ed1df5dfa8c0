package attack

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
)

// TestEscalation: who may do a little with users does not become an administrator by it.
func TestEscalation(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	who := func() string { return b.do(root.header("GET", "/iam/users", "")).is(200).body }
	rootID := ""
	var list struct {
		Users []struct {
			UserID    string `json:"user_id"`
			AccessKey string `json:"access_key"`
		}
	}
	if err := json.Unmarshal([]byte(who()), &list); err != nil {
		t.Fatal(err)
	}
	for _, u := range list.Users {
		if u.AccessKey == root.key {
			rootID = u.UserID
		}
	}
	const verbs = `"iam:list_users","iam:create_user","iam:delete_user","iam:rotate_key","iam:update_policy","iam:create_key","iam:delete_key","iam:get_user","iam:get_policy"`
	manager := b.newUser("manager", `[{"bucket":"*","actions":[`+verbs+`]}]`) // all but iam:disable_user
	before := who()
	admin := []string{
		`[{"bucket":"*","actions":["iam:*"]}]`, `[{"bucket":"*","actions":["IAM:*"]}]`, `[{"bucket":" * ","actions":["iam:*"]}]`, `[{"bucket":"*","actions":["iam:disable_user"]}]`, `[{"bucket":"*","actions":["iam:DisableUser"]}]`,
		`[{"bucket":"*","actions":["iam:d*"]}]`, `[{"bucket":"*","actions":[" iam:* "]}]`, `[{"bucket":"*","actions":["iam:**"]}]`, `[{"bucket":"*","actions":["kms:*"]}]`, `[{"bucket":"*","prefix":"*","actions":["iam:*"]}]`, `[{"bucket":"*","prefix":"","actions":["iam:*"]}]`,
		`[{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}]`, `[{"Version":"2012-10-17","Statement":{"Effect":"Allow","NotAction":"s3:GetObject","Resource":"*"}}]`,
		`[{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"127.0.0.1"}}}]}]`, `[{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"i?m:Disable*","NotResource":"arn:aws:s3:::x"}]}]`,
		`[{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"iam:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}},{"Effect":"Allow","Action":"iam:*","Resource":"*"}]}]`,
		`[{"bucket":"*","actions":["list"]},{"bucket":"*","actions":["iam:*"]}]`, `[{"bucket":"*","Bucket":"x","actions":["iam:*"]}]`, `[{"bucket":"x","actions":["iam:*"],"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"}]}]`,
	}
	for _, p := range admin {
		for _, r := range []*req{
			manager.header("PUT", "/iam/users/"+manager.id+"/policies", p), manager.header("PUT", "/iam/users/"+b.mallory.id+"/policies", p), manager.header("PUT", "/iam/users/"+b.mallory.id+"/policies", `{"policies":`+p+`}`),
			manager.header("POST", "/iam/users", `{"display_name":"eve","policies":`+p+`}`), manager.pair("POST", "/admin/iam/users", `{"display_name":"eve","policies":`+p+`}`),
		} {
			r.tells = true
			b.do(r).refused("granted by a manager: " + p)
		}
	}
	for _, target := range []string{rootID, root.key} {
		for _, r := range []*req{
			manager.header("POST", "/iam/users/"+target+"/keys", ""), manager.header("POST", "/iam/users/"+target+"/rotate", ""), manager.header("PUT", "/iam/users/"+target+"/policies", `[]`), manager.header("DELETE", "/iam/users/"+target, ""),
			manager.header("DELETE", "/iam/users/"+target+"/keys/"+root.key, ""), manager.header("POST", "/iam/users/"+target+"/keys/"+root.key+"/disable", ""), manager.header("POST", "/iam/users/"+target+"/disable", ""),
			manager.header("POST", "/iam/users/"+target+"/expiry", `{"expires_at":"2001-01-01T00:00:00Z"}`), manager.header("POST", "/iam/users/"+target+"/name", `{"display_name":"x"}`), manager.header("DELETE", "/iam/users/"+target+"/expiry", ""),
		} {
			r.tells = true
			b.do(r).refused("an administrator changed by a manager")
		}
	}
	// Names and keys of others are not to be had.
	for _, doc := range []string{
		`{"display_name":"alice","policies":[]}`, `{"display_name":"` + b.alice.id + `","policies":[]}`, `{"display_name":"` + root.key + `","policies":[]}`, `{"access_key":"` + root.key + `","policies":[]}`, `{"access_key":"alice","policies":[]}`,
		`{"access_key":"` + rootID + `","policies":[]}`, `{"user_id":"` + rootID + `","display_name":"Local Admin","policies":[]}`, `{"display_name":"x","access_key":"AK/../x","policies":[]}`, `{"display_name":"x","secret_key":"short","policies":[]}`,
		`{"display_name":"x","access_keys":[{"access_key":"` + root.key + `"}],"policies":[{"bucket":"*","actions":["iam:*"]}]}`, `{"display_name":"x\u0000","policies":[]}`, `{"display_name":"x","policies":[],"policies":[{"bucket":"*","actions":["iam:*"]}]}`,
	} {
		r := manager.header("POST", "/iam/users", doc)
		r.tells = true
		b.do(r).refused("taken over: " + doc)
	}
	if after := who(); after != before {
		t.Errorf("the users changed:\n%s\n%s", before, after)
	}
	// A key of one who may more in administration is not made by one who may less.
	peer := b.newUser("peer", `[{"bucket":"*","actions":["iam:disable_user"]}]`)
	r := manager.header("POST", "/iam/users/"+peer.id+"/keys", "")
	r.tells = true
	b.do(r).refused("the key of one with other rights")
	// Who has no such right does not change himself.
	for _, u := range []user{b.mallory, b.alice} {
		for _, r := range []*req{
			u.header("PUT", "/iam/users/"+u.id+"/policies", `[{"bucket":"*","actions":["*"]}]`), u.header("POST", "/iam/users/"+u.id+"/keys", ""), u.header("POST", "/iam/users/"+u.id+"/enable", ""), u.header("GET", "/iam/users/"+u.id, ""),
			u.header("POST", "/iam/simulate", `{"anonymous":true,"action":"read","bucket":"bob-box","key":"k"}`), u.header("GET", "/admin/audit-log", ""),
		} {
			r.tells = true
			b.do(r).is(403)
		}
	}
	tried("escalation by rights over users", "admin", "header", "pair")

	// The last administrator stays.
	for _, r := range []*req{
		root.header("DELETE", "/iam/users/"+rootID, ""), root.header("POST", "/iam/users/"+rootID+"/disable", ""), root.header("POST", "/iam/users/"+rootID+"/keys/"+root.key+"/disable", ""), root.header("DELETE", "/iam/users/"+rootID+"/keys/"+root.key, ""),
		root.header("PUT", "/iam/users/"+rootID+"/policies", `[]`), root.header("PUT", "/iam/users/"+rootID+"/policies", `[{"bucket":"*","actions":["*"]}]`), root.header("POST", "/iam/users/"+rootID+"/expiry", `{"expires_at":"2001-01-01T00:00:00Z"}`),
	} {
		b.do(r).refused("the last administrator")
	}
	b.do(root.header("GET", "/iam/users", "")).is(200)
	tried("the last administrator locked out", "admin")
}

// TestOnesOwnPolicy: the policy of one's own bucket is about that bucket.
func TestOnesOwnPolicy(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	for _, p := range []string{
		policyOf(statement("Allow", "*", "s3:GetObject", arn("bob-box/*"), "")), policyOf(statement("Allow", "*", "s3:*", "*", "")), policyOf(statement("Allow", "*", "s3:*", arn("*"), "")), policyOf(statement("Allow", "*", "s3:GetObject", arn("*/k"), "")),
		policyOf(statement("Allow", "*", "s3:GetObject", arn("alice-box/../bob-box/*"), "")), policyOf(statement("Allow", "*", "s3:GetObject", arn("alice-box*"), "")), policyOf(statement("Allow", "*", "s3:GetObject", arn("alice-bo?/*"), "")), policyOf(statement("Allow", "*", "s3:GetObject", arn("ALICE-BOX/*"), "")),
		policyOf(statement("Allow", "*", "s3:GetObject", arn("${aws:username}-box/*"), "")), policyOf(statement("Allow", "*", "s3:GetObject", arn("bob-box/*")+" "+arn("alice-box/*"), "")),
		strings.Replace(policyOf(statement("Allow", "*", "s3:GetObject", arn("alice-box/*"), "")), `"Resource"`, `"NotResource"`, 1), strings.Replace(policyOf(statement("Allow", "*", "s3:*", arn("alice-box/x"), "")), `"Resource":[`, `"Resource":["arn:aws:s3:::bob-box/*",`, 1),
	} {
		if a := b.do(b.alice.header("PUT", "/alice-box?policy", p)); a.status == 204 {
			for _, u := range []user{nobody, b.mallory, b.alice} {
				for _, method := range []string{"GET", "PUT", "DELETE"} {
					b.do(u.sign(&req{method: method, target: "/bob-box/k"})).is(403)
					b.do(u.sign(&req{method: method, target: "/bob-box"})).refused(p)
				}
			}
		}
	}
	for _, p := range []string{
		policyOf(statement("Allow", "*", "iam:*", arn("alice-box"), "")), policyOf(statement("Allow", "mallory", "*", arn("alice-box")+" "+arn("alice-box/*"), "")),
	} {
		b.do(b.alice.header("PUT", "/alice-box?policy", p))
		for _, target := range []string{"/iam/users", "/admin/audit-log", "/admin/iam/users"} {
			b.do(b.mallory.header("GET", target, "")).is(403)
		}
		b.do(b.mallory.header("POST", "/kms/keys", "{}")).is(403)
		b.do(b.mallory.header("PUT", "/alice-box?quota", `{}`)).refused("a quota by a policy")
	}
	tried("a bucket's policy about other buckets", "header", "anonymous", "admin")

	// What held for a bucket does not hold for the next of its name.
	b.do(b.alice.header("PUT", "/alice-box?policy", policyOf(statement("Allow", "*", "s3:*", arn("alice-box")+" "+arn("alice-box/*"), "")))).is(204)
	b.do(b.alice.header("PUT", "/alice-box?acl", "", "x-amz-acl: public-read-write")).is(200)
	b.do(b.alice.header("PUT", "/alice-box?cors", `<CORSConfiguration><CORSRule><AllowedOrigin>https://evil.test</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>`)).is(200)
	b.do(nobody.sign(&req{method: "GET", target: "/alice-box/k"})).is(200)
	upload := b.do(b.alice.header("POST", "/alice-box/up?uploads", "")).is(200).xml("UploadId")
	b.do(b.alice.header("DELETE", "/alice-box/up?uploadId="+upload, "")).is(204)
	b.do(b.alice.header("DELETE", "/alice-box/k", "")).is(204)
	b.do(b.alice.header("DELETE", "/alice-box", "")).is(204)
	for _, u := range []user{nobody, b.alice} { // no policy stays behind that would open what is not there
		b.do(u.sign(&req{method: "GET", target: "/alice-box"})).refused("a removed bucket")
	}
	b.do(b.bob.header("PUT", "/alice-box", "")).is(200)
	b.do(b.bob.header("PUT", "/alice-box/k", "of bob")).is(200)
	for _, u := range []user{nobody, b.alice, b.mallory} {
		for _, target := range []string{"/alice-box", "/alice-box/k", "/alice-box?acl", "/alice-box?policy", "/alice-box/k?acl", "/alice-box/up?uploadId=" + upload, "/alice-box?versions"} {
			for _, method := range []string{"GET", "PUT", "DELETE"} {
				b.do(u.sign(&req{method: method, target: target})).refused("of the owner before").lacks("of bob")
			}
		}
	}
	a := b.do((&req{method: "GET", target: "/alice-box/k", host: fixedHost}).with("Origin: https://evil.test"))
	if a.header.Get("Access-Control-Allow-Credentials") != "" {
		a.fail("credentials for another site")
	}
	b.do(b.alice.header("PUT", "/alice-box", "")).is(409)
	b.do(b.bob.header("GET", "/alice-box/k", "")).is(200)
	tried("a bucket's name used again", "header", "anonymous")

	// Lists: granting is a right, and no list makes its reader an owner.
	b.do(b.bob.header("PUT", "/bob-box/shared", "x", "x-amz-acl: public-read")).is(200)
	for _, u := range []user{nobody, b.mallory} {
		for _, r := range []*req{
			{method: "PUT", target: "/bob-box/shared?acl", lines: []string{"x-amz-acl: public-read-write"}}, {method: "PUT", target: "/bob-box/shared", body: "y"}, {method: "DELETE", target: "/bob-box/shared"}, {method: "GET", target: "/bob-box/shared?acl"},
			{method: "PUT", target: "/bob-box?acl", lines: []string{"x-amz-acl: public-read"}}, {method: "PUT", target: "/bob-box?ownershipControls", body: "<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>"},
			{method: "DELETE", target: "/bob-box?publicAccessBlock"}, {method: "PUT", target: "/bob-box/shared?tagging", body: "<Tagging><TagSet/></Tagging>"},
		} {
			b.do(u.sign(r)).is(403)
		}
	}
	b.do(b.bob.header("PUT", "/bob-box/shared?acl", `<AccessControlPolicy><Owner><ID>`+strings.Repeat("a", 64)+`</ID></Owner><AccessControlList/></AccessControlPolicy>`)).refused("another owner by a list")
	tried("lists by others than the owner", "header", "anonymous")
}

// TestManyChangesAtOnce: of a hundred changes by HTTP at the same time none is lost, and nobody is more afterwards than he was made.
func TestManyChangesAtOnce(t *testing.T) {
	t.Parallel()
	w := start(t)
	const n = 100
	var all sync.WaitGroup
	slots := make(chan struct{}, 10)
	for i := range n {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			w.do(root.header("POST", "/iam/users", fmt.Sprintf(`{"display_name":"user %d","access_key":"AKMANY%d","secret_key":"planted-many-%d","policies":[{"bucket":"b%d","actions":["read"]}]}`, i, i, i, 100+i)).secret()).is(201)
		})
	}
	all.Wait()
	var list struct{ Users []json.RawMessage }
	if err := json.Unmarshal([]byte(w.do(root.header("GET", "/iam/users", "")).body), &list); err != nil || len(list.Users) != n+1 {
		t.Errorf("%d users, %v", len(list.Users), err)
	}
	for i := range n {
		u := user{key: fmt.Sprint("AKMANY", i), secret: fmt.Sprint("planted-many-", i)}
		w.do(u.header("GET", "/iam/users", "")).is(403)
	}
	tried("many changes at once", "admin")
}
