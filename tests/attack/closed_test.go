package attack

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"myfsio/fault"
	"myfsio/gate"
	"myfsio/gate/access"
	"myfsio/iam/policy"
	"myfsio/object"
)

// empty is a server that keeps nothing.
type empty struct{}

func (empty) Get(string) ([]byte, *policy.Policy, bool) { return nil, nil, false }
func (empty) HeadBucket(context.Context, string) (object.Bucket, error) {
	return object.Bucket{}, fault.New(fault.NoSuchBucket, "")
}
func (empty) Describe(context.Context, string, string, string) (object.Version, error) {
	return object.Version{}, fault.New(fault.NoSuchBucket, "")
}

// owned is one with one bucket, of somebody who is nobody here.
type owned struct{ empty }

func (owned) HeadBucket(context.Context, string) (object.Bucket, error) {
	return object.Bucket{Name: "box", Owner: "f00d"}, nil
}
func (owned) Describe(context.Context, string, string, string) (object.Version, error) {
	return object.Version{Bucket: "box", Key: "k", Owner: "f00d"}, nil
}

// TestEveryOperationIsClosed: with no policy at all no operation is open to an anonymous request, and none but listing one's own
// buckets and what every user may do to a user without rights.
func TestEveryOperationIsClosed(t *testing.T) {
	t.Parallel()
	open := map[string]bool{"ListBuckets": true, "ListDirectoryBuckets": true} // shows what one may see, and is refused behind the gate
	for _, strict := range []bool{false, true} {
		for _, objects := range []access.Objects{empty{}, owned{}} {
			a := access.New(access.Config{Policies: empty{}, Objects: objects, Strict: strict})
			for _, list := range [][]gate.Op{gate.Ops(), gate.AdminOps()} {
				for i := range list {
					op := &list[i]
					r := gate.Request{Op: op}
					if op.Scope != gate.Service {
						r.Bucket, r.Key = "box", "k"
					}
					for _, version := range []string{"", "null"} {
						r.VersionID = version
						if a.Authorize(t.Context(), &r) == nil {
							t.Errorf("%s is open to anonymous requests", op.Name)
						}
						user := r
						user.Principal.UserID, user.Principal.CanonicalID = "u-1", "beef"
						if a.Authorize(t.Context(), &user) == nil && !open[op.Name] && op.Action != "" {
							t.Errorf("%s is open to a user without rights", op.Name)
						}
					}
				}
			}
		}
	}
	tried("default-open: every operation of the gate", "anonymous", "header")
}

var methods = []string{"GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "get", "X"}

// subResources are all that the operations of S3 and of this server have.
var subResources = strings.Fields(`accelerate acl abac analytics attributes cors delete encryption intelligent-tiering inventory legal-hold lifecycle list-type=2
	location logging metadataConfiguration metadataInventoryTable metadataJournalTable metadataTable metrics notification object-lock
	ownershipControls policy policyStatus publicAccessBlock quota renameObject replication requestPayment restore retention select select-type=2 session
	tagging torrent uploadId=x uploadId=x&partNumber=1 uploads versionId=null versioning versions website x-id=GetObject nonsense`)

var idElement = regexp.MustCompile(`<(RequestId|HostId|Resource|BucketName|Key)>[^<]*</`)

// TestFreshServer: nothing is open on a server that nobody has set up: no operation of S3, with and without a bucket
// there, and no path of the administration, however it is written. What exists looks like what does not.
func TestFreshServer(t *testing.T) {
	t.Parallel()
	w := start(t, "S3_DOMAINS", "s3.test")
	w.do(root.header("PUT", "/there", "")).is(200)
	w.do(root.header("PUT", "/there/k", "x")).is(200)
	var hosts = []struct{ host, path string }{{fixedHost, "/%s"}, {"%s.s3.test", "/"}, {"%s.S3.TEST.:80", "/"}}
	for _, h := range hosts {
		for _, method := range methods {
			for _, key := range []string{"", "k"} {
				for _, sub := range append([]string{""}, subResources...) {
					var seen [2]string
					for i, bucket := range []string{"there", "absent"} {
						r := &req{method: method, host: h.host, target: h.path}
						if strings.Contains(h.host, "%s") {
							r.host = fmt.Sprintf(h.host, bucket)
						} else {
							r.target = fmt.Sprintf(h.path, bucket)
						}
						if key != "" {
							r.target = strings.TrimSuffix(r.target, "/") + "/" + key
						}
						if sub != "" {
							r.target += "?" + sub
						}
						a := w.do(r)
						a.refused("anonymous, on a fresh server")
						seen[i] = fmt.Sprint(a.status, idElement.ReplaceAllString(a.body, ""))
					}
					if seen[0] != seen[1] {
						t.Errorf("%s %s?%s: what exists differs from what does not:\n%s\n%s", method, key, sub, seen[0], seen[1])
					}
				}
			}
		}
	}
	w.do(nobody.form("there", "", "x", field{"key", "k"})).is(403)
	w.do(nobody.form("absent", "", "x", field{"key", "k"})).is(403)
	for _, method := range methods {
		w.do(&req{method: method, target: "/", host: fixedHost}).refused("the service")
	}
	tried("default-open: every sub-resource, method, host", "anonymous", "form")
	w.do(root.header("GET", "/there/k", "")).is(200).holds("x")
}

// TestAdministrationIsClosed: no spelling of its paths opens the administration.
func TestAdministrationIsClosed(t *testing.T) {
	t.Parallel()
	w := start(t, "S3_DOMAINS", "s3.test")
	paths := strings.Fields(`/iam/users /iam/users/x /iam/users/x/policies /iam/users/x/keys /iam/users/x/rotate /iam/simulate /admin/presign /admin/policy-presets
		/admin/audit-log /admin/site /admin/sites /admin/topology /admin/gc/status /admin/integrity/run /admin/website-domains /kms /kms/keys /kms/keys/x/enable
		/admin /iam /myfsio /myfsio/metrics /debug/pprof/ /ui /admin/iam/users`)
	spellings := []func(string) string{
		func(p string) string { return p },
		func(p string) string { return "/myfsio" + p },
		func(p string) string { return "/myfsio/admin" + p },
		func(p string) string { return "/admin" + p },
		func(p string) string { return "/" + p },
		func(p string) string { return p + "/" },
		func(p string) string { return p + "//" },
		func(p string) string { return "/x/.." + p },
		func(p string) string { return "/admin/.." + p },
		func(p string) string { return "/myfsio/health/.." + p },
		func(p string) string { return "/%2e%2e" + p },
		func(p string) string { return "/%2e" + p },
		func(p string) string { return strings.ToUpper(p) },
		func(p string) string { return p[:2] + strings.ReplaceAll(p[2:], "/", "%2f") },
		func(p string) string { return "/%" + fmt.Sprintf("%02x", p[1]) + p[2:] },
		func(p string) string { return p + ";x=1" },
		func(p string) string { return strings.Replace(p, "/", "/;/", 2) },
		func(p string) string { return p + "%00" },
		func(p string) string { return p + "?x=/myfsio/health" },
		func(p string) string { return strings.ReplaceAll(p, "/", `\`)[1:] },
		func(p string) string { return "http://" + fixedHost + p },
		func(p string) string { return p + "#/myfsio/health" },
		func(p string) string { return "/myfsio/health" + p },
		func(p string) string { return "/myfsio/health/ready" + p },
	}
	for _, p := range paths {
		for _, spell := range spellings {
			for _, host := range []string{fixedHost, "admin.s3.test", "box.s3.test"} {
				for _, method := range []string{"GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"} {
					target := spell(p)
					if !strings.HasPrefix(target, "/") && !strings.HasPrefix(target, "http") {
						target = "/" + target
					}
					w.do(&req{method: method, target: target, host: host, body: "{}"}).refused("anonymous administration")
				}
			}
		}
	}
	for _, health := range []string{"/myfsio/health", "/myfsio/ready", "/myfsio/health/ready"} {
		a := w.do(&req{method: "GET", target: health, host: fixedHost}).is(200)
		if len(a.body) > 100 {
			a.fail("health tells too much")
		}
		for _, method := range []string{"PUT", "POST", "DELETE", "OPTIONS"} {
			w.do(&req{method: method, target: health, host: fixedHost}).refused("a change of health")
		}
	}
	tried("default-open: spellings of the administration", "admin", "anonymous")

	// A user without rights comes no further, and who signs a URL or sends V2 is told so.
	mallory := w.newUser("mallory", `[]`)
	for _, p := range paths {
		for _, alias := range []string{"", "/myfsio", "/admin", "/myfsio/admin"} {
			for _, method := range []string{"GET", "PUT", "POST", "DELETE"} {
				a := w.do(mallory.header(method, alias+p, "{}", "Content-Type: application/json"))
				if a.status == 200 && !strings.HasSuffix(p, "policy-presets") {
					a.fail("a user without rights administers")
				}
				w.do(root.presigned(method, alias+p, "")).refused("a presigned URL for the administration")
			}
		}
	}
	w.do(root.v2("GET", "/iam/users", "")).refused("V2 at the administration")
	w.do(root.v2query("GET", "/iam/users", "")).refused("V2 at the administration")
	w.do(root.presigned("POST", "/", "Action=GetCallerIdentity", "Content-Type: application/x-www-form-urlencoded")).refused("a presigned URL for STS")
	w.do((&req{method: "POST", target: "/", host: fixedHost, body: "Action=GetCallerIdentity"}).with("Content-Type: application/x-www-form-urlencoded")).refused("anonymous STS")
	tried("administration without right", "admin", "sts", "header", "presigned", "v2", "v2-query")
}

// TestEmptyFilesGrantNothing: a file of users without users, and policies without policies, answer nobody.
func TestEmptyFilesGrantNothing(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"no users": `{"version":2,"users":[]}`, "empty user": `{"version":2,"users":[{}]}`, "empty keys": `{"version":2,"users":[{"user_id":"u-1","access_keys":[{"access_key":"","secret_key":""}],"policies":[{"bucket":"*","actions":["*"]}]}]}`,
		"no secret": `{"version":2,"users":[{"user_id":"u-1","access_keys":[{"access_key":"AKEMPTY","secret_key":"","status":"active"}],"policies":[{"bucket":"*","actions":["*","iam:*"]}]}]}`} {
		w := &world{t: t, dir: filepath.Join(t.TempDir(), "data")}
		dir := filepath.Join(w.dir, ".myfsio.sys", "config")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for file, text := range map[string]string{"iam.json": text, "bucket_policies.json": `{"policies":{}}`} {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		w.run()
		for _, u := range []user{root, {key: "AKEMPTY", secret: ""}, {key: "", secret: ""}} {
			for _, target := range []string{"/", "/box", "/iam/users"} {
				w.do(u.sign(&req{method: "GET", target: target})).refused(name)
				w.do(u.pair("GET", target, "")).refused(name)
				w.do(u.pair("PUT", target, "")).refused(name)
				w.do(u.v2("GET", target, "")).refused(name)
			}
		}
		w.stop()
	}
	tried("default-open: files without users or secrets", "files", "header", "pair", "v2", "admin")
}
