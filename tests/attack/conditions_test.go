package attack

import (
	"strings"
	"testing"
)

// TestSpoofedConditions: what policies look at is not what a client says of itself.
func TestSpoofedConditions(t *testing.T) {
	t.Parallel()
	const stranger, proxied, office = "127.0.0.2", "127.0.0.9", "192.0.2.7"
	b := newBox(t) // 127.0.0.9 is the one trusted proxy, and there is one in front
	put := func(cond string) {
		t.Helper()
		b.do(b.alice.header("PUT", "/alice-box?policy", policyOf(statement("Allow", "*", "s3:GetObject", arn("alice-box/*"), `"Condition":`+cond)))).is(204)
	}
	get := (&req{method: "GET", target: "/alice-box/k", host: fixedHost})
	put(`{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}`)
	for _, from := range []string{stranger, proxied} {
		for _, lines := range [][]string{
			nil, {"X-Real-IP: " + office}, {"True-Client-IP: " + office}, {"CF-Connecting-IP: " + office}, {"Client-IP: " + office}, {"X-Client-IP: " + office}, {"X-Forwarded: for=" + office}, {"Forwarded-For: " + office},
			{"X-Forwarded-For: " + office + ", 198.51.100.1"}, {"X-Forwarded-For: " + office, "X-Forwarded-For: 198.51.100.1"}, {"X-Forwarded-For: " + office + ",198.51.100.1:80"}, {"X-Forwarded-For: " + office + ", [2001:db8::1]:80"},
			{"X-Forwarded-For: 198.51.100.1", "Forwarded: for=" + office}, {"Forwarded: for=" + office + ", for=198.51.100.1"}, {"Forwarded: for=\"" + office + "\";by=x, for=\"[2001:db8::1]\""},
			{"X-Forwarded-For: " + office + " 198.51.100.1"}, {"X-Forwarded-For: " + office + "x"}, {"X-Forwarded-For: 192.0.2.0/24"}, {"X-Forwarded-For: " + office + ","}, {"X-Forwarded-For: ," + office + ",unknown"},
			{"X-Forwarded-For: 0300.0.2.7"}, {"X-Forwarded-For: 192.0.519"}, {"X-Forwarded-For: 3221225991"}, {"X-Forwarded-For: 0xC0.0.2.7"}, {"x_forwarded_for: " + office}, {"X-Forwarded-For\t: " + office},
			{"Forwarded: for=198.51.100.1;for=" + office}, {"Forwarded: proto=https;for=_" + office}, {"X-Forwarded-Proto: https", "Forwarded: for=" + office},
		} {
			a, err := b.try(get.with(lines...).at(from))
			if err == nil {
				a.refused("from " + from + " with " + strings.Join(lines, "; ")).lacks("secret")
			}
		}
	}
	for _, lines := range [][]string{{"X-Forwarded-For: " + office}, {"Forwarded: for=" + office}, {"X-Forwarded-For: ::ffff:" + office}} {
		b.do(get.with(lines...).at(stranger)).is(403)
		b.do(get.with(lines...).at(proxied)).is(200)
		b.do(get.with(append(lines, "Connection: X-Forwarded-For, Forwarded")...).at(stranger)).is(403)
	}
	// A Deny by address cannot be left by spoofing either.
	put(`{"NotIpAddress":{"aws:SourceIp":"127.0.0.2"}}`)
	b.do(get.with("X-Forwarded-For: 198.51.100.1").at(stranger)).is(403)
	b.do(get.with("X-Forwarded-For: 198.51.100.1").at(proxied)).is(200)
	b.do(get.with("X-Forwarded-For: 198.51.100.1, 127.0.0.2").at(proxied)).is(403)
	put(`{"Bool":{"aws:SecureTransport":"true"}}`)
	for _, lines := range [][]string{
		nil, {"X-Forwarded-Proto: https"}, {"X-Forwarded-Ssl: on"}, {"Front-End-Https: on"}, {"X-Url-Scheme: https"}, {"Forwarded: proto=https"}, {"X-Forwarded-Protocol: https"}, {"X-Forwarded-Port: 443"}, {"X-Forwarded-Scheme: https"},
	} {
		b.do(get.with(lines...).at(stranger)).is(403)
	}
	b.do(get.with("X-Forwarded-Proto: https, http").at(proxied)).is(403)
	b.do(get.with("X-Forwarded-Proto: https", "X-Forwarded-Proto: http").at(proxied)).is(403)
	b.do(get.with("X-Forwarded-Proto: http", "Forwarded: proto=https").at(proxied)).is(403)
	b.do(get.with("X-Forwarded-Proto: https").at(proxied)).is(200)
	b.do((&req{method: "GET", target: "https://" + fixedHost + "/alice-box/k", host: fixedHost}).at(stranger)).is(403)
	tried("spoofed X-Forwarded-For, -Proto, Forwarded", "anonymous")

	// The host of a signature is that of the request, or what a trusted proxy says.
	signed := b.alice.header("GET", "/alice-box/k", "")
	b.do(signed.with("X-Forwarded-Host: evil.test").at(stranger)).is(200)
	other := *signed
	other.host = "evil.test"
	b.do(other.with("X-Forwarded-Host: " + fixedHost).at(stranger)).is(403)
	b.do(other.with("X-Forwarded-Host: " + fixedHost).at(proxied)).is(200)
	b.do(other.with("X-Forwarded-Host: " + fixedHost + ", evil.test").at(proxied)).is(403)
	b.do(other.with("X-Forwarded-Host: bob-box.s3.test").at(proxied)).is(403)
	tried("spoofed X-Forwarded-Host", "header")

	put(`{"StringLike":{"aws:Referer":"https://good.test/*"}}`)
	for _, lines := range [][]string{nil, {"Referer: "}, {"Referer: https://evil.test/https://good.test/"}, {"Referer: https://evil.test", "Referer: https://good.test/x"}, {"Referrer: https://good.test/x"}, {"Referer: HTTPS://GOOD.TEST/x"}} {
		b.do(get.with(lines...)).is(403)
	}
	b.do(get.with("Referer: https://good.test/x")).is(200)
	put(`{"StringNotLike":{"aws:Referer":"https://evil.test/*"},"StringLike":{"aws:UserAgent":"good/*"}}`)
	b.do(get.with("User-Agent: evil")).is(403)
	b.do(get).is(403)
	b.do(get.with("User-Agent: evil", "User-Agent: good/1")).is(403)
	put(`{"Null":{"aws:Referer":"true"}}`)
	b.do(get.with("Referer: x")).is(403)
	// A key that is absent does not satisfy a condition, and a Deny by its absence holds.
	b.do(b.alice.header("PUT", "/alice-box?policy", policyOf(statement("Allow", "*", "s3:GetObject", arn("alice-box/*"), ""), statement("Deny", "*", "s3:GetObject", arn("alice-box/*"), `"Condition":{"StringNotLike":{"aws:Referer":"https://good.test/*"}}`)))).is(204)
	b.do(get).is(403)
	b.do(get.with("Referer: https://good.test/x")).is(200)
	tried("conditions on Referer and User-Agent", "anonymous")

	// How a request was proven.
	b.do(b.alice.header("PUT", "/alice-box?policy", policyOf(statement("Allow", "bob", "s3:GetObject", arn("alice-box/*"), `"Condition":{"StringEquals":{"s3:authType":"REST-HEADER","s3:signatureversion":"AWS4-HMAC-SHA256"},"NumericLessThan":{"s3:signatureAge":"600000"}}`)))).is(204)
	b.do(b.bob.header("GET", "/alice-box/k", "")).is(200)
	b.do(b.bob.presigned("GET", "/alice-box/k", "")).is(403)
	b.do(b.bob.v2("GET", "/alice-box/k", "")).is(403)
	b.do(b.bob.pair("GET", "/alice-box/k", "")).is(403)
	b.do(nobody.sign(get.with("s3:authType: REST-HEADER"))).is(403)
	tried("conditions on the proof", "header", "presigned", "v2", "pair", "anonymous")

	// Upload conditions: what counts is what is stored.
	b.do(b.alice.header("PUT", "/alice-box?policy", policyOf(statement("Allow", "bob", "s3:PutObject s3:PutObjectTagging s3:PutObjectAcl", arn("alice-box/*"), `"Condition":{"StringEquals":{"s3:RequestObjectTag/class":"public","s3:x-amz-acl":"bucket-owner-full-control"}}`)))).is(204)
	const full, public = "x-amz-acl: bucket-owner-full-control", "x-amz-tagging: class=public"
	b.do(b.bob.header("PUT", "/alice-box/n", "x", full, public)).is(200)
	for _, lines := range [][]string{
		nil, {full}, {public}, {full, "x-amz-tagging: class=secret"}, {full, "x-amz-tagging: class=secret&class=public"}, {full, "x-amz-tagging: Class=public"}, {public, "x-amz-acl: public-read"},
		{public, "x-amz-acl: bucket-owner-full-control ", "x-amz-acl: public-read"}, {full, "x-amz-tagging: class=secret", public}, {full, public, "x-amz-grant-read: uri=http://acs.amazonaws.com/groups/global/AllUsers"},
	} {
		b.do(b.bob.header("PUT", "/alice-box/m", "x", lines...)).refused(strings.Join(lines, "; "))
		b.do(b.bob.pair("PUT", "/alice-box/m", "x", lines...)).refused(strings.Join(lines, "; "))
	}
	b.do(b.bob.pair("PUT", "/alice-box/m?x-amz-tagging=class%3Dpublic&x-amz-acl=bucket-owner-full-control", "x")).is(403)
	b.do(b.bob.form("alice-box", `{"key":"m"},["starts-with","$tagging",""]`, "x", field{"key", "m"}, field{"tagging", "<Tagging><TagSet><Tag><Key>class</Key><Value>public</Value></Tag></TagSet></Tagging>"})).is(403)
	tried("conditions on what is written", "header", "pair", "form")
}

// TestSessions: a session is its own key, secret and token, within its policy, and ends with what it came from.
func TestSessions(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	a1, a2, other := b.session(b.alice, ""), b.session(b.alice, ""), b.session(b.bob, "")
	get := func(u user) []*req {
		return []*req{
			u.header("GET", "/alice-box/k", ""), u.presigned("GET", "/alice-box/k", ""), u.pair("GET", "/alice-box/k", ""), u.streamed("/alice-box/n", true, []string{"x"}, nil),
			u.form("alice-box", `{"key":"f"}`, "x", field{"key", "f"}),
		}
	}
	for i, r := range get(a1) {
		if s := b.do(r).status; s != 200 && s != 204 {
			t.Fatalf("way %d: %d", i, s)
		}
	}
	mix := func(key, secret, token user) user {
		return user{key: key.key, secret: secret.secret, token: token.token}
	}
	cut := func(u user, token string) user { u.token = token; return u }
	flipped := []byte(a1.token)
	flipped[len(flipped)/2] ^= 1
	for name, u := range map[string]user{
		"no token": cut(a1, ""), "the other's token": mix(a1, a1, a2), "the other's key": mix(a2, a1, a1), "the other's secret": mix(a1, a2, a1), "a foreign token": mix(a1, a1, other),
		"the user's key": mix(b.alice, a1, a1), "the user's key and secret": mix(b.alice, b.alice, a1), "the root's key": mix(root, a1, a1), "an altered token": cut(a1, string(flipped)),
		"a token cut": cut(a1, a1.token[:len(a1.token)-1]), "a token and more": cut(a1, a1.token+"A"), "a token twice": cut(a1, a1.token+a1.token), "a token of nothing": cut(a1, "AAAA"), "a long token": cut(a1, strings.Repeat("A", 8000)),
		"a padded token": cut(a1, a1.token+"="), "a token of the future": cut(a1, "Ag"+a1.token[2:]),
	} {
		for _, r := range get(u) {
			b.do(r).refused(name)
		}
	}
	// A session makes no sessions, and a stripped one is not its user.
	for _, form := range []string{"Action=GetSessionToken", "Action=AssumeRole&RoleSessionName=xx&RoleArn=x"} {
		b.do(a1.sts(form)).is(403)
		b.do(cut(a1, "").sts(form)).refused("stripped")
	}
	for _, form := range []string{
		"Action=AssumeRole&RoleSessionName=xx&DurationSeconds=999999", "Action=AssumeRole&RoleSessionName=xx&DurationSeconds=1", "Action=GetSessionToken&DurationSeconds=-1", "Action=GetSessionToken&DurationSeconds=9999999999999999999",
		"Action=AssumeRole&RoleSessionName=../x", "Action=AssumeRole&RoleSessionName=xx&Policy=", "Action=AssumeRole&RoleSessionName=xx&Policy={}", "Action=AssumeRole&RoleSessionName=xx&Policy=" + escape(strings.Repeat(" ", 2049)),
		"Action=AssumeRole&RoleSessionName=xx&PolicyArns.member.1.arn=x", "Action=AssumeRole&RoleSessionName=xx&Action=GetCallerIdentity", "Action=GetSessionToken&Policy=x", "Action=GetFederationToken&Name=x", "Action=AssumeRoleWithWebIdentity",
	} {
		r := b.alice.sts(form)
		r.tells = true
		if a := b.do(r); a.status == 200 && !strings.Contains(form, "Policy=") {
			a.fail("it is granted: %s", form)
		} else if a.status == 200 && form != "Action=AssumeRole&RoleSessionName=xx&Policy=" {
			a.fail("it is granted: %s", form)
		}
	}
	// A policy narrows and never widens.
	wide := b.session(b.mallory, policyOf(`{"Effect":"Allow","Action":"*","Resource":"*"}`))
	for _, target := range []string{"/alice-box/k", "/bob-box/k", "/alice-box", "/iam/users", "/admin/audit-log"} {
		b.do(wide.header("GET", target, "")).refused("a wide session of a user without rights")
	}
	b.do(wide.header("PUT", "/mallory-box", "")).is(403)
	narrow := b.session(root, policyOf(`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::alice-box/*"}`))
	b.do(narrow.header("GET", "/alice-box/k", "")).is(200)
	for _, r := range []*req{
		narrow.header("GET", "/bob-box/k", ""), narrow.header("PUT", "/alice-box/k", "x"), narrow.header("DELETE", "/alice-box/k", ""), narrow.header("GET", "/alice-box", ""), narrow.header("PUT", "/new-box", ""),
		narrow.header("GET", "/alice-box?policy", ""), narrow.header("DELETE", "/alice-box?policy", ""), narrow.header("GET", "/iam/users", ""), narrow.header("POST", "/iam/users", "{}"), narrow.header("GET", "/admin/audit-log", ""),
		narrow.header("POST", "/iam/users/"+b.alice.id+"/keys", ""), narrow.header("POST", "/kms/keys", "{}"), narrow.header("POST", "/admin/gc/run", "{}"), narrow.header("PUT", "/alice-box/c", "", "x-amz-copy-source: /bob-box/k"),
		narrow.header("POST", "/admin/presign", `{"bucket":"bob-box","key":"k"}`), narrow.header("POST", "/iam/simulate", `{"user":"`+b.alice.id+`","action":"read","bucket":"x","key":"k"}`), narrow.sts("Action=GetSessionToken"),
	} {
		b.do(r).refused("a narrowed session of the administrator")
	}
	b.do(narrow.header("GET", "/", "")).lacks("bob-box</Name>")
	// A narrowed session gets no key that is not narrowed.
	eve := b.newUser("eve", `[{"bucket":"*","actions":["read","iam:create_key","iam:rotate_key","iam:list_users","iam:create_user","iam:update_policy"]}]`)
	small := b.session(eve, policyOf(`{"Effect":"Allow","Action":["iam:CreateAccessKey","iam:RotateAccessKey"],"Resource":"*"}`))
	b.do(small.header("POST", "/iam/users/"+eve.id+"/keys", "").secret()).is(403)
	b.do(small.header("POST", "/iam/users/"+eve.id+"/rotate", "").secret()).is(403)
	tried("sessions: stolen, altered, widened, chained", "session", "sts", "admin", "presigned", "pair", "form", "trailer")

	// It ends with its user, its key and its secret.
	mine := get(a1)[0]
	for _, c := range []struct{ off, on string }{{"/disable", "/enable"}, {"/keys/" + b.alice.key + "/disable", "/keys/" + b.alice.key + "/enable"}} {
		b.do(root.header("POST", "/iam/users/"+b.alice.id+c.off, "")).is(200)
		b.do(mine).refused("revoked")
		b.do(root.header("POST", "/iam/users/"+b.alice.id+c.on, "")).is(200)
		b.do(mine).is(200)
	}
	b.do(root.header("POST", "/iam/users/"+b.alice.id+"/rotate", "").secret()).is(200)
	b.do(mine).refused("of a rotated secret")
	tried("sessions of revoked credentials", "session")
}
