package config

import "myfsio/logs"

// Status says whether a setting acts.
type Status uint8

// The states of a setting.
const (
	Works   Status = iota
	Planned        // its feature is not built yet: accepted, no effect
	Ignored        // there is nothing it could act on here: accepted, no effect
)

// String is what --show-config prints behind a setting.
func (s Status) String() string {
	return [...]string{"", "not built yet: accepted, no effect", "nothing to set here: accepted, no effect"}[s]
}

// Variable is one row of the table of settings.
type Variable struct {
	Name    string
	Default string // as one would write it; "" where Load derives it, see Doc
	Doc     string
	Section string
	Status  Status
	OneOf   []string // the values of a word, nil for any
	Min     float64  // the least number
	Max     float64  // the greatest number; 0 for no bound
	Auto    bool     // 0 is allowed outside the bounds and means "choose"
	Strict  bool     // a value out of bounds is CRITICAL; otherwise the default stands in
	field   func(*Config) any
}

// Secret reports whether the value must not be shown.
func (v *Variable) Secret() bool {
	_, ok := v.field(new(Config)).(*logs.Secret)
	return ok
}

// Kind names the type of the value for people.
func (v *Variable) Kind() string {
	if len(v.OneOf) > 0 {
		return "word"
	}
	return kindOf(v.field(new(Config)))
}

// lookup finds a row by name, nil for none.
func lookup(name string) *Variable {
	for i := range Table {
		if Table[i].Name == name {
			return &Table[i]
		}
	}
	return nil
}

// Table is every setting, in the order of the documentation.
var Table = concat(coreTable, authTable, corsTable, rateTable, serverTable, logTable, encryptionTable, proxyTable,
	limitTable, workerTable, receiverTable, metricsTable, replicationTable)

func concat(tables ...[]Variable) (all []Variable) {
	for _, t := range tables {
		all = append(all, t...)
	}
	return all
}

var coreTable = []Variable{
	{Name: "STORAGE_ROOT", Section: "Core", Default: "data", Doc: "Directory of all buckets and objects; system data lives in .myfsio.sys below it.", field: func(c *Config) any { return &c.StorageRoot }},
	{Name: "SECRET_KEY", Section: "Core", Doc: "Key of sessions and of the encryption of iam.json. Generated and kept in .myfsio.sys/config/.secret when not set.", field: func(c *Config) any { return &c.SecretKey }},
	{Name: "API_BASE_URL", Section: "Core", Doc: "Public URL of the S3 API, for presigned URLs. Default: http://127.0.0.1 and the port of the API.", field: func(c *Config) any { return &c.APIBaseURL }},
	{Name: "APP_HOST", Section: "Core", Default: "0.0.0.0", Doc: "Address to listen on.", field: func(c *Config) any { return &c.Host }},
	{Name: "APP_PORT", Section: "Core", Default: "5000", Min: 0, Max: 65535, Strict: true, Doc: "Port of the S3 API; 0 takes a free one.", field: func(c *Config) any { return &c.APIPort }},
	{Name: "UI_PORT", Section: "Core", Default: "5100", Min: 0, Max: 65535, Strict: true, Doc: "Port of the console; 0 takes a free one.", field: func(c *Config) any { return &c.UIPort }},
	{Name: "UI_ENABLED", Section: "Core", Default: "true", Doc: "Serve the console beside the API.", field: func(c *Config) any { return &c.UIEnabled }},
	{Name: "AWS_REGION", Section: "Core", Default: "us-east-1", Doc: "Region of this server in signatures and answers.", field: func(c *Config) any { return &c.Region }},
	{Name: "AWS_SERVICE", Section: "Core", Default: "s3", Doc: "Service name in the scope of signatures.", field: func(c *Config) any { return &c.Service }},
	{Name: "S3_DOMAINS", Section: "Core", Doc: "Comma-separated domains for virtual-hosted buckets: bucket.domain.", field: func(c *Config) any { return &c.S3Domains }},
	{Name: "DURABILITY", Section: "Core", Default: "sync", OneOf: []string{"sync", "async"}, Strict: true, Doc: "sync: a write that was answered survives a power cut. async: faster, the last moments may be lost.", field: func(c *Config) any { return &c.Durability }},
	{Name: "PLAIN_FILES", Section: "Core", Default: "true", Doc: "Show each object as a plain file STORAGE_ROOT/bucket/key.", field: func(c *Config) any { return &c.PlainFiles }},
	{Name: "METADATA_URL", Section: "Core", Status: Planned, Doc: "Metadata engine, e.g. postgres://…; empty: the embedded one.", field: func(c *Config) any { return &c.MetadataURL }},
	{Name: "BLOB_URL", Section: "Core", Status: Planned, Doc: "Engine of the bytes, e.g. rados://pool; empty: files under STORAGE_ROOT.", field: func(c *Config) any { return &c.BlobURL }},
	{Name: "UI_PAGE_SIZE", Section: "Core", Default: "100", Min: 1, Max: 1000, Status: Planned, Doc: "Objects on a page of the console.", field: func(c *Config) any { return &c.UIPageSize }},
	{Name: "DISPLAY_TIMEZONE", Section: "Core", Default: "UTC", Status: Planned, Doc: "Time zone of the console, e.g. Asia/Tokyo.", field: func(c *Config) any { return &c.Timezone }},
	{Name: "WEBSITE_HOSTING_ENABLED", Section: "Core", Default: "false", Doc: "Serve static websites from buckets by their domain.", field: func(c *Config) any { return &c.WebsiteHosting }},
	{Name: "FLASK_DEBUG", Section: "Core", Default: "0", Status: Ignored, Doc: "Debug mode of earlier releases.", field: func(c *Config) any { return &c.FlaskDebug }},
}

var authTable = []Variable{
	{Name: "IAM_CONFIG", Section: "Users and security", Doc: "Path of the users. Default: STORAGE_ROOT/.myfsio.sys/config/iam.json. Encrypted when SECRET_KEY is set.", field: func(c *Config) any { return &c.Auth.IAMConfig }},
	{Name: "BUCKET_POLICY_PATH", Section: "Users and security", Doc: "Path of the bucket policies. Default: STORAGE_ROOT/.myfsio.sys/config/bucket_policies.json.", field: func(c *Config) any { return &c.Auth.BucketPolicyPath }},
	{Name: "ADMIN_ACCESS_KEY", Section: "Users and security", Doc: "Access key of the administrator made at the first start or by a reset; random when not set.", field: func(c *Config) any { return &c.Auth.AdminAccessKey }},
	{Name: "ADMIN_SECRET_KEY", Section: "Users and security", Doc: "Its secret key; random when not set.", field: func(c *Config) any { return &c.Auth.AdminSecretKey }},
	{Name: "ALLOW_LEGACY_HEADER_AUTH", Section: "Users and security", Default: "true", Doc: "Accept the header pair X-Access-Key and X-Secret-Key.", field: func(c *Config) any { return &c.Auth.LegacyHeader }},
	{Name: "SIGV2_ENABLED", Section: "Users and security", Default: "false", Doc: "Accept AWS Signature Version 2.", field: func(c *Config) any { return &c.Auth.SigV2 }},
	{Name: "SIGV4_ANY_REGION", Section: "Users and security", Default: "true", Doc: "Accept signatures for any region, not for AWS_REGION alone.", field: func(c *Config) any { return &c.Auth.AnyRegion }},
	{Name: "SIGV4_TIMESTAMP_TOLERANCE_SECONDS", Section: "Users and security", Default: "900", Min: 1, Max: 86400, Doc: "How far the clock of a client may be off.", field: func(c *Config) any { return &c.Limits.SigV4Tolerance }},
	{Name: "PRESIGNED_URL_MIN_EXPIRY_SECONDS", Section: "Users and security", Default: "1", Min: 1, Max: 604800, Doc: "Shortest life of a presigned URL.", field: func(c *Config) any { return &c.Limits.PresignMin }},
	{Name: "PRESIGNED_URL_MAX_EXPIRY_SECONDS", Section: "Users and security", Default: "604800", Min: 1, Max: 604800, Doc: "Longest life of a presigned URL.", field: func(c *Config) any { return &c.Limits.PresignMax }},
	{Name: "POLICY_EVALUATION", Section: "Users and security", Default: "aws", OneOf: []string{"aws", "strict"}, Strict: true, Doc: "aws: a user policy, a bucket policy or an ACL allows. strict: a user policy must always allow.", field: func(c *Config) any { return &c.Auth.PolicyEvaluation }},
	{Name: "AUTH_MAX_ATTEMPTS", Section: "Users and security", Default: "5", Min: 1, Max: 1e6, Doc: "Failed attempts before a lockout.", field: func(c *Config) any { return &c.Auth.MaxAttempts }},
	{Name: "AUTH_LOCKOUT_MINUTES", Section: "Users and security", Default: "15", Min: 1, Max: 1e6, Doc: "Length of a lockout.", field: func(c *Config) any { return &c.Auth.LockoutMinutes }},
	{Name: "SESSION_LIFETIME_DAYS", Section: "Users and security", Default: "30", Min: 1, Max: 3650, Status: Planned, Doc: "Life of a console session.", field: func(c *Config) any { return &c.Auth.SessionDays }},
	{Name: "SESSION_COOKIE_SECURE", Section: "Users and security", Default: "false", Status: Planned, Doc: "Send the session cookie over HTTPS only.", field: func(c *Config) any { return &c.Auth.SessionCookieSecure }},
	{Name: "SECRET_TTL_SECONDS", Section: "Users and security", Default: "300", Min: 1, Max: 604800, Status: Planned, Doc: "Life of secrets that the console shows once.", field: func(c *Config) any { return &c.Auth.SecretTTL }},
	{Name: "UI_ENFORCE_BUCKET_POLICIES", Section: "Users and security", Default: "false", Status: Planned, Doc: "Hold the console to bucket policies.", field: func(c *Config) any { return &c.Auth.UIEnforcePolicies }},
	{Name: "AUDIT_LOG_ENABLED", Section: "Users and security", Default: "false", Doc: "Write an audit log of administrative actions.", field: func(c *Config) any { return &c.AuditLog }},
	{Name: "IAM_STAT_CHECK_INTERVAL_SECONDS", Section: "Users and security", Default: "2", Status: Ignored, Doc: "An edited iam.json acts on the next request.", field: func(c *Config) any { return &c.Auth.IAMStatSeconds }},
	{Name: "IAM_CACHE_TTL_SECONDS", Section: "Users and security", Default: "5", Status: Ignored, Doc: "An edited iam.json acts on the next request.", field: func(c *Config) any { return &c.Auth.IAMCacheSeconds }},
	{Name: "BUCKET_POLICY_STAT_CHECK_INTERVAL_SECONDS", Section: "Users and security", Default: "2", Status: Ignored, Doc: "Edited policies act on the next request.", field: func(c *Config) any { return &c.Auth.PolicyStatSeconds }},
	{Name: "BUCKET_CONFIG_CACHE_TTL_SECONDS", Section: "Users and security", Default: "30", Status: Ignored, Doc: "The settings of a bucket act at once.", field: func(c *Config) any { return &c.Auth.ConfigCacheSeconds }},
}

var corsTable = []Variable{
	{Name: "CORS_ORIGINS", Section: "CORS", Default: "*", Doc: "Origins allowed for buckets without rules of their own.", field: func(c *Config) any { return &c.CORS.Origins }},
	{Name: "CORS_METHODS", Section: "CORS", Default: "GET,PUT,POST,DELETE,OPTIONS,HEAD", Doc: "Allowed methods.", field: func(c *Config) any { return &c.CORS.Methods }},
	{Name: "CORS_ALLOW_HEADERS", Section: "CORS", Default: "*", Doc: "Allowed request headers.", field: func(c *Config) any { return &c.CORS.AllowHeaders }},
	{Name: "CORS_EXPOSE_HEADERS", Section: "CORS", Default: "*", Doc: "Response headers that scripts may read.", field: func(c *Config) any { return &c.CORS.ExposeHeaders }},
}

var rateTable = []Variable{
	{Name: "RATE_LIMIT_DEFAULT", Section: "Rate limits", Default: "50000 per minute", Status: Planned, Doc: "Requests of no other class, per client.", field: func(c *Config) any { return &c.Rate.Default }},
	{Name: "RATE_LIMIT_LIST_BUCKETS", Section: "Rate limits", Default: "50000 per minute", Doc: "Listing the buckets.", field: func(c *Config) any { return &c.Rate.ListBuckets }},
	{Name: "RATE_LIMIT_BUCKET_OPS", Section: "Rate limits", Default: "50000 per minute", Doc: "Requests to a bucket.", field: func(c *Config) any { return &c.Rate.BucketOps }},
	{Name: "RATE_LIMIT_OBJECT_OPS", Section: "Rate limits", Default: "50000 per minute", Doc: "Requests to an object.", field: func(c *Config) any { return &c.Rate.ObjectOps }},
	{Name: "RATE_LIMIT_HEAD_OPS", Section: "Rate limits", Default: "50000 per minute", Doc: "HEAD requests.", field: func(c *Config) any { return &c.Rate.HeadOps }},
	{Name: "RATE_LIMIT_ADMIN", Section: "Rate limits", Default: "60 per minute", Doc: "Administrative requests.", field: func(c *Config) any { return &c.Rate.Admin }},
	{Name: "RATE_LIMIT_STORAGE_URI", Section: "Rate limits", Default: "memory://", Doc: "Where counts live: memory:// or redis://host:port.", field: func(c *Config) any { return &c.Rate.StorageURI }},
}

var serverTable = []Variable{
	{Name: "SERVER_THREADS", Section: "Server", Default: "0", Min: 1, Max: 64, Auto: true, Strict: true, Status: Ignored, Doc: "Threads of earlier releases; requests here need none.", field: func(c *Config) any { return &c.Server.Threads }},
	{Name: "SERVER_CONNECTION_LIMIT", Section: "Server", Default: "0", Min: 10, Max: 1000, Auto: true, Strict: true, Doc: "Requests served at the same time; 0: by the memory of the machine.", field: func(c *Config) any { return &c.Server.ConnectionLimit }},
	{Name: "SERVER_BACKLOG", Section: "Server", Default: "0", Min: 128, Max: 4096, Auto: true, Strict: true, Doc: "Connections waiting to be accepted; 0: twice the connection limit.", field: func(c *Config) any { return &c.Server.Backlog }},
	{Name: "SERVER_CHANNEL_TIMEOUT", Section: "Server", Default: "120", Min: 10, Max: 300, Strict: true, Doc: "Seconds before an idle connection is closed.", field: func(c *Config) any { return &c.Server.ChannelTimeout }},
	{Name: "SERVER_MAX_BUFFER_SIZE", Section: "Server", Default: "134217728", Status: Ignored, Doc: "Buffer of earlier releases; bodies are streamed here.", field: func(c *Config) any { return &c.Server.MaxBuffer }},
	{Name: "REQUEST_BODY_TIMEOUT_SECONDS", Section: "Server", Default: "300", Min: 1, Max: 86400, Doc: "Seconds that a request body may stand still.", field: func(c *Config) any { return &c.Limits.BodyTimeout }},
}

var logTable = []Variable{
	{Name: "LOG_LEVEL", Section: "Logging", Default: "INFO", OneOf: []string{"DEBUG", "INFO", "WARNING", "ERROR"}, Doc: "Least level that is logged.", field: func(c *Config) any { return &c.Log.Level }},
	{Name: "LOG_FORMAT", Section: "Logging", Default: "text", OneOf: []string{"text", "json"}, Doc: "Form of a line.", field: func(c *Config) any { return &c.Log.Format }},
	{Name: "LOG_TO_FILE", Section: "Logging", Default: "true", Doc: "Log to a file as well as to the standard output.", field: func(c *Config) any { return &c.Log.ToFile }},
	{Name: "LOG_DIR", Section: "Logging", Doc: "Directory of the log file. Default: logs, beside STORAGE_ROOT.", field: func(c *Config) any { return &c.Log.Dir }},
	{Name: "LOG_FILE", Section: "Logging", Default: "app.log", Doc: "Name of the log file.", field: func(c *Config) any { return &c.Log.File }},
	{Name: "LOG_MAX_BYTES", Section: "Logging", Default: "5242880", Doc: "Size at which the log file rotates; 0 never.", field: func(c *Config) any { return &c.Log.MaxBytes }},
	{Name: "LOG_BACKUP_COUNT", Section: "Logging", Default: "3", Max: 1000, Doc: "Rotated log files to keep; 0 never rotates.", field: func(c *Config) any { return &c.Log.Backups }},
}
