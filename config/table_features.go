package config

var encryptionTable = []Variable{
	{Name: "ENCRYPTION_ENABLED", Section: "Encryption", Default: "false", Doc: "Encryption of objects by the server (AES256, and aws:kms with KMS_ENABLED). Off, what was encrypted before can still be read; keys of customers (SSE-C) work always.", field: func(c *Config) any { return &c.Encryption.Enabled }},
	{Name: "ENCRYPTION_MASTER_KEY_PATH", Section: "Encryption", Doc: "File of the master key, made at the first start with encryption; back it up. Default: STORAGE_ROOT/.myfsio.sys/keys/master.key.", field: func(c *Config) any { return &c.Encryption.MasterKeyPath }},
	{Name: "DEFAULT_ENCRYPTION_ALGORITHM", Section: "Encryption", Default: "AES256", OneOf: []string{"AES256", "aws:kms"}, Doc: "Algorithm where encryption is asked for without naming one: by the setting of a bucket, or by copying an encrypted object to a bucket without a setting.", field: func(c *Config) any { return &c.Encryption.DefaultAlgorithm }},
	{Name: "ENCRYPTION_CHUNK_SIZE_BYTES", Section: "Encryption", Default: "65536", Min: 4096, Max: 16 << 20, Status: Ignored, Doc: "Chunks have 65536 bytes.", field: func(c *Config) any { return &c.Encryption.ChunkSize }},
	{Name: "KMS_ENABLED", Section: "Encryption", Default: "false", Doc: "Key management and its API.", field: func(c *Config) any { return &c.Encryption.KMSEnabled }},
	{Name: "KMS_KEYS_PATH", Section: "Encryption", Doc: "File of the keys. Default: STORAGE_ROOT/.myfsio.sys/keys/kms_keys.json.", field: func(c *Config) any { return &c.Encryption.KMSKeysPath }},
	{Name: "KMS_GENERATE_DATA_KEY_MIN_BYTES", Section: "Encryption", Default: "1", Min: 1, Max: 1024, Doc: "Shortest data key.", field: func(c *Config) any { return &c.Limits.KMSDataKeyMin }},
	{Name: "KMS_GENERATE_DATA_KEY_MAX_BYTES", Section: "Encryption", Default: "1024", Min: 1, Max: 1024, Doc: "Longest data key.", field: func(c *Config) any { return &c.Limits.KMSDataKeyMax }},
}

var proxyTable = []Variable{
	{Name: "NUM_TRUSTED_PROXIES", Section: "Proxies", Default: "1", Max: 16, Doc: "Proxies in front whose X-Forwarded headers count, when they come from TRUSTED_PROXIES.", field: func(c *Config) any { return &c.Proxy.Trusted }},
	{Name: "TRUSTED_PROXIES", Section: "Proxies", Default: "127.0.0.0/8,::1/128,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,169.254.0.0/16,fc00::/7,fe80::/10", Strict: true, Doc: "Addresses and ranges of the proxies; default: loopback and private ranges.", field: func(c *Config) any { return &c.Proxy.TrustedPeers }},
	{Name: "ALLOWED_REDIRECT_HOSTS", Section: "Proxies", Doc: "Hosts that a form upload may redirect to; empty: the host of the request alone.", field: func(c *Config) any { return &c.Proxy.RedirectHosts }},
	{Name: "ALLOW_INTERNAL_ENDPOINTS", Section: "Proxies", Default: "false", Doc: "Allow webhooks and replication to private addresses.", field: func(c *Config) any { return &c.Proxy.InternalEndpoints }},
}

var limitTable = []Variable{
	{Name: "MAX_UPLOAD_SIZE", Section: "Limits and tuning", Default: "1073741824", Min: 1, Max: 5 << 40, Doc: "Bytes of one request body: an object put in one piece, or a part. S3 itself allows 5368709120.", field: func(c *Config) any { return &c.Limits.MaxUpload }},
	{Name: "MULTIPART_MIN_PART_SIZE", Section: "Limits and tuning", Default: "5242880", Max: 5 << 30, Doc: "Least bytes of a part that is not the last.", field: func(c *Config) any { return &c.Limits.MinPart }},
	{Name: "OBJECT_KEY_MAX_LENGTH_BYTES", Section: "Limits and tuning", Default: "1024", Min: 1, Max: 1024, Doc: "Longest object key.", field: func(c *Config) any { return &c.Limits.KeyLength }},
	{Name: "OBJECT_TAG_LIMIT", Section: "Limits and tuning", Default: "50", Max: 50, Doc: "Most tags of an object.", field: func(c *Config) any { return &c.Limits.ObjectTags }},
	{Name: "BULK_DELETE_MAX_KEYS", Section: "Limits and tuning", Default: "500", Min: 1, Max: 1000, Status: Planned, Doc: "Keys of one bulk delete in the console; the S3 operation takes 1000.", field: func(c *Config) any { return &c.Limits.BulkDeleteKeys }},
	{Name: "BULK_DOWNLOAD_MAX_BYTES", Section: "Limits and tuning", Default: "1073741824", Status: Planned, Doc: "Bytes of one ZIP download.", field: func(c *Config) any { return &c.Limits.BulkDownload }},
	{Name: "STREAM_CHUNK_SIZE", Section: "Limits and tuning", Default: "65536", Min: 4096, Max: 64 << 20, Status: Ignored, Doc: "Copies choose their own sizes.", field: func(c *Config) any { return &c.Tuning.StreamChunk }},
	{Name: "BUCKET_STATS_CACHE_TTL", Section: "Limits and tuning", Default: "60", Status: Ignored, Doc: "Counts of a bucket are always exact.", field: func(c *Config) any { return &c.Tuning.BucketStatsTTL }},
	{Name: "OBJECT_CACHE_TTL", Section: "Limits and tuning", Default: "60", Status: Ignored, Doc: "Metadata is never stale.", field: func(c *Config) any { return &c.Tuning.ObjectCacheTTL }},
	{Name: "OBJECT_CACHE_MAX_SIZE", Section: "Limits and tuning", Default: "100", Status: Ignored, Doc: "Metadata is never stale.", field: func(c *Config) any { return &c.Tuning.ObjectCacheSize }},
}

var workerTable = []Variable{
	{Name: "LIFECYCLE_ENABLED", Section: "Background workers", Default: "false", Doc: "Carry out lifecycle rules.", field: func(c *Config) any { return &c.Lifecycle.Enabled }},
	{Name: "LIFECYCLE_INTERVAL_SECONDS", Section: "Background workers", Default: "3600", Min: 1, Max: 31536000, Doc: "Time between runs.", field: func(c *Config) any { return &c.Lifecycle.IntervalSeconds }},
	{Name: "LIFECYCLE_MAX_HISTORY_PER_BUCKET", Section: "Background workers", Default: "50", Max: 10000, Doc: "Runs remembered for each bucket.", field: func(c *Config) any { return &c.Lifecycle.MaxHistory }},
	{Name: "GC_ENABLED", Section: "Background workers", Default: "false", Doc: "Clean up what nothing refers to.", field: func(c *Config) any { return &c.GC.Enabled }},
	{Name: "GC_INTERVAL_HOURS", Section: "Background workers", Default: "6", Min: 0.01, Max: 8760, Doc: "Time between runs.", field: func(c *Config) any { return &c.GC.IntervalHours }},
	{Name: "GC_TEMP_FILE_MAX_AGE_HOURS", Section: "Background workers", Default: "24", Max: 8760, Doc: "Age at which an unfinished write is given up.", field: func(c *Config) any { return &c.GC.TempMaxAgeHours }},
	{Name: "GC_MULTIPART_MAX_AGE_DAYS", Section: "Background workers", Default: "7", Min: 1, Max: 3650, Doc: "Days without a new part after which an unfinished multipart upload is given up.", field: func(c *Config) any { return &c.GC.MultipartAgeDays }},
	{Name: "GC_LOCK_FILE_MAX_AGE_HOURS", Section: "Background workers", Default: "1", Max: 8760, Status: Ignored, Doc: "There are no lock files.", field: func(c *Config) any { return &c.GC.LockMaxAgeHours }},
	{Name: "GC_DRY_RUN", Section: "Background workers", Default: "false", Doc: "Only log what would be deleted.", field: func(c *Config) any { return &c.GC.DryRun }},
	{Name: "INTEGRITY_ENABLED", Section: "Background workers", Default: "false", Doc: "Verify what is stored.", field: func(c *Config) any { return &c.Integrity.Enabled }},
	{Name: "INTEGRITY_INTERVAL_HOURS", Section: "Background workers", Default: "24", Min: 0.01, Max: 8760, Doc: "Time between runs.", field: func(c *Config) any { return &c.Integrity.IntervalHours }},
	{Name: "INTEGRITY_BATCH_SIZE", Section: "Background workers", Default: "1000", Min: 1, Max: 1e9, Doc: "Objects of one run; the next goes on from there.", field: func(c *Config) any { return &c.Integrity.BatchSize }},
	{Name: "INTEGRITY_AUTO_HEAL", Section: "Background workers", Default: "false", Doc: "Adopt files that people put or edited, make missing ones again, restore lost bytes from them. Rotten bytes are quarantined in any case.", field: func(c *Config) any { return &c.Integrity.AutoHeal }},
	{Name: "INTEGRITY_DRY_RUN", Section: "Background workers", Default: "false", Doc: "Only log what is wrong.", field: func(c *Config) any { return &c.Integrity.DryRun }},
}

var receiverTable = []Variable{
	{Name: "NOTIFICATION_MAX_AGE_HOURS", Section: "Notifications and access logs", Default: "24", Min: 0.01, Max: 8760, Doc: "How long the delivery of an event is tried before it is kept among the failures.", field: func(c *Config) any { return &c.Notifications.MaxAgeHours }},
	{Name: "ACCESS_LOG_INTERVAL_SECONDS", Section: "Notifications and access logs", Default: "60", Min: 1, Max: 3600, Doc: "How long a line of a bucket's access log waits at most before it is written.", field: func(c *Config) any { return &c.AccessLogSeconds }},
}

var metricsTable = []Variable{
	{Name: "OPERATION_METRICS_ENABLED", Section: "Metrics", Default: "false", Status: Planned, Doc: "Measure operations and keep the history.", field: func(c *Config) any { return &c.Metrics.Operations }},
	{Name: "OPERATION_METRICS_INTERVAL_MINUTES", Section: "Metrics", Default: "5", Min: 1, Max: 1440, Status: Planned, Doc: "Length of one window.", field: func(c *Config) any { return &c.Metrics.OperationsInterval }},
	{Name: "OPERATION_METRICS_RETENTION_HOURS", Section: "Metrics", Default: "24", Min: 1, Max: 8760, Status: Planned, Doc: "How long windows are kept.", field: func(c *Config) any { return &c.Metrics.OperationsRetention }},
	{Name: "METRICS_HISTORY_ENABLED", Section: "Metrics", Default: "false", Status: Planned, Doc: "Keep a history of processor, memory and disk.", field: func(c *Config) any { return &c.Metrics.History }},
	{Name: "METRICS_HISTORY_INTERVAL_MINUTES", Section: "Metrics", Default: "5", Min: 1, Max: 1440, Status: Planned, Doc: "Time between samples.", field: func(c *Config) any { return &c.Metrics.HistoryIntervalMinutes }},
	{Name: "METRICS_HISTORY_RETENTION_HOURS", Section: "Metrics", Default: "24", Min: 1, Max: 8760, Status: Planned, Doc: "How long samples are kept.", field: func(c *Config) any { return &c.Metrics.HistoryRetentionHours }},
}

var replicationTable = []Variable{
	{Name: "REPLICATION_CONNECT_TIMEOUT_SECONDS", Section: "Replication and sites", Default: "5", Min: 1, Max: 3600, Status: Planned, Doc: "Time to reach a target.", field: func(c *Config) any { return &c.Replication.ConnectTimeout }},
	{Name: "REPLICATION_READ_TIMEOUT_SECONDS", Section: "Replication and sites", Default: "30", Min: 1, Max: 3600, Status: Planned, Doc: "Time without an answer of a target.", field: func(c *Config) any { return &c.Replication.ReadTimeout }},
	{Name: "REPLICATION_MAX_RETRIES", Section: "Replication and sites", Default: "2", Max: 100, Status: Planned, Doc: "Retries of one request.", field: func(c *Config) any { return &c.Replication.MaxRetries }},
	{Name: "REPLICATION_STREAMING_THRESHOLD_BYTES", Section: "Replication and sites", Default: "10485760", Status: Planned, Doc: "Size from which an object goes in parts.", field: func(c *Config) any { return &c.Replication.StreamingFrom }},
	{Name: "REPLICATION_MAX_FAILURES_PER_BUCKET", Section: "Replication and sites", Default: "50", Max: 1e6, Status: Planned, Doc: "Failures remembered for each bucket.", field: func(c *Config) any { return &c.Replication.MaxFailures }},
	{Name: "SITE_SYNC_ENABLED", Section: "Replication and sites", Default: "false", Status: Planned, Doc: "Pull changes from other sites.", field: func(c *Config) any { return &c.SiteSync.Enabled }},
	{Name: "SITE_SYNC_INTERVAL_SECONDS", Section: "Replication and sites", Default: "60", Min: 1, Max: 86400, Status: Planned, Doc: "Time between pulls.", field: func(c *Config) any { return &c.SiteSync.IntervalSeconds }},
	{Name: "SITE_SYNC_BATCH_SIZE", Section: "Replication and sites", Default: "100", Min: 1, Max: 1e6, Status: Planned, Doc: "Objects of one pull.", field: func(c *Config) any { return &c.SiteSync.BatchSize }},
	{Name: "SITE_SYNC_CONNECT_TIMEOUT_SECONDS", Section: "Replication and sites", Default: "10", Min: 1, Max: 3600, Status: Planned, Doc: "Time to reach a site.", field: func(c *Config) any { return &c.SiteSync.ConnectTimeout }},
	{Name: "SITE_SYNC_READ_TIMEOUT_SECONDS", Section: "Replication and sites", Default: "120", Min: 1, Max: 3600, Status: Planned, Doc: "Time without an answer of a site.", field: func(c *Config) any { return &c.SiteSync.ReadTimeout }},
	{Name: "SITE_SYNC_MAX_RETRIES", Section: "Replication and sites", Default: "2", Max: 100, Status: Planned, Doc: "Retries of one request.", field: func(c *Config) any { return &c.SiteSync.MaxRetries }},
	{Name: "SITE_SYNC_CLOCK_SKEW_TOLERANCE_SECONDS", Section: "Replication and sites", Default: "1.0", Max: 3600, Status: Planned, Doc: "Difference in time that does not decide which change is newer.", field: func(c *Config) any { return &c.SiteSync.ClockSkew }},
	{Name: "SITE_ID", Section: "Replication and sites", Status: Planned, Doc: "Name of this site.", field: func(c *Config) any { return &c.Site.ID }},
	{Name: "SITE_ENDPOINT", Section: "Replication and sites", Status: Planned, Doc: "URL of this site for its peers.", field: func(c *Config) any { return &c.Site.Endpoint }},
	{Name: "SITE_REGION", Section: "Replication and sites", Default: "us-east-1", Status: Planned, Doc: "Region of this site.", field: func(c *Config) any { return &c.Site.Region }},
	{Name: "SITE_PRIORITY", Section: "Replication and sites", Default: "100", Max: 1e6, Status: Planned, Doc: "Order of this site among its peers; less comes first.", field: func(c *Config) any { return &c.Site.Priority }},
}
