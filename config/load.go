package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// Severity says how bad a problem is.
type Severity uint8

// The severities. With a Critical problem the server does not start.
const (
	Info Severity = iota
	Warning
	Critical
)

// String returns INFO, WARNING or CRITICAL.
func (s Severity) String() string { return [...]string{"INFO", "WARNING", "CRITICAL"}[s] }

// Problem is something to tell about the settings. It never contains a secret.
type Problem struct {
	Severity Severity
	Name     string // of the setting, "" for none
	Msg      string
}

// String writes a problem as "CRITICAL: NAME: message".
func (p Problem) String() string {
	if p.Name == "" {
		return p.Severity.String() + ": " + p.Msg
	}
	return p.Severity.String() + ": " + p.Name + ": " + p.Msg
}

// defaultFiles are the env files, a later one winning.
var defaultFiles = []string{"/opt/myfsio/myfsio.env", ".env", "myfsio.env"}

// devSecret is a SECRET_KEY that counts as none: it stands in public examples.
const devSecret = "dev-secret-key"

// maxEnvFile bounds an env file in bytes.
const maxEnvFile = 1 << 20

// Source is where Load finds values.
type Source struct {
	Flags map[string]string                // by the name of the setting
	Env   func(name string) (string, bool) // nil for os.LookupEnv
	Files []string                         // nil for defaultFiles; one that is absent is skipped
}

// Load returns the settings and what is wrong with their values. The Config is usable even when there are
// problems: a value that cannot be used leaves the default. An empty value counts as not given.
func Load(src Source) (*Config, []Problem) {
	c := &Config{from: map[string]string{}}
	values, problems := src.collect(c.from)
	for i := range Table {
		v := &Table[i]
		if v.Default != "" {
			if err := v.set(c, v.Default); err != nil {
				panic("config: the default of " + v.Name + " " + err.Error())
			}
		}
		s, given := values[v.Name]
		if !given {
			continue
		}
		if err := v.set(c, s); err != nil {
			problems = append(problems, v.problem(s, err))
		}
	}
	if c.SecretKey == devSecret {
		c.SecretKey = ""
		problems = append(problems, Problem{Warning, "SECRET_KEY", "this value stands in public examples; a generated key is used instead"})
	}
	c.derive()
	return c, problems
}

// problem describes a value that could not be used.
func (v *Variable) problem(s string, err error) Problem {
	shown := strconv.Quote(s)
	if v.Secret() {
		shown = "the value"
	}
	var b boundsError
	if errors.As(err, &b) && !v.Strict {
		return Problem{Warning, v.Name, fmt.Sprintf("%s %s; %s is used", shown, err, strconv.Quote(v.Default))}
	}
	return Problem{Critical, v.Name, shown + " " + err.Error()}
}

// collect finds the given values and notes in from where they come from.
func (src Source) collect(from map[string]string) (map[string]string, []Problem) {
	values := map[string]string{}
	give := func(name, value, origin string) {
		if strings.TrimSpace(value) != "" {
			values[name], from[name] = value, origin
		}
	}
	files := src.Files
	if files == nil {
		files = defaultFiles
	}
	var problems []Problem
	for _, path := range files {
		pairs, ps := readEnvFile(path)
		problems = append(problems, ps...)
		for _, p := range pairs {
			if lookup(p[0]) == nil {
				problems = append(problems, Problem{Info, p[0], path + " sets it, and no such setting is known"})
			}
			give(p[0], p[1], path)
		}
	}
	env := src.Env
	if env == nil {
		env = os.LookupEnv
	}
	for i := range Table {
		if s, ok := env(Table[i].Name); ok {
			give(Table[i].Name, s, "environment")
		}
	}
	for name, s := range src.Flags {
		give(name, s, "flag")
	}
	return values, problems
}

func readEnvFile(path string) ([][2]string, []Problem) {
	st, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err == nil && (st.Size() > maxEnvFile || !st.Mode().IsRegular()):
		err = errors.New("is not an env file")
	}
	var text []byte
	if err == nil {
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, []Problem{{Warning, "", path + ": " + err.Error()}}
	}
	pairs, bad := parseEnv(string(text))
	var problems []Problem
	for _, line := range bad {
		problems = append(problems, Problem{Warning, "", fmt.Sprintf("%s, line %d: cannot be read", path, line)})
	}
	return pairs, problems
}

// derive fills what depends on other settings and on the machine.
func (c *Config) derive() {
	if abs, err := filepath.Abs(c.StorageRoot); err == nil {
		c.StorageRoot = abs
	}
	sys := filepath.Join(c.StorageRoot, ".myfsio.sys")
	fill(&c.Auth.IAMConfig, filepath.Join(sys, "config", "iam.json"))
	fill(&c.Auth.BucketPolicyPath, filepath.Join(sys, "config", "bucket_policies.json"))
	fill(&c.Encryption.MasterKeyPath, filepath.Join(sys, "keys", "master.key"))
	fill(&c.Encryption.KMSKeysPath, filepath.Join(sys, "keys", "kms_keys.json"))
	fill(&c.Log.Dir, filepath.Join(filepath.Dir(c.StorageRoot), "logs"))
	fill(&c.APIBaseURL, "http://127.0.0.1:"+strconv.Itoa(c.APIPort))
	c.APIBaseURL = strings.TrimRight(c.APIBaseURL, "/")
	for i, d := range c.S3Domains {
		c.S3Domains[i] = strings.ToLower(strings.Trim(d, "."))
	}
	c.S3Domains = slices.DeleteFunc(c.S3Domains, func(d string) bool { return d == "" })

	s := &c.Server
	if s.Threads == 0 {
		s.Threads = min(2*runtime.NumCPU(), 64)
	}
	if s.ConnectionLimit == 0 {
		s.ConnectionLimit = int(min(max(availableMemory()>>20/5, 20), 1000))
	}
	if s.Backlog == 0 {
		s.Backlog = min(max(2*s.ConnectionLimit, 128), 4096)
	}
}

func fill(p *string, s string) {
	if *p == "" {
		*p = s
	}
}

// availableMemory returns the bytes that could be used without swapping; 1 GiB where nobody says.
func availableMemory() int64 {
	text, _ := os.ReadFile("/proc/meminfo")
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) >= 2 && f[0] == "MemAvailable:" {
			if kib, err := strconv.ParseInt(f[1], 10, 64); err == nil {
				return kib << 10
			}
		}
	}
	return 1 << 30
}

// ExplicitSecret reports whether SECRET_KEY was given, so that iam.json must be encrypted.
func (c *Config) ExplicitSecret() bool { return c.IsSet("SECRET_KEY") && c.SecretKey != "" }
