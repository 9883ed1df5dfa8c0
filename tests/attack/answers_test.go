package attack

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"regexp"
	"strings"
	"testing"
)

var named = regexp.MustCompile(`&#x[0-9a-f]{1,4};`)

// wellFormed requires a document that parses, without anything a browser would run.
func (a *answer) wellFormed() *answer {
	a.w.t.Helper()
	if a.header.Get("X-Content-Type-Options") != "nosniff" {
		a.fail("no nosniff")
	}
	kind := a.header.Get("Content-Type")
	switch {
	case a.body == "":
	case strings.HasPrefix(kind, "application/xml"), strings.HasPrefix(kind, "text/xml"):
		// Control characters are named by number, as S3 does and this parser does not like.
		d := xml.NewDecoder(strings.NewReader(named.ReplaceAllString(a.body, "?")))
		for {
			_, err := d.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				a.fail("the XML is not well formed: %v", err)
				break
			}
		}
	case strings.HasPrefix(kind, "application/json"):
		if !json.Valid([]byte(a.body)) {
			a.fail("the JSON is not valid")
		}
	default:
		a.fail("a document of type %q", kind)
	}
	if strings.Contains(a.body, "<script") || strings.Contains(a.body, "<img") {
		a.fail("markup of the request")
	}
	return a
}

// TestAnswersEscape: what a request says is quoted in answers as text alone, and splits no header.
func TestAnswersEscape(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	alice := b.alice
	const evil = `<script>alert(1)</script><img src=x onerror=alert(1)>"'&]]>` + "\u2028"
	control := evil + "\x01\x0b\x1f\x7f\r\nX-Evil: 1\r\n\r\n"
	for _, text := range []string{evil, control, "\x00", "\ufffe", "\u0085", strings.Repeat("<", 300)} {
		e := escape(text)
		for _, r := range []*req{
			{method: "GET", target: "/" + e}, {method: "GET", target: "/" + e + "/k"}, {method: "GET", target: "/alice-box/" + e}, {method: "GET", target: "/alice-box?" + e}, {method: "GET", target: "/alice-box?x=" + e}, {method: "GET", target: "/alice-box/k?versionId=" + e},
			{method: "GET", target: "/alice-box?prefix=" + e + "&delimiter=" + e + "&marker=" + e}, {method: "GET", target: "/alice-box?list-type=2&start-after=" + e + "&continuation-token=" + e}, {method: "GET", target: "/alice-box?uploads&key-marker=" + e + "&upload-id-marker=" + e},
			{method: "GET", target: "/alice-box?versions&key-marker=" + e + "&version-id-marker=" + e}, {method: "GET", target: "/alice-box?max-keys=" + e}, {method: "GET", target: "/alice-box/k?uploadId=" + e},
			{method: "GET", target: "/alice-box?encoding-type=" + e}, {method: "PUT", target: "/" + e}, {method: "POST", target: "/alice-box/k?" + e + "=1"}, {method: "GET", target: "/iam/users/" + e}, {method: "DELETE", target: "/iam/users/" + e}, {method: "GET", target: "/admin/" + e}, {method: "GET", target: "/kms/" + e},
			{method: "GET", target: "/admin/policy-presets?bucket=" + e}, {method: "GET", target: "/admin/audit-log?before=" + e}, {method: "OPTIONS", target: "/alice-box/" + e, lines: []string{"Origin: https://x", "Access-Control-Request-Method: GET"}},
		} {
			for _, u := range []user{nobody, alice, root} {
				a := b.do(u.sign(r))
				a.wellFormed()
				if a.header.Get("X-Evil") != "" {
					a.fail("the header was split")
				}
			}
		}
		for _, doc := range []string{"<" + text, "<Tagging><TagSet><Tag><Key>" + text + "</Key><Value/></Tag></TagSet></Tagging>", `{"` + text} {
			for _, target := range []string{"/alice-box/k?tagging", "/alice-box?acl", "/alice-box?policy", "/alice-box?cors"} {
				b.do(alice.header("PUT", target, doc)).wellFormed()
			}
		}
		j, _ := json.Marshal(text)
		for _, doc := range []string{`{"display_name":` + string(j) + `,"policies":[{"bucket":` + string(j) + `,"actions":[` + string(j) + `]}]}`, `{"user":` + string(j) + `,"action":` + string(j) + `,"bucket":` + string(j) + `}`} {
			for _, target := range []string{"/iam/users", "/iam/simulate", "/admin/presign"} {
				b.do(root.header("POST", target, doc).secret()).wellFormed()
			}
		}
		b.do(alice.sts("Action=" + e + "&Version=" + e)).wellFormed()
		b.do(alice.sts("Action=AssumeRole&RoleSessionName=" + e)).wellFormed()
		b.do(nobody.sign((&req{method: "GET", target: "/alice-box/k"}).with("Authorization: AWS4-HMAC-SHA256 Credential=" + strings.Map(printable, text) + "/20200101/x/s3/aws4_request"))).wellFormed()
		b.do(user{key: strings.Map(printable, text), secret: "x"}.pair("GET", "/", "")).wellFormed()
		b.do(alice.form("alice-box", `["starts-with","$key",""]`, "x", field{"key", "f/" + strings.Map(printable, text)})).wellFormed()
		b.do(alice.form("alice-box", `{"key":"x"}`, "x", field{"key", strings.Map(printable, text)})).wellFormed()
	}
	// Keys and metadata that exist come out as they went in, as text.
	for _, key := range []string{evil, control, "a\r\nX-Evil: 1", `"/><script>`} {
		target := "/alice-box/" + escape(key)
		b.do(alice.header("PUT", target, "x", "x-amz-meta-a: <script>alert(1)</script>", "Content-Disposition: inline")).is(200)
		for _, list := range []string{"/alice-box", "/alice-box?list-type=2", "/alice-box?versions", "/alice-box?encoding-type=url", "/alice-box?delimiter=%3C"} {
			b.do(alice.header("GET", list, "")).is(200).wellFormed()
		}
		a := b.do(alice.header("GET", target, "")).is(200)
		if a.header.Get("X-Content-Type-Options") != "nosniff" || a.header.Get("X-Evil") != "" {
			a.fail("%v", a.header)
		}
		b.do(alice.header("DELETE", target, "")).is(204)
	}
	tried("markup and line ends in answers", "anonymous", "header", "admin", "sts", "form", "pair")

	// Overrides are for who signs, and carry no line ends.
	for _, v := range []string{"text/html%0d%0aX-Evil: 1", "a%0aX-Evil:1", "a%00b", "%0d"} {
		v = strings.ReplaceAll(v, " ", "%20")
		for _, name := range []string{"content-type", "content-disposition", "cache-control", "content-encoding", "content-language", "expires"} {
			a := b.do(alice.presigned("GET", "/alice-box/k?response-"+name+"="+v, "")).refused("line ends in an override")
			if a.header.Get("X-Evil") != "" {
				a.fail("the header was split")
			}
		}
	}
	for _, line := range []string{"x-amz-meta-a: b\x00c", "x-amz-meta-a: b\rX-Evil: 1", "x-amz-meta-\x01: a", "Content-Type: text/html\x0bX", "x-amz-website-redirect-location: javascript:alert(1)", "x-amz-website-redirect-location: /a\x00"} {
		a, err := b.try(alice.header("PUT", "/alice-box/h", "x").with(line))
		if err == nil {
			a.refused(line)
		}
	}
	for _, f := range []field{{"x-amz-meta-a", "b\r\nX-Evil: 1"}, {"Content-Type", "text/html\nX-Evil: 1"}, {"x-amz-meta-a\r\nX-Evil", "1"}, {"Content-Disposition", "a\x00"}, {"x-amz-website-redirect-location", "javascript:alert(1)"}} {
		b.do(alice.form("alice-box", `{"key":"h"},["starts-with","$`+strings.ToLower(strings.Map(printable, f.name))+`",""]`, "x", field{"key", "h"}, f))
		if a := b.do(alice.header("GET", "/alice-box/h", "")); a.header.Get("X-Evil") != "" || strings.Contains(a.header.Get("X-Amz-Website-Redirect-Location"), "javascript") {
			a.fail("%q made a header: %v", f.name, a.header)
		}
		b.do(alice.header("DELETE", "/alice-box/h", ""))
	}
	tried("line ends in stored headers and overrides", "presigned", "header", "form")

	// A form leads the browser to this host and no other.
	for _, to := range []string{
		"https://evil.test/", "http://evil.test:5000/", "//evil.test/", "http://" + fixedHost + "@evil.test/", "http://evil.test/" + fixedHost, "javascript:alert(1)", "data:text/html,x", "http://" + fixedHost + ".evil.test/", `http://` + fixedHost + `\@evil.test/`, "http:evil.test", "http:///evil.test",
		"http://" + fixedHost + "\r\nX-Evil: 1", "HTTP://EVIL.TEST", "http://attack.test:80/", "http://[::1]/", "http://" + fixedHost + "%2eevil.test/",
	} {
		for _, name := range []string{"success_action_redirect", "redirect"} {
			a := b.do(alice.form("alice-box", `{"key":"f"},["starts-with","$`+name+`",""]`, "x", field{"key", "f"}, field{name, to}))
			if loc := a.header.Get("Location"); a.status/100 == 3 || strings.Contains(strings.ToLower(loc), "evil") || a.header.Get("X-Evil") != "" {
				a.fail("%s leads to %q", name, loc)
			}
		}
	}
	tried("open redirects", "form")

	// Scripts of other sites get no credentials.
	for _, target := range []string{"/alice-box/k", "/alice-box", "/iam/users", "/"} {
		for _, origin := range []string{"https://evil.test", "null", "file://", "https://" + fixedHost + ".evil.test"} {
			for _, method := range []string{"GET", "OPTIONS"} {
				a := b.do(alice.header(method, target, "", "Origin: "+origin, "Access-Control-Request-Method: PUT", "Access-Control-Request-Headers: x-access-key, authorization"))
				if a.header.Get("Access-Control-Allow-Credentials") != "" {
					a.fail("credentials for %s", origin)
				}
				if strings.HasPrefix(target, "/iam") && a.header.Get("Access-Control-Allow-Origin") != "" {
					a.fail("administration from %s", origin)
				}
			}
		}
	}
	tried("scripts of other sites", "header", "admin")
}

func printable(r rune) rune {
	if r < ' ' || r == 0x7f || r == '/' {
		return -1
	}
	return r
}
