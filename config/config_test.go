package config

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"myfsio/logs"
)

// load loads from a map as the environment and no files.
func load(t testing.TB, env map[string]string) (*Config, []Problem) {
	t.Helper()
	if env["STORAGE_ROOT"] == "" {
		env["STORAGE_ROOT"] = t.TempDir()
	}
	return Load(Source{Files: []string{}, Env: func(n string) (string, bool) { s, ok := env[n]; return s, ok }})
}

func TestDefaults(t *testing.T) {
	root := t.TempDir()
	c, ps := load(t, map[string]string{"STORAGE_ROOT": root + "/x/data"})
	if len(ps) > 0 {
		t.Errorf("%v", ps)
	}
	for _, x := range []struct{ name, got, want string }{
		{"root", c.StorageRoot, root + "/x/data"}, {"iam", c.Auth.IAMConfig, root + "/x/data/.myfsio.sys/config/iam.json"},
		{"logs", c.Log.Dir, root + "/x/logs"}, {"url", c.APIBaseURL, "http://127.0.0.1:5000"}, {"host", c.Host, "0.0.0.0"},
		{"ports", fmt.Sprint(c.APIPort, c.UIPort), "5000 5100"}, {"rate", c.Rate.ObjectOps.String(), "50000 per minute"},
		{"admin rate", c.Rate.Admin.String(), "60 per minute"}, {"upload", fmt.Sprint(c.Limits.MaxUpload), "1073741824"},
		{"durability", c.Durability, "sync"}, {"timeout", fmt.Sprint(c.Limits.BodyTimeout), "300"},
		{"flags", fmt.Sprint(c.PlainFiles, c.Auth.LegacyHeader, c.UIEnabled, c.Log.ToFile, c.Auth.SigV2, c.GC.Enabled), "true true true true false false"},
		{"proxies", fmt.Sprint(c.Proxy.Trusted, c.Proxy.TrustedPeers[0]), "1 127.0.0.0/8"},
		{"skew", fmt.Sprint(c.SiteSync.ClockSkew), "1"}, {"methods", strings.Join(c.CORS.Methods, " "), "GET PUT POST DELETE OPTIONS HEAD"},
		{"from", c.From("APP_PORT") + c.From("STORAGE_ROOT"), "defaultenvironment"},
	} {
		if x.got != x.want {
			t.Errorf("%s: %q, want %q", x.name, x.got, x.want)
		}
	}
	if s := c.Server; s.Threads < 2 || s.Threads > 64 || s.ConnectionLimit < 20 || s.ConnectionLimit > 1000 || s.Backlog < 128 || s.Backlog > 4096 {
		t.Errorf("%+v", s)
	}
	if c.ExplicitSecret() {
		t.Error("a secret from nowhere")
	}
}

func TestPrecedence(t *testing.T) {
	dir := t.TempDir()
	one, two := filepath.Join(dir, "one.env"), filepath.Join(dir, "two.env")
	os.WriteFile(one, []byte("APP_PORT=1\nUI_PORT=1\nAWS_REGION=one\nLOG_FILE=one\nTYPO_HERE=x\nbad line\n"), 0o600)
	os.WriteFile(two, []byte("UI_PORT=2\nAWS_REGION=two\nLOG_FILE=two\n"), 0o600)
	env := map[string]string{"AWS_REGION": "env", "LOG_FILE": "env", "APP_HOST": " "}
	c, ps := Load(Source{
		Flags: map[string]string{"LOG_FILE": "flag"}, Files: []string{one, filepath.Join(dir, "absent"), two},
		Env: func(n string) (string, bool) { s, ok := env[n]; return s, ok },
	})
	got := fmt.Sprintln(c.APIPort, c.UIPort, c.Region, c.Log.File, c.Host, c.From("APP_PORT") == one, c.From("UI_PORT") == two, c.From("AWS_REGION"), c.From("LOG_FILE"), c.From("APP_HOST"))
	if want := "1 2 env flag 0.0.0.0 true true environment flag default"; strings.TrimSpace(got) != want {
		t.Error(got)
	}
	if len(ps) != 2 || ps[0].Severity != Warning || !strings.Contains(ps[0].Msg, "line 6") || ps[1].Name != "TYPO_HERE" {
		t.Errorf("%v", ps)
	}
}

func TestBadValues(t *testing.T) {
	for _, c := range []struct {
		name, value string
		want        Severity
		kept        string
	}{
		{"APP_PORT", "x", Critical, "5000"}, {"APP_PORT", "65536", Critical, "5000"}, {"SERVER_THREADS", "65", Critical, ""},
		{"SERVER_BACKLOG", "1", Critical, ""}, {"AUTH_MAX_ATTEMPTS", "0", Warning, "5"}, {"AUTH_MAX_ATTEMPTS", "1.5", Critical, "5"},
		{"PLAIN_FILES", "maybe", Critical, "true"}, {"DURABILITY", "none", Critical, "sync"}, {"LOG_LEVEL", "LOUD", Warning, "INFO"},
		{"RATE_LIMIT_ADMIN", "60/minute", Critical, "60 per minute"}, {"RATE_LIMIT_ADMIN", "60 per fortnight", Critical, "60 per minute"},
		{"TRUSTED_PROXIES", "10.0.0.0/33", Critical, ""}, {"GC_INTERVAL_HOURS", "NaN", Critical, "6"}, {"GC_INTERVAL_HOURS", "-1", Warning, "6"},
		{"MAX_UPLOAD_SIZE", "5G", Critical, "1073741824"}, {"LOG_MAX_BYTES", "-1", Warning, "5242880"},
	} {
		cfg, ps := load(t, map[string]string{c.name: c.value})
		if len(ps) != 1 || ps[0].Severity != c.want || ps[0].Name != c.name {
			t.Errorf("%s=%s: %v", c.name, c.value, ps)
		}
		if got := lookup(c.name).text(cfg); c.kept != "" && got != c.kept {
			t.Errorf("%s=%s leaves %s", c.name, c.value, got)
		}
	}
}

func TestGoodValues(t *testing.T) {
	c, ps := load(t, map[string]string{
		"PLAIN_FILES": "OFF", "GC_ENABLED": "Yes", "LOG_LEVEL": "debug", "S3_DOMAINS": "S3.Example.com., ,b.example", "CORS_ORIGINS": "none",
		"TRUSTED_PROXIES": "10.1.2.3,fd00::1/8", "RATE_LIMIT_DEFAULT": "5  per hour", "SERVER_THREADS": "7", "API_BASE_URL": "https://x/",
		"SITE_SYNC_CLOCK_SKEW_TOLERANCE_SECONDS": "0.5", "APP_PORT": "0", "SECRET_KEY": "0123456789abcdef",
	})
	got := fmt.Sprintln(c.PlainFiles, c.GC.Enabled, c.Log.Level, c.S3Domains, len(c.CORS.Origins), c.Proxy.TrustedPeers, c.Rate.Default == Rate{5, time.Hour},
		c.Server.Threads, c.APIBaseURL, c.SiteSync.ClockSkew, c.APIPort, c.ExplicitSecret())
	if want := "false true DEBUG [s3.example.com b.example] 0 [10.1.2.3/32 fd00::/8] true 7 https://x 0.5 0 true"; len(ps) > 0 || strings.TrimSpace(got) != want {
		t.Errorf("%s\n%s\n%v", got, want, ps)
	}
}

func TestDevSecret(t *testing.T) {
	c, ps := load(t, map[string]string{"SECRET_KEY": devSecret})
	if c.SecretKey != "" || c.ExplicitSecret() || len(ps) != 1 || ps[0].Severity != Warning {
		t.Errorf("%v", ps)
	}
}

func names(ps []Problem, s Severity) (list []string) {
	for _, p := range ps {
		if p.Severity == s {
			list = append(list, p.Name)
		}
	}
	slices.Sort(list)
	return list
}

func TestCheck(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	os.WriteFile(file, nil, 0o600)
	t.Setenv("TMPDIR", "/nonexistent")
	for _, c := range []struct {
		env                     map[string]string
		critical, warning, info string
	}{
		{map[string]string{}, "", "", "ALLOW_LEGACY_HEADER_AUTH CORS_ORIGINS SECRET_KEY"},
		{map[string]string{"STORAGE_ROOT": file, "ALLOW_LEGACY_HEADER_AUTH": "no", "CORS_ORIGINS": "https://a", "SECRET_KEY": "0123456789abcdef"}, "STORAGE_ROOT", "", ""},
		{map[string]string{"UI_PORT": "5000", "API_BASE_URL": "x", "S3_DOMAINS": "https://x"}, "API_BASE_URL S3_DOMAINS UI_PORT", "", "ALLOW_LEGACY_HEADER_AUTH CORS_ORIGINS SECRET_KEY"},
		{map[string]string{"DURABILITY": "async", "SIGV2_ENABLED": "1", "TRUSTED_PROXIES": "0.0.0.0/0", "ADMIN_ACCESS_KEY": "a/b", "IAM_CONFIG": "/elsewhere/iam.json"},
			"ADMIN_ACCESS_KEY", "ADMIN_ACCESS_KEY DURABILITY IAM_CONFIG SIGV2_ENABLED TRUSTED_PROXIES", "ALLOW_LEGACY_HEADER_AUTH CORS_ORIGINS SECRET_KEY"},
		{map[string]string{"PRESIGNED_URL_MIN_EXPIRY_SECONDS": "10", "PRESIGNED_URL_MAX_EXPIRY_SECONDS": "9", "STREAM_CHUNK_SIZE": "4096", "GC_ENABLED": "false"},
			"PRESIGNED_URL_MIN_EXPIRY_SECONDS", "", "ALLOW_LEGACY_HEADER_AUTH CORS_ORIGINS SECRET_KEY STREAM_CHUNK_SIZE"},
	} {
		cfg, _ := load(t, c.env)
		ps := cfg.Check()
		for s, want := range map[Severity]string{Critical: c.critical, Warning: c.warning, Info: c.info} {
			if got := strings.Join(names(ps, s), " "); got != want {
				t.Errorf("%v: %s %q, want %q", c.env, s, got, want)
			}
		}
		if !slices.IsSortedFunc(ps, func(a, b Problem) int { return int(b.Severity) - int(a.Severity) }) {
			t.Errorf("%v", ps)
		}
	}
}

// Settings of features that are not built must say so, whatever the table says today.
func TestStatusIsTold(t *testing.T) {
	for i := range Table {
		v := &Table[i]
		if v.Status == Works || v.Kind() != "true or false" {
			continue
		}
		other := "true"
		if v.Default == "true" {
			other = "false"
		}
		c, _ := load(t, map[string]string{v.Name: other})
		var out bytes.Buffer
		Show(&out, c)
		told := slices.ContainsFunc(checkStatus(c), func(p Problem) bool { return p.Name == v.Name })
		if !told || !strings.Contains(out.String(), v.Name+"="+other+"  (environment)  ["+v.Status.String()+"]") {
			t.Errorf("%s is silent", v.Name)
		}
	}
}

func TestShowMasksSecrets(t *testing.T) {
	c, _ := load(t, map[string]string{"SECRET_KEY": "not-to-be-seen-1", "ADMIN_SECRET_KEY": "not-to-be-seen-2", "ADMIN_ACCESS_KEY": "shown"})
	var out bytes.Buffer
	if err := Show(&out, c); err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]string{
		"redis://:pass@word/@host:1/0": "redis://***@host:1/0", "redis://pass@host": "redis://***@host", "postgres://u:p@h/db?sslmode=x&password=pass&a=b": "postgres://***@h/db?sslmode=x&password=***&a=b",
		"postgres://h/db?sslPassword=pass": "postgres://h/db?sslPassword=***", "redis://host:6379": "redis://host:6379", "memory://": "memory://", "a@b": "a@b",
	} {
		if got := masked(url); got != want {
			t.Errorf("%s: %s", url, got)
		}
	}
	fmt.Fprintf(&out, "%+v %#v %v", c, *c, c.Check())
	if strings.Contains(out.String(), "to-be-seen") || !strings.Contains(out.String(), "SECRET_KEY=***  (environment)") || !strings.Contains(out.String(), "ADMIN_ACCESS_KEY=shown") {
		t.Error(out.String())
	}
	for i := range Table {
		if v := &Table[i]; strings.Contains(v.Name, "SECRET_KEY") != v.Secret() {
			t.Errorf("%s: secret %v", v.Name, v.Secret())
		}
	}
}

func TestTable(t *testing.T) {
	seen := map[string]bool{}
	for i := range Table {
		v := &Table[i]
		if seen[v.Name] || !regexp.MustCompile(`^[A-Z][A-Z0-9_]+$`).MatchString(v.Name) || v.Doc == "" || !strings.HasSuffix(v.Doc, ".") || v.Section == "" {
			t.Errorf("%+v", v)
		}
		seen[v.Name] = true
		var c Config
		if v.Default != "" && (v.set(&c, v.Default) != nil || v.set(&c, v.text(&c)) != nil && !v.Secret()) {
			t.Errorf("%s: default %q", v.Name, v.Default)
		}
	}
	// Two rows that share a field would overwrite each other.
	var c Config
	fields := map[any]string{}
	for i := range Table {
		p := Table[i].field(&c)
		if fields[p] != "" {
			t.Errorf("%s and %s share a field", Table[i].Name, fields[p])
		}
		fields[p] = Table[i].Name
	}
	var md bytes.Buffer
	if err := Markdown(&md); err != nil || strings.Count(md.String(), "\n| `") != len(Table) {
		t.Errorf("%v\n%s", err, md.String())
	}
}

// The names that the documentation of the contract lists.
func TestContract(t *testing.T) {
	const contract = `STORAGE_ROOT MAX_UPLOAD_SIZE UI_PAGE_SIZE SECRET_KEY API_BASE_URL AWS_REGION AWS_SERVICE DISPLAY_TIMEZONE IAM_CONFIG
	BUCKET_POLICY_PATH AUTH_MAX_ATTEMPTS AUTH_LOCKOUT_MINUTES SESSION_LIFETIME_DAYS SECRET_TTL_SECONDS UI_ENFORCE_BUCKET_POLICIES ADMIN_ACCESS_KEY
	ADMIN_SECRET_KEY CORS_ORIGINS CORS_METHODS CORS_ALLOW_HEADERS CORS_EXPOSE_HEADERS RATE_LIMIT_DEFAULT RATE_LIMIT_LIST_BUCKETS RATE_LIMIT_BUCKET_OPS
	RATE_LIMIT_OBJECT_OPS RATE_LIMIT_HEAD_OPS RATE_LIMIT_ADMIN RATE_LIMIT_STORAGE_URI SERVER_THREADS SERVER_CONNECTION_LIMIT SERVER_BACKLOG
	SERVER_CHANNEL_TIMEOUT LOG_LEVEL LOG_TO_FILE LOG_DIR LOG_FILE LOG_MAX_BYTES LOG_BACKUP_COUNT ENCRYPTION_ENABLED ENCRYPTION_MASTER_KEY_PATH
	DEFAULT_ENCRYPTION_ALGORITHM KMS_ENABLED KMS_KEYS_PATH LIFECYCLE_ENABLED LIFECYCLE_INTERVAL_SECONDS GC_ENABLED GC_INTERVAL_HOURS
	GC_TEMP_FILE_MAX_AGE_HOURS GC_MULTIPART_MAX_AGE_DAYS GC_LOCK_FILE_MAX_AGE_HOURS GC_DRY_RUN STREAM_CHUNK_SIZE MULTIPART_MIN_PART_SIZE
	BUCKET_STATS_CACHE_TTL BULK_DELETE_MAX_KEYS BULK_DOWNLOAD_MAX_BYTES OBJECT_CACHE_TTL APP_HOST APP_PORT UI_PORT FLASK_DEBUG NUM_TRUSTED_PROXIES
	ALLOWED_REDIRECT_HOSTS ALLOW_INTERNAL_ENDPOINTS INTEGRITY_ENABLED INTEGRITY_INTERVAL_HOURS INTEGRITY_BATCH_SIZE INTEGRITY_AUTO_HEAL
	INTEGRITY_DRY_RUN OPERATION_METRICS_ENABLED OPERATION_METRICS_INTERVAL_MINUTES OPERATION_METRICS_RETENTION_HOURS SITE_SYNC_ENABLED
	SITE_SYNC_INTERVAL_SECONDS SITE_SYNC_BATCH_SIZE OBJECT_TAG_LIMIT WEBSITE_HOSTING_ENABLED`
	for _, name := range strings.Fields(contract) {
		if lookup(name) == nil {
			t.Errorf("%s is missing", name)
		}
	}
}

func TestParseEnv(t *testing.T) {
	pairs, bad := parseEnv("\ufeff# comment\r\nA=1\r\nexport B = two words # comment\nC='a # \\n \"b\"' # x\nD=\"a\\n\\t\\\"\\\\\\$\\q # x\"\nE=\nF=a#b\nG=#x\nno\n1A=x\nH=\"open\nI='open\nJ='a'b\n=x\nK=a=b\nL=\"\"")
	got := fmt.Sprintf("%q %v", pairs, bad)
	want := `[["A" "1"] ["B" "two words"] ["C" "a # \\n \"b\""] ["D" "a\n\t\"\\$\\q # x"] ["E" ""] ["F" "a#b"] ["G" ""] ["K" "a=b"] ["L" ""]] [9 10 11 12 13 14]`
	if got != want {
		t.Errorf("\n%s\n%s", got, want)
	}
}

func FuzzParseEnv(f *testing.F) {
	f.Add("A=1\nexport B=\"x\\n\" # c\nC='y'\n")
	f.Fuzz(func(t *testing.T, text string) {
		pairs, bad := parseEnv(text)
		if len(pairs)+len(bad) > strings.Count(text, "\n")+1 {
			t.Errorf("%q gives %q, %v", text, pairs, bad)
		}
		for _, p := range pairs {
			again, bad := parseEnv(p[0] + "='" + strings.ReplaceAll(p[1], "'", "") + "'")
			if !strings.Contains(p[1], "\n") && (len(bad) > 0 || len(again) != 1 || again[0][1] != strings.ReplaceAll(p[1], "'", "")) {
				t.Errorf("%q becomes %q, %v", p, again, bad)
			}
		}
	})
}

func TestSecretKey(t *testing.T) {
	root := t.TempDir()
	keys := make([]logs.Secret, 8)
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() {
			var err error
			if keys[i], err = SecretKey(root); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, k := range keys {
		if k != keys[0] || len(k) != 43 {
			t.Fatalf("%d bytes, or two keys", len(k))
		}
	}
	dir := filepath.Join(root, ".myfsio.sys", "config")
	if st, err := os.Stat(filepath.Join(dir, ".secret")); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left over: %v", left)
	}
	os.WriteFile(filepath.Join(dir, ".secret"), []byte("\n"), 0o600)
	if _, err := SecretKey(root); err == nil {
		t.Error("an empty key is a key")
	}
}
