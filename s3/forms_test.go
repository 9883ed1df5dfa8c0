package s3

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"myfsio/cors"
)

// upload posts the fields, lines of "name: value", as @auth how would.
func (w *world) upload(how, who, target, lines string) (int, string, http.Header) {
	w.t.Helper()
	res, err := transport.RoundTrip(w.posting(how, who, target, lines))
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return res.StatusCode, string(body), res.Header
}

func (w *world) posting(how, who, target, lines string) *http.Request {
	w.t.Helper()
	req, err := w.request(&exchange{auth: how, who: who, method: "POST", target: target, body: lines, size: -1})
	if err != nil {
		w.t.Fatal(err)
	}
	return req
}

// TestFormRights checks which rights an upload asks for: those of a PutObject to its key, by whoever signed it or nobody.
func TestFormRights(t *testing.T) {
	const conditions = `policy: {"expiration": "(until)", "conditions": [{"bucket": "box"}, ["starts-with", "$key", "u/"], ["starts-with", "$acl", ""], ["starts-with", "$tagging", ""], (proof)]}`
	const tagging = "tagging: <Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>\n"
	for _, tt := range []struct {
		how, who, fields string
		allow            []string
		status           int
		asked            string
	}{
		{"form", "user", "key: u/${filename}\n" + conditions, []string{"user PutObject box/u/f.txt s3:PutObject"}, 204, "user PutObject box/u/f.txt s3:PutObject"},
		{"form", "user", "key: u/${filename}\n" + conditions, nil, 403, "user PutObject box/u/f.txt s3:PutObject"},
		{"form-anonymous", "user", "key: u/k", []string{"nobody PutObject box/u/k *"}, 204, "nobody PutObject box/u/k s3:PutObject"},
		{"form-anonymous", "user", "key: other", []string{"nobody PutObject box/u/k *"}, 403, "nobody PutObject box/other s3:PutObject"},
		{"form", "user", "key: u/k\nacl: public-read\n" + conditions, []string{"user PutObject * *"}, 403, "user PutObject box/u/k s3:PutObject, user PutObjectAcl box/u/k s3:PutObjectAcl"},
		{"form", "user", "key: u/k\nacl: private\n" + conditions, []string{"user PutObject * *"}, 204, "user PutObject box/u/k s3:PutObject"},
		{"form", "user", "key: u/k\n" + tagging + conditions, []string{"user PutObject * *"}, 403, "user PutObject box/u/k s3:PutObject, user PutObjectTagging box/u/k s3:PutObjectTagging"},
		{"form", "user", "key: u/k\n" + tagging + conditions, []string{"user * * *"}, 204, "user PutObject box/u/k s3:PutObject, user PutObjectTagging box/u/k s3:PutObjectTagging"},
		{"form", "user", "key: out\n" + conditions, []string{"user * * *"}, 403, ""},
		{"form-v2", "user", "key: u/k\n" + conditions, []string{"user * * *"}, 204, "user PutObject box/u/k s3:PutObject"},
		{"form-v2", "wrong", "key: u/k\n" + conditions, []string{"user * * *"}, 403, ""},
	} {
		a := &rules{allow: tt.allow}
		w := newWorld(t, memory, func(c *Config) { c.Gate.Authorizer = a; c.Auth.SigV2 = true })
		w.bucket("box")
		status, body, _ := w.upload(tt.how, tt.who, "/box", tt.fields+"\nfile f.txt: data")
		if asked := strings.Join(a.take(), ", "); status != tt.status || asked != tt.asked {
			t.Errorf("%s %s %q: status %d, asked %s\n%s", tt.how, tt.who, tt.fields, status, asked, body)
		}
		key := "u/k"
		if strings.Contains(tt.fields, "filename") {
			key = "u/f.txt"
		}
		if _, err := w.store.Describe(context.Background(), "box", key, ""); (err == nil) != (status == 204) {
			t.Errorf("%s %s %q: stored: %v", tt.how, tt.who, tt.fields, err)
		}
	}
}

// TestFormAndHeader refuses a request that proves two things.
func TestFormAndHeader(t *testing.T) {
	w := newWorld(t, memory, nil)
	w.bucket("box")
	req := w.posting("form", "admin", "/box", "key: k\n"+`policy: {"expiration": "(until)", "conditions": [{"bucket": "box"}, {"key": "k"}, (proof)]}`+"\nfile: x")
	req.Header.Set("X-Access-Key", people["user"][0])
	req.Header.Set("X-Secret-Key", people["user"][1])
	res, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != 400 {
		t.Error(res.Status)
	}
	w.absent("box", "k")
}

// TestFormCut stores nothing of a form that breaks off.
func TestFormCut(t *testing.T) {
	w := newWorld(t, memory, nil)
	w.bucket("box")
	for _, cut := range []string{"--x\nContent-Dispo", "--x\nContent-Disposition: form-data; name=\"file\"\n\nda", "--x\nContent-Disposition: form-data; name=\"file\"\n\ndata\n--x\n"} {
		c := w.dial()
		c.send("POST /box/k HTTP/1.1\nPAIR\nContent-Type: multipart/form-data; boundary=x\nContent-Length: 1000\n\n" + cut)
		c.Conn.(interface{ CloseWrite() error }).CloseWrite()
		c.answer(400, "IncompleteBody")
		w.absent("box", "k")
	}
	c := w.dial()
	c.send("POST /box/k HTTP/1.1\nPAIR\nContent-Type: multipart/form-data; boundary=x\nContent-Length: 9000000000\n\n")
	c.answer(400, "EntityTooLarge")
	// Without a length, and the connection serves on.
	c = w.dial()
	const part = "--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\ndata\r\n--x--\r\n"
	c.send("POST /box/k HTTP/1.1\nPAIR\nContent-Type: multipart/form-data; boundary=x\nTransfer-Encoding: chunked\n\n" + fmt.Sprintf("%x\n", len(part)) + strings.ReplaceAll(part, "\r\n", "\n") + "\n0\n\n")
	c.answer(204, "")
	c.send("GET /box/k HTTP/1.1\nPAIR\n\n")
	c.answer(200, "")
}

// TestServerCORS: the rules of the server hold for what has none of its own.
func TestServerCORS(t *testing.T) {
	rs, err := cors.Server([]string{"*"}, []string{"GET", "PUT"}, []string{"*"}, []string{"*"})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, memory, func(c *Config) { c.ServerCORS = rs })
	w.bucket("box")
	w.bucket("own")
	w.must("admin", "PUT", "/own?cors", `<CORSConfiguration><CORSRule><AllowedOrigin>https://a</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>`, 200)
	for _, tt := range []struct {
		method, target, origin, asks string
		status                       int
		allowed                      string
	}{
		{"OPTIONS", "/", "https://b", "GET", 200, "*"}, {"OPTIONS", "/box/k?uploads", "https://b", "PUT", 200, "*"}, {"OPTIONS", "/nobox", "https://b", "PUT", 200, "*"},
		{"OPTIONS", "/X", "https://b", "PUT", 200, "*"}, {"OPTIONS", "/box", "https://b", "DELETE", 403, ""},
		{"OPTIONS", "/own", "https://b", "GET", 403, ""}, {"OPTIONS", "/own", "https://a", "GET", 200, "https://a"},
		{"GET", "/", "https://b", "", 403, "*"}, {"GET", "/box?acl&cors", "https://b", "", 400, "*"}, {"GET", "/own", "https://b", "", 403, ""}, {"GET", "/own", "https://a", "", 403, "https://a"},
		{"GET", "/nobox/k", "https://b", "", 403, "*"}, {"GET", "/box/%ff", "https://b", "", 400, ""}, {"PUT", "/box/k", "", "", 403, ""}, {"PATCH", "/box/k", "https://b", "", 403, ""},
	} {
		req, err := http.NewRequest(tt.method, w.srv.URL+tt.target, nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, v := range map[string]string{"Origin": tt.origin, "Access-Control-Request-Method": tt.asks} {
			if v != "" {
				req.Header.Set(name, v)
			}
		}
		res, err := transport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if got := res.Header.Get("Access-Control-Allow-Origin"); res.StatusCode != tt.status && tt.status != 400 || got != tt.allowed {
			t.Errorf("%+v: %s, allowed %q", tt, res.Status, got)
		}
		if got := res.Header.Get("Access-Control-Allow-Credentials"); (got != "") != (tt.allowed == "https://a") {
			t.Errorf("%+v: credentials %q", tt, got)
		}
	}
}
