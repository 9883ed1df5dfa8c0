package clients

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"myfsio/tests/daemon"
)

// TestFeatures is what clients do with lifecycles, events, access logs, websites and SQL, on a server that has all of them on.
func TestFeatures(t *testing.T) {
	t.Parallel()
	python := venv(t)
	s := own(t, "WEBSITE_HOSTING_ENABLED=true", "LIFECYCLE_ENABLED=true", "ALLOW_INTERNAL_ENDPOINTS=true", "ACCESS_LOG_INTERVAL_SECONDS=1")
	t.Run("clients", func(t *testing.T) { // which ends when all of them have ended
		t.Run("boto3", func(t *testing.T) {
			t.Parallel()
			script(t, &runner{t: t, path: python, env: s.env(t, "MYFSIO_BUCKET=features-boto3", "PYTHONDONTWRITEBYTECODE=1")}, "boto3_features_test.py")
		})
		t.Run("awscli", func(t *testing.T) {
			t.Parallel()
			cliFeatures(t, s)
		})
		t.Run("mc", func(t *testing.T) {
			t.Parallel()
			mcFeatures(t, s)
		})
		t.Run("s3cmd", func(t *testing.T) {
			t.Parallel()
			s3cmdFeatures(t, s)
		})
	})
	if err := s.own.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := s.own.Fsck(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func cliFeatures(t *testing.T, s *target) {
	c := startCLI(t, s)
	const b = "--bucket=features-awscli"
	c.api("create-bucket", b)
	c.api("create-bucket", "--bucket=features-awscli-log")
	hook := hooked(t)

	c.refused("NoSuchLifecycleConfiguration", "get-bucket-lifecycle-configuration", b)
	c.api("put-bucket-lifecycle-configuration", b, `--lifecycle-configuration={"Rules":[
		{"ID":"logs","Status":"Enabled","Filter":{"Prefix":"logs/"},"Expiration":{"Days":30}},
		{"ID":"all","Status":"Enabled","Filter":{},"NoncurrentVersionExpiration":{"NoncurrentDays":9},"AbortIncompleteMultipartUpload":{"DaysAfterInitiation":2}}]}`)
	if got := c.api("get-bucket-lifecycle-configuration", b).column("Rules", "ID"); !slices.Equal(got, []string{"logs", "all"}) {
		t.Errorf("rules: %v", got)
	}
	c.api("put-object", b, "--key=logs/x")
	if got := c.api("head-object", b, "--key=logs/x").str("Expiration"); !strings.Contains(got, `rule-id="logs"`) {
		t.Errorf("x-amz-expiration: %q", got)
	}
	c.refused("InvalidArgument", "put-bucket-lifecycle-configuration", b, `--lifecycle-configuration={"Rules":[{"ID":"x","Status":"Enabled","Filter":{},"Expiration":{"Days":0}}]}`)
	c.api("delete-bucket-lifecycle", b)
	c.refused("NoSuchLifecycleConfiguration", "get-bucket-lifecycle-configuration", b)

	c.api("put-bucket-notification-configuration", b, `--notification-configuration={"QueueConfigurations":[{"Id":"q","QueueArn":`+quote(hook)+`,"Events":["s3:ObjectCreated:*"]}]}`)
	if got := c.api("get-bucket-notification-configuration", b).list("QueueConfigurations"); len(got) != 1 || got[0].str("QueueArn") != hook {
		t.Errorf("notifications: %v", got)
	}
	c.refused("InvalidArgument", "put-bucket-notification-configuration", b, `--notification-configuration={"QueueConfigurations":[{"QueueArn":"arn:aws:sqs:us-east-1:1:q","Events":["s3:ObjectCreated:*"]}]}`)
	c.api("put-bucket-notification-configuration", b, "--notification-configuration={}")
	if got := c.api("get-bucket-notification-configuration", b); len(got) != 0 {
		t.Errorf("notifications: %v", got)
	}

	c.api("put-bucket-logging", b, `--bucket-logging-status={"LoggingEnabled":{"TargetBucket":"features-awscli-log","TargetPrefix":"p/"}}`)
	if got, _ := c.api("get-bucket-logging", b)["LoggingEnabled"].(map[string]any); got["TargetPrefix"] != "p/" {
		t.Errorf("logging: %v", got)
	}
	c.api("put-bucket-logging", b, "--bucket-logging-status={}")
	if got := c.api("get-bucket-logging", b); len(got) != 0 {
		t.Errorf("logging: %v", got)
	}

	if a := c.try("s3", "website", "s3://features-awscli/", "--index-document=index.html", "--error-document=error.html"); a.Code != 0 {
		t.Errorf("aws s3 website: %s", a.Err)
	}
	if got := quoteAny(c.api("get-bucket-website", b)); !strings.Contains(got, `"Suffix":"index.html"`) || !strings.Contains(got, `"Key":"error.html"`) {
		t.Errorf("website: %s", got)
	}
	c.api("delete-bucket-website", b)
	c.refused("NoSuchWebsiteConfiguration", "get-bucket-website", b)

	c.api("put-object", b, "--key=people.csv", "--body="+c.file("csv", []byte("name,age\nAda,36\nBob,7\n")))
	selectBy := func(sql string) answer {
		return c.try("s3api", "select-object-content", b, "--key=people.csv", "--expression="+sql, "--expression-type=SQL",
			`--input-serialization={"CSV":{"FileHeaderInfo":"USE"}}`, `--output-serialization={"CSV":{}}`, c.path("selected"))
	}
	if a := selectBy("SELECT s.name FROM S3Object s WHERE CAST(s.age AS INT) > 10"); a.Code != 0 || string(read(t, c.path("selected"))) != "Ada\n" {
		t.Errorf("select: %+v, %q", a, read(t, c.path("selected")))
	}
	if a := selectBy("SELECT s.name FROM somewhere s"); a.Code == 0 {
		t.Error("select from somewhere else succeeded")
	}
}

// hooked is the URL of a webhook that takes everything.
func hooked(t *testing.T) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(srv.Close)
	return srv.URL + "/hook"
}

func mcFeatures(t *testing.T, s *target) {
	dir := t.TempDir()
	c := &runner{t: t, path: tool(t, "mc"), args: []string{"--config-dir", filepath.Join(dir, "config"), "--quiet", "--no-color"}, env: s.env(t), dir: dir}
	c.must("alias", "set", "my", s.URL, daemon.AccessKey, daemon.SecretKey, "--api", "S3v4")
	const b = "my/features-mc"
	c.must("mb", b)

	c.must("ilm", "rule", "add", "--expire-days=30", "--prefix=logs/", b)
	c.must("ilm", "rule", "add", "--noncurrent-expire-days=5", "--tags=a=1&b=2", b)
	var rules struct {
		Config struct {
			Rules []struct {
				ID         string
				Expiration struct{ Days int }
				Filter     struct{ Prefix string }
			}
		}
	}
	list := func() {
		t.Helper()
		rules.Config.Rules = nil
		if out := c.must("ilm", "rule", "list", "--json", b); json.Unmarshal([]byte(out), &rules) != nil {
			t.Fatalf("ilm rule list: %s", out)
		}
	}
	if list(); len(rules.Config.Rules) != 2 || rules.Config.Rules[0].Expiration.Days != 30 || rules.Config.Rules[0].Filter.Prefix != "logs/" {
		t.Fatalf("rules: %+v", rules)
	}
	c.must("ilm", "rule", "edit", "--id="+rules.Config.Rules[0].ID, "--expire-days=31", b)
	c.must("ilm", "rule", "rm", "--id="+rules.Config.Rules[1].ID, b)
	if list(); len(rules.Config.Rules) != 1 || rules.Config.Rules[0].Expiration.Days != 31 {
		t.Errorf("rules: %+v", rules)
	}
	exported := c.must("ilm", "rule", "export", b)
	c.must("ilm", "rule", "rm", "--all", "--force", b)
	c.refused("", "ilm", "rule", "list", b)
	if !strings.Contains(exported, `"Days":31`) {
		t.Errorf("exported: %s", exported)
	}

	// "mc event add" takes ARNs of the form arn:minio:sqs::1:webhook alone, which name nothing here; what others set it lists.
	c.refused("", "event", "add", b, "arn:minio:sqs::1:webhook", "--event=put")
	if out := c.must("event", "list", b); strings.TrimSpace(out) != "" {
		t.Errorf("events: %s", out)
	}

	csv := write(t, filepath.Join(dir, "people.csv"), []byte("name,age\nAda,36\nBob,7\n"))
	c.must("cp", csv, b+"/people.csv")
	if out := c.must("sql", "--query=select s.name from S3Object s where s.age = '36'", b+"/people.csv"); strings.TrimSpace(out) != "Ada" {
		t.Errorf("sql: %q", out)
	}
	c.must("rb", "--force", b)
}

func s3cmdFeatures(t *testing.T, s *target) {
	c := s3cmd(t, s, tool(t, "s3cmd"), user{AccessKey: daemon.AccessKey, SecretKey: daemon.SecretKey})
	const b, to = "s3://features-s3cmd", "s3://features-s3cmd-log"
	c.must("mb", b)
	c.must("mb", to)

	c.must("expire", b, "--expiry-days=30", "--expiry-prefix=logs/")
	if out := c.must("getlifecycle", b); !strings.Contains(out, "<Days>30</Days>") || !strings.Contains(out, "<Prefix>logs/</Prefix>") {
		t.Errorf("getlifecycle: %s", out)
	}
	rules := write(t, filepath.Join(c.dir, "rules"), []byte(`<LifecycleConfiguration><Rule><ID>by file</ID><Status>Enabled</Status><Prefix>old/</Prefix><Expiration><Days>3</Days></Expiration></Rule></LifecycleConfiguration>`))
	c.must("setlifecycle", rules, b)
	if out := c.must("getlifecycle", b); !strings.Contains(out, "<ID>by file</ID>") || strings.Contains(out, "logs/") {
		t.Errorf("getlifecycle: %s", out)
	}
	c.must("dellifecycle", b)
	c.refused("NoSuchLifecycleConfiguration", "getlifecycle", b)

	hook := hooked(t)
	events := write(t, filepath.Join(c.dir, "events"), []byte(`<NotificationConfiguration><TopicConfiguration><Topic>`+hook+`</Topic><Event>s3:ObjectCreated:*</Event></TopicConfiguration></NotificationConfiguration>`))
	c.must("setnotification", events, b)
	if out := c.must("getnotification", b); !strings.Contains(out, hook) {
		t.Errorf("getnotification: %s", out)
	}
	c.must("delnotification", b)
	if out := c.must("getnotification", b); strings.Contains(out, hook) {
		t.Errorf("getnotification: %s", out)
	}

	c.must("accesslog", "--access-logging-target-prefix="+to+"/p/", b)
	if out := c.must("accesslog", b); !strings.Contains(out, to+"/p/") {
		t.Errorf("accesslog: %s", out)
	}
	c.must("accesslog", "--no-access-logging", b)

	c.must("ws-create", "--ws-index=index.html", "--ws-error=error.html", b)
	if out := c.must("ws-info", b); !strings.Contains(out, "index.html") || !strings.Contains(out, "error.html") {
		t.Errorf("ws-info: %s", out)
	}
	c.must("ws-delete", b)
	c.must("rb", b)
}
