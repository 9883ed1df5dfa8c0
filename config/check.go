package config

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Check holds the settings against each other and against the machine. It makes STORAGE_ROOT when it is absent and
// proves that it can be written. The problems come in the order of their severity, worst first.
func (c *Config) Check() []Problem {
	var ps []Problem
	for _, check := range []func(*Config) []Problem{checkRoot, checkPaths, checkPorts, checkURLs, checkAuth, checkMachine, checkSafety, checkStatus} {
		ps = append(ps, check(c)...)
	}
	slices.SortStableFunc(ps, func(a, b Problem) int { return int(b.Severity) - int(a.Severity) })
	return ps
}

func checkRoot(c *Config) []Problem {
	sys := filepath.Join(c.StorageRoot, ".myfsio.sys")
	err := os.MkdirAll(sys, 0o755)
	if err == nil {
		var f *os.File
		if f, err = os.CreateTemp(sys, ".writable-*"); err == nil {
			f.Close()
			err = os.Remove(f.Name())
		}
	}
	if err != nil {
		return []Problem{{Critical, "STORAGE_ROOT", fmt.Sprintf("cannot be written: %v", err)}}
	}
	return nil
}

func checkPaths(c *Config) (ps []Problem) {
	temp := os.TempDir()
	for _, p := range [][2]string{{"STORAGE_ROOT", c.StorageRoot}, {"LOG_DIR", c.Log.Dir}} {
		if within(temp, p[1]) {
			ps = append(ps, Problem{Warning, p[0], p[1] + " is in a temporary directory and may be wiped"})
		}
	}
	for _, p := range [][2]string{
		{"IAM_CONFIG", c.Auth.IAMConfig}, {"BUCKET_POLICY_PATH", c.Auth.BucketPolicyPath},
		{"ENCRYPTION_MASTER_KEY_PATH", c.Encryption.MasterKeyPath}, {"KMS_KEYS_PATH", c.Encryption.KMSKeysPath},
	} {
		if !within(c.StorageRoot, p[1]) {
			ps = append(ps, Problem{Warning, p[0], p[1] + " is outside STORAGE_ROOT: back it up as well"})
		}
	}
	return ps
}

func within(dir, path string) bool {
	abs, err := filepath.Abs(path)
	if err != nil {
		return false
	}
	rel, err := filepath.Rel(dir, abs)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

func checkPorts(c *Config) []Problem {
	if c.UIEnabled && c.APIPort == c.UIPort && c.APIPort != 0 {
		return []Problem{{Critical, "UI_PORT", "is the port of the API"}}
	}
	return nil
}

func checkURLs(c *Config) (ps []Problem) {
	if u, err := url.Parse(c.APIBaseURL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		ps = append(ps, Problem{Critical, "API_BASE_URL", "is not a URL such as https://s3.example.com"})
	}
	for _, d := range c.S3Domains {
		if strings.ContainsAny(d, "/: *") {
			ps = append(ps, Problem{Critical, "S3_DOMAINS", fmt.Sprintf("%q is not a domain: leave out scheme, port and stars", d)})
		}
	}
	if _, err := time.LoadLocation(c.Timezone); err != nil {
		ps = append(ps, Problem{Warning, "DISPLAY_TIMEZONE", fmt.Sprintf("%q is not known here; UTC is used", c.Timezone)})
	}
	return ps
}

func checkAuth(c *Config) (ps []Problem) {
	a, s := c.Auth.AdminAccessKey, c.Auth.AdminSecretKey.Reveal()
	if (a == "") != (s == "") {
		ps = append(ps, Problem{Warning, "ADMIN_ACCESS_KEY", "and ADMIN_SECRET_KEY belong together; what is not set will be random"})
	}
	if strings.ContainsAny(a, "/,= \t") {
		ps = append(ps, Problem{Critical, "ADMIN_ACCESS_KEY", "must not contain slashes, commas, equals signs or blanks"})
	}
	if s != "" && len(s) < 8 {
		ps = append(ps, Problem{Warning, "ADMIN_SECRET_KEY", "is shorter than 8 characters"})
	}
	if k := c.SecretKey.Reveal(); k != "" && len(k) < 16 {
		ps = append(ps, Problem{Warning, "SECRET_KEY", "is shorter than 16 characters"})
	}
	if c.Limits.PresignMin > c.Limits.PresignMax {
		ps = append(ps, Problem{Critical, "PRESIGNED_URL_MIN_EXPIRY_SECONDS", "is greater than PRESIGNED_URL_MAX_EXPIRY_SECONDS"})
	}
	if c.Limits.KMSDataKeyMin > c.Limits.KMSDataKeyMax {
		ps = append(ps, Problem{Critical, "KMS_GENERATE_DATA_KEY_MIN_BYTES", "is greater than KMS_GENERATE_DATA_KEY_MAX_BYTES"})
	}
	return ps
}

func checkMachine(c *Config) (ps []Problem) {
	if files := openFileLimit(); files > 0 && int64(c.Server.ConnectionLimit) > files*8/10 {
		ps = append(ps, Problem{Warning, "SERVER_CONNECTION_LIMIT", fmt.Sprintf("%d is more than 80 %% of the %d files that may be open (ulimit -n)", c.Server.ConnectionLimit, files)})
	}
	return ps
}

func checkSafety(c *Config) (ps []Problem) {
	add := func(is bool, s Severity, name, msg string) {
		if is {
			ps = append(ps, Problem{s, name, msg})
		}
	}
	everyone := slices.ContainsFunc(c.Proxy.TrustedPeers, isEverywhere)
	add(c.Durability == "async", Warning, "DURABILITY", "with async the last moments before a power cut can be lost although they were answered")
	add(c.Auth.SigV2, Warning, "SIGV2_ENABLED", "Signature Version 2 protects neither headers nor bodies well; use it for old clients alone")
	add(c.Proxy.InternalEndpoints, Warning, "ALLOW_INTERNAL_ENDPOINTS", "users who may set webhooks or replication can reach private addresses")
	add(c.Proxy.Trusted > 0 && everyone, Warning, "TRUSTED_PROXIES", "trusts every address: clients can choose the address they appear with")
	add(slices.Contains(c.CORS.Origins, "*"), Info, "CORS_ORIGINS", "* lets scripts of every site use the API, without credentials; name your sites in production")
	add(c.Auth.LegacyHeader, Info, "ALLOW_LEGACY_HEADER_AUTH", "the header pair X-Access-Key and X-Secret-Key carries the secret itself; use it over TLS or on this machine alone")
	add(!c.IsSet("SECRET_KEY"), Info, "SECRET_KEY", "is not set: a generated one is kept in STORAGE_ROOT/.myfsio.sys/config/.secret")
	add(c.Limits.MaxUpload > 5<<30, Info, "MAX_UPLOAD_SIZE", "is more than the 5 GiB that clients of S3 send at once")
	return ps
}

// checkStatus tells of settings that were given and do nothing.
func checkStatus(c *Config) (ps []Problem) {
	for i := range Table {
		v := &Table[i]
		if v.Status == Works || !c.IsSet(v.Name) || v.isDefault(c) {
			continue
		}
		s := Info
		if v.Status == Planned {
			s = Warning
		}
		ps = append(ps, Problem{s, v.Name, v.Status.String()})
	}
	return ps
}

// isDefault reports whether c holds the default of v.
func (v *Variable) isDefault(c *Config) bool {
	var d Config
	if v.Default != "" {
		v.set(&d, v.Default)
	}
	return v.text(c) == v.text(&d)
}
