// Package config is the one table of all settings: their names, defaults, bounds and meaning.
//
// A setting is an environment variable. Its value comes from the first of these that has it: a
// command-line flag, the environment, the env files (the later file wins over the earlier), the
// default. [Load] fills a [Config] and reports what is wrong as [Problem]s; [Config.Check] holds the
// whole against the machine. doc/CONFIG.md is written by [Markdown] from the same table.
//
// Every name of the contract is accepted. The table says of each whether it acts now, belongs to a
// feature that is not built yet, or has nothing to act on here; [Show] and Check say so
// when such a setting is given.
package config

import (
	"fmt"
	"net/netip"
	"time"

	"myfsio/logs"
)

// Config is all settings. Load returns one; afterwards it is only read.
type Config struct {
	StorageRoot    string // absolute
	Region         string
	Service        string
	APIBaseURL     string
	Host           string
	APIPort        int
	UIPort         int
	UIEnabled      bool
	Timezone       string
	UIPageSize     int
	MetadataURL    string
	BlobURL        string
	Durability     string // "sync" or "async"
	PlainFiles     bool
	S3Domains      []string
	SecretKey      logs.Secret // "" until SecretKey(root) supplies one
	FlaskDebug     bool
	AuditLog       bool
	WebsiteHosting bool

	Notifications    Notifications
	AccessLogSeconds int

	Limits      Limits
	Auth        Auth
	CORS        CORS
	Rate        RateLimits
	Server      Server
	Log         Log
	Encryption  Encryption
	Proxy       Proxy
	Tuning      Tuning
	Lifecycle   Lifecycle
	GC          GC
	Integrity   Integrity
	Metrics     Metrics
	Replication Replication
	SiteSync    SiteSync
	Site        Site

	from map[string]string // where each value that is not a default came from
}

// Limits bound what a client may send.
type Limits struct {
	MaxUpload      int64 // bytes of one request body
	MinPart        int64 // bytes of a part that is not the last
	KeyLength      int   // bytes
	ObjectTags     int
	BulkDeleteKeys int
	BulkDownload   int64 // bytes
	BodyTimeout    int   // seconds without a byte
	KMSDataKeyMin  int   // bytes
	KMSDataKeyMax  int   // bytes
	PresignMin     int   // seconds
	PresignMax     int   // seconds
	SigV4Tolerance int   // seconds
}

// Auth is users, sessions and policies.
type Auth struct {
	IAMConfig           string // path
	BucketPolicyPath    string // path
	AdminAccessKey      string
	AdminSecretKey      logs.Secret
	MaxAttempts         int
	LockoutMinutes      int
	SessionDays         int
	SecretTTL           int    // seconds
	PolicyEvaluation    string // "aws" or "strict"
	UIEnforcePolicies   bool
	LegacyHeader        bool // the header pair X-Access-Key, X-Secret-Key
	SigV2               bool
	AnyRegion           bool
	SessionCookieSecure bool
	IAMStatSeconds      int
	IAMCacheSeconds     int
	PolicyStatSeconds   int
	ConfigCacheSeconds  int
}

// CORS is the rule for buckets that have none.
type CORS struct{ Origins, Methods, AllowHeaders, ExposeHeaders []string }

// Rate is N requests per Per.
type Rate struct {
	N   int
	Per time.Duration
}

// String writes a rate as "50000 per minute".
func (r Rate) String() string {
	for _, u := range rateUnits {
		if u.d == r.Per {
			return fmt.Sprintf("%d per %s", r.N, u.name)
		}
	}
	return fmt.Sprintf("%d per %s", r.N, r.Per)
}

// RateLimits are the rates of the classes of requests.
type RateLimits struct {
	Default, ListBuckets, BucketOps, ObjectOps, HeadOps, Admin Rate
	StorageURI                                                 string
}

// Server is the listeners. After Load the automatic values are filled in.
type Server struct {
	Threads         int
	ConnectionLimit int
	Backlog         int
	ChannelTimeout  int // seconds
	MaxBuffer       int64
}

// Log is where lines go.
type Log struct {
	Level    string
	ToFile   bool
	Dir      string
	File     string
	MaxBytes int64
	Backups  int
	Format   string // "text" or "json"
}

// Encryption is encryption at rest.
type Encryption struct {
	Enabled          bool
	MasterKeyPath    string
	DefaultAlgorithm string
	ChunkSize        int // bytes
	KMSEnabled       bool
	KMSKeysPath      string
}

// Proxy is what stands between us and the clients, and between us and the servers we call.
type Proxy struct {
	Trusted           int            // how many proxies may add to X-Forwarded-For
	TrustedPeers      []netip.Prefix // whose X-Forwarded headers count
	RedirectHosts     []string
	InternalEndpoints bool
}

// Tuning is sizes and times of caches.
type Tuning struct {
	StreamChunk     int // bytes
	BucketStatsTTL  int // seconds
	ObjectCacheTTL  int // seconds
	ObjectCacheSize int
}

// Lifecycle is the worker that expires objects.
type Lifecycle struct {
	Enabled         bool
	IntervalSeconds int
	MaxHistory      int
}

// Notifications is how events are delivered.
type Notifications struct{ MaxAgeHours float64 }

// GC is the worker that reclaims space.
type GC struct {
	Enabled          bool
	IntervalHours    float64
	TempMaxAgeHours  float64
	MultipartAgeDays int
	LockMaxAgeHours  float64
	DryRun           bool
}

// Integrity is the worker that verifies what is stored.
type Integrity struct {
	Enabled       bool
	IntervalHours float64
	BatchSize     int
	AutoHeal      bool
	DryRun        bool
}

// Metrics is what is measured and kept.
type Metrics struct {
	Operations             bool
	OperationsInterval     int // minutes
	OperationsRetention    int // hours
	History                bool
	HistoryIntervalMinutes int
	HistoryRetentionHours  int
}

// Replication is copying to other servers.
type Replication struct {
	ConnectTimeout int // seconds
	ReadTimeout    int // seconds
	MaxRetries     int
	StreamingFrom  int64 // bytes
	MaxFailures    int
}

// SiteSync is pulling from other sites.
type SiteSync struct {
	Enabled         bool
	IntervalSeconds int
	BatchSize       int
	ConnectTimeout  int // seconds
	ReadTimeout     int // seconds
	MaxRetries      int
	ClockSkew       float64 // seconds
}

// Site is this site among its peers.
type Site struct {
	ID, Endpoint, Region string
	Priority             int
}

// From says where the value of a setting came from: "flag", "environment", the path of an env file, or "default".
func (c *Config) From(name string) string {
	if f := c.from[name]; f != "" {
		return f
	}
	return "default"
}

// IsSet reports whether a setting has been given, with whatever value.
func (c *Config) IsSet(name string) bool { return c.from[name] != "" }
