package access

import (
	"slices"
	"strings"
)

// shape is a request that uses an operation, and what it needs.
type shape struct {
	op, note string // the operation, and what is special about this request to it
	request  string // method and target, with the names of world.fillIn
	headers  string // one a line
	body     string
	// needs are AWS's actions: on the place itself, and with a "<" on the source of a copy.
	needs  string
	from   string // the bucket that a copy comes from; "": the place's own
	shares bool   // makes something public, which a block of public access refuses to everyone
	fields string // of a form upload, one a line
}

// title names a row of the tables.
func (s *shape) title() string {
	if s.note == "" {
		return s.op
	}
	return s.op + " (" + s.note + ")"
}

// inPlace reports whether the request is about a place, and not about the service.
func (s *shape) inPlace() bool { return strings.Contains(s.request, "{b}") }

// inDirectory reports whether it matters in which directory of a bucket the request is.
func (s *shape) inDirectory() bool {
	all := s.request + s.headers + s.body + s.fields
	return strings.Contains(all, "{d}") || strings.Contains(all, "{k}") || strings.Contains(all, "{m}")
}

// onObject reports whether the request names an object.
func (s *shape) onObject() bool { return strings.Contains(s.request, "{b}/") }

// rights are what the request needs at a place.
func (s *shape) rights(pl place) (list []need) {
	for _, action := range strings.Fields(s.needs) {
		n := need{place: pl, absent: s.note == "no such key"}
		var source bool
		if n.action, source = strings.CutPrefix(action, "<"); source && s.from != "" {
			n.place = at(s.from, pl.dir, "", "")
		}
		if n.lists = strings.HasPrefix(s.op, "ListObject") && s.op != "ListObjectAnnotations" || s.op == "ListMultipartUploads"; n.lists && strings.Contains(s.request, "prefix={d}") {
			n.prefix = pl.dir
		}
		list = append(list, n)
	}
	return list
}

// actions are the distinct actions of needs.
func (s *shape) actions() []string {
	list := strings.Fields(strings.ReplaceAll(s.needs, "<", ""))
	slices.Sort(list)
	return slices.Compact(list)
}

// requestAt is the request at a place.
func (w *world) requestAt(s *shape, pl place) request {
	method, target, _ := strings.Cut(w.fillIn(s.request, pl, s.from), " ")
	q := request{method: method, target: target, body: w.fillIn(s.body, pl, s.from), bucket: pl.name}
	if s.headers != "" {
		q.headers = strings.Split(w.fillIn(s.headers, pl, s.from), "\n")
	}
	if s.fields != "" {
		q.fields = strings.Split(w.fillIn(s.fields, pl, s.from), "\n")
	}
	return q
}

const (
	aclGrant   = "x-amz-grant-read: id=0ba2eac5f8b5c63e4bb9ca2b6a0ff1ed3a2ce66b1e06c3d3cd0ff6c2b7e1a5f3"
	cors       = "<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>"
	ownership  = "<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>"
	block      = "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlockConfiguration>"
	tagging    = "<Tagging><TagSet><Tag><Key>c</Key><Value>d</Value></Tag></TagSet></Tagging>"
	versioning = "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>"
	complete   = "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>9dd4e461268c8034f5c8564e155c67a6</ETag></Part></CompleteMultipartUpload>"
	remove     = "<Delete><Object><Key>{k}</Key></Object></Delete>"
	removeOld  = "<Delete><Object><Key>{k}</Key><VersionId>{v}</VersionId></Object></Delete>"
	encryption = "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>" +
		"</ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>"
	newKey    = "<ObjectEncryption><SSE-KMS><KMSKeyArn>arn:aws:kms:local:000000000000:key/k</KMSKeyArn></SSE-KMS></ObjectEncryption>"
	legalHold = "<LegalHold><Status>ON</Status></LegalHold>"
	lifecycle = "<LifecycleConfiguration><Rule><ID>r</ID><Filter><Prefix>x/</Prefix></Filter><Status>Enabled</Status><Expiration><Days>9</Days></Expiration>" +
		"</Rule></LifecycleConfiguration>"
	inventory = `{"Id": "x", "IsEnabled": true, "Destination": {"S3BucketDestination": {"Bucket": "arn:aws:s3:::{b}", "Format": "CSV", "Prefix": "{d}"}}, ` +
		`"IncludedObjectVersions": "All", "Schedule": {"Frequency": "Daily"}}`
	logging      = "<BucketLoggingStatus></BucketLoggingStatus>"
	notification = "<NotificationConfiguration></NotificationConfiguration>"
	objectLock   = "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>"
	quota        = `{"max_size_bytes": 1000000, "max_objects": 1000}`
	replication  = "<ReplicationConfiguration><Role>r</Role><Rule><ID>r</ID><Status>Enabled</Status><Priority>1</Priority><Filter><Prefix></Prefix></Filter>" +
		"<DeleteMarkerReplication><Status>Disabled</Status></DeleteMarkerReplication><Destination><Bucket>arn:aws:s3:::shared</Bucket></Destination></Rule></ReplicationConfiguration>"
	retention = "<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>2099-01-01T00:00:00Z</RetainUntilDate></Retention>"
	selection = "<SelectObjectContentRequest><Expression>SELECT * FROM S3Object</Expression><ExpressionType>SQL</ExpressionType>" +
		"<InputSerialization><CSV/></InputSerialization><OutputSerialization><CSV/></OutputSerialization></SelectObjectContentRequest>"
	website    = "<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument></WebsiteConfiguration>"
	md5Header  = "Content-MD5: {md5}"
	jsonHeader = "Content-Type: application/json"
	toDora     = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"dora"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::{b}/*"}]}`
	toAll      = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::{b}/*"}]}`
)

// lockedUntil and held are the headers of protection.
const (
	lockedUntil = "x-amz-object-lock-mode: GOVERNANCE\nx-amz-object-lock-retain-until-date: 2099-01-01T00:00:00Z"
	held        = "x-amz-object-lock-legal-hold: ON"
)

// copyOf is the header of a copy.
const copyOf = "x-amz-copy-source: /{from}"

// renameOf is the header of a rename.
const renameOf = "x-amz-rename-source: /{b}/"

// shapes has at least one row for each operation of the gate's list.
var shapes = []shape{
	// The service.
	{op: "ListBuckets", request: "GET /", needs: "s3:ListAllMyBuckets"},
	{op: "ListDirectoryBuckets", request: "GET /?x-id=ListDirectoryBuckets", needs: "s3express:ListAllMyDirectoryBuckets"},
	{op: "CreateBucket", note: "a new one", request: "PUT /fresh", needs: "s3:CreateBucket"},
	{op: "CreateBucket", note: "a new one, list public-read", request: "PUT /fresh", headers: "x-amz-acl: public-read", needs: "s3:CreateBucket"},
	{op: "CreateBucket", note: "a new one, with ownership", request: "PUT /fresh", headers: "x-amz-object-ownership: ObjectWriter", needs: "s3:CreateBucket"},
	{op: "CreateBucket", note: "a new one, with Object Lock", request: "PUT /fresh", headers: "x-amz-bucket-object-lock-enabled: true", needs: "s3:CreateBucket"},

	// Buckets.
	{op: "CreateBucket", note: "one that is there", request: "PUT /{b}", needs: "s3:CreateBucket"},
	{op: "CreateBucketMetadataConfiguration", request: "POST /{b}?metadataConfiguration", needs: "s3:CreateBucketMetadataTableConfiguration"},
	{op: "CreateBucketMetadataTableConfiguration", request: "POST /{b}?metadataTable", needs: "s3:CreateBucketMetadataTableConfiguration"},
	{op: "CreateSession", request: "GET /{b}?session", needs: "s3express:CreateSession"},
	{op: "DeleteBucket", request: "DELETE /{b}", needs: "s3:DeleteBucket"},
	{op: "DeleteBucketAnalyticsConfiguration", request: "DELETE /{b}?analytics", needs: "s3:PutAnalyticsConfiguration"},
	{op: "DeleteBucketCors", request: "DELETE /{b}?cors", needs: "s3:PutBucketCORS"},
	{op: "DeleteBucketEncryption", request: "DELETE /{b}?encryption", needs: "s3:PutEncryptionConfiguration"},
	{op: "DeleteBucketIntelligentTieringConfiguration", request: "DELETE /{b}?intelligent-tiering", needs: "s3:PutIntelligentTieringConfiguration"},
	{op: "DeleteBucketInventoryConfiguration", request: "DELETE /{b}?inventory&id=x", needs: "s3:PutInventoryConfiguration"},
	{op: "DeleteBucketLifecycle", request: "DELETE /{b}?lifecycle", needs: "s3:PutLifecycleConfiguration"},
	{op: "DeleteBucketMetadataConfiguration", request: "DELETE /{b}?metadataConfiguration", needs: "s3:DeleteBucketMetadataTableConfiguration"},
	{op: "DeleteBucketMetadataTableConfiguration", request: "DELETE /{b}?metadataTable", needs: "s3:DeleteBucketMetadataTableConfiguration"},
	{op: "DeleteBucketMetricsConfiguration", request: "DELETE /{b}?metrics", needs: "s3:PutMetricsConfiguration"},
	{op: "DeleteBucketOwnershipControls", request: "DELETE /{b}?ownershipControls", needs: "s3:PutBucketOwnershipControls"},
	{op: "DeleteBucketPolicy", request: "DELETE /{b}?policy", needs: "s3:DeleteBucketPolicy"},
	{op: "DeleteBucketQuota", request: "DELETE /{b}?quota", needs: "s3:PutBucketQuota"},
	{op: "DeleteBucketReplication", request: "DELETE /{b}?replication", needs: "s3:PutReplicationConfiguration"},
	{op: "DeleteBucketTagging", request: "DELETE /{b}?tagging", needs: "s3:PutBucketTagging"},
	{op: "DeleteBucketWebsite", request: "DELETE /{b}?website", needs: "s3:DeleteBucketWebsite"},
	{op: "DeleteObjects", request: "POST /{b}?delete", headers: md5Header, body: remove, needs: "s3:DeleteObject"},
	{op: "DeleteObjects", note: "a version", request: "POST /{b}?delete", headers: md5Header, body: removeOld, needs: "s3:DeleteObjectVersion"},
	{op: "DeletePublicAccessBlock", request: "DELETE /{b}?publicAccessBlock", needs: "s3:PutBucketPublicAccessBlock"},
	{op: "GetBucketAbac", request: "GET /{b}?abac", needs: "s3:GetBucketAbac"},
	{op: "GetBucketAccelerateConfiguration", request: "GET /{b}?accelerate", needs: "s3:GetAccelerateConfiguration"},
	{op: "GetBucketAcl", request: "GET /{b}?acl", needs: "s3:GetBucketAcl"},
	{op: "GetBucketAnalyticsConfiguration", request: "GET /{b}?analytics&id=x", needs: "s3:GetAnalyticsConfiguration"},
	{op: "GetBucketCors", request: "GET /{b}?cors", needs: "s3:GetBucketCORS"},
	{op: "GetBucketEncryption", request: "GET /{b}?encryption", needs: "s3:GetEncryptionConfiguration"},
	{op: "GetBucketIntelligentTieringConfiguration", request: "GET /{b}?intelligent-tiering&id=x", needs: "s3:GetIntelligentTieringConfiguration"},
	{op: "GetBucketInventoryConfiguration", request: "GET /{b}?inventory&id=x", needs: "s3:GetInventoryConfiguration"},
	{op: "GetBucketLifecycle", request: "GET /{b}?lifecycle", needs: "s3:GetLifecycleConfiguration"},
	{op: "GetBucketLifecycleConfiguration", request: "GET /{b}?lifecycle", needs: "s3:GetLifecycleConfiguration"},
	{op: "GetBucketLocation", request: "GET /{b}?location", needs: "s3:GetBucketLocation"},
	{op: "GetBucketLogging", request: "GET /{b}?logging", needs: "s3:GetBucketLogging"},
	{op: "GetBucketMetadataConfiguration", request: "GET /{b}?metadataConfiguration", needs: "s3:GetBucketMetadataTableConfiguration"},
	{op: "GetBucketMetadataTableConfiguration", request: "GET /{b}?metadataTable", needs: "s3:GetBucketMetadataTableConfiguration"},
	{op: "GetBucketMetricsConfiguration", request: "GET /{b}?metrics&id=x", needs: "s3:GetMetricsConfiguration"},
	{op: "GetBucketNotification", request: "GET /{b}?notification", needs: "s3:GetBucketNotification"},
	{op: "GetBucketNotificationConfiguration", request: "GET /{b}?notification", needs: "s3:GetBucketNotification"},
	{op: "GetBucketOwnershipControls", request: "GET /{b}?ownershipControls", needs: "s3:GetBucketOwnershipControls"},
	{op: "GetBucketPolicy", request: "GET /{b}?policy", needs: "s3:GetBucketPolicy"},
	{op: "GetBucketPolicyStatus", request: "GET /{b}?policyStatus", needs: "s3:GetBucketPolicyStatus"},
	{op: "GetBucketQuota", request: "GET /{b}?quota", needs: "s3:GetBucketQuota"},
	{op: "GetBucketReplication", request: "GET /{b}?replication", needs: "s3:GetReplicationConfiguration"},
	{op: "GetBucketRequestPayment", request: "GET /{b}?requestPayment", needs: "s3:GetBucketRequestPayment"},
	{op: "GetBucketTagging", request: "GET /{b}?tagging", needs: "s3:GetBucketTagging"},
	{op: "GetBucketVersioning", request: "GET /{b}?versioning", needs: "s3:GetBucketVersioning"},
	{op: "GetBucketWebsite", request: "GET /{b}?website", needs: "s3:GetBucketWebsite"},
	{op: "GetObjectLockConfiguration", request: "GET /{b}?object-lock", needs: "s3:GetBucketObjectLockConfiguration"},
	{op: "GetPublicAccessBlock", request: "GET /{b}?publicAccessBlock", needs: "s3:GetBucketPublicAccessBlock"},
	{op: "HeadBucket", request: "HEAD /{b}", needs: "s3:ListBucket"},
	{op: "ListBucketAnalyticsConfigurations", request: "GET /{b}?analytics", needs: "s3:GetAnalyticsConfiguration"},
	{op: "ListBucketIntelligentTieringConfigurations", request: "GET /{b}?intelligent-tiering", needs: "s3:GetIntelligentTieringConfiguration"},
	{op: "ListBucketInventoryConfigurations", request: "GET /{b}?inventory", needs: "s3:GetInventoryConfiguration"},
	{op: "ListBucketMetricsConfigurations", request: "GET /{b}?metrics", needs: "s3:GetMetricsConfiguration"},
	{op: "ListMultipartUploads", request: "GET /{b}?uploads", needs: "s3:ListBucketMultipartUploads"},
	{op: "ListMultipartUploads", note: "of a prefix", request: "GET /{b}?uploads&prefix={d}", needs: "s3:ListBucketMultipartUploads"},
	{op: "ListObjectVersions", request: "GET /{b}?versions", needs: "s3:ListBucketVersions"},
	{op: "ListObjectVersions", note: "of a prefix", request: "GET /{b}?versions&prefix={d}", needs: "s3:ListBucketVersions"},
	{op: "ListObjects", request: "GET /{b}", needs: "s3:ListBucket"},
	{op: "ListObjects", note: "of a prefix", request: "GET /{b}?prefix={d}", needs: "s3:ListBucket"},
	{op: "ListObjectsV2", request: "GET /{b}?list-type=2", needs: "s3:ListBucket"},
	{op: "ListObjectsV2", note: "of a prefix", request: "GET /{b}?list-type=2&prefix={d}", needs: "s3:ListBucket"},
	{op: "PostObject", request: "POST /{b}", fields: "key: {d}posted", needs: "s3:PutObject"},
	{op: "PostObject", note: "with tags", request: "POST /{b}", fields: "key: {d}posted\ntagging: " + tagging, needs: "s3:PutObject s3:PutObjectTagging"},
	{op: "PostObject", note: "list public-read", request: "POST /{b}", fields: "key: {d}posted\nacl: public-read", needs: "s3:PutObject s3:PutObjectAcl", shares: true},
	{op: "PostObject", note: "with retention", request: "POST /{b}", fields: "key: {d}posted\n" + lockedUntil, needs: "s3:PutObject s3:PutObjectRetention"},
	{op: "PutBucketAbac", request: "PUT /{b}?abac", needs: "s3:PutBucketAbac"},
	{op: "PutBucketAccelerateConfiguration", request: "PUT /{b}?accelerate", needs: "s3:PutAccelerateConfiguration"},
	{op: "PutBucketAcl", request: "PUT /{b}?acl", headers: "x-amz-acl: private", needs: "s3:PutBucketAcl"},
	{op: "PutBucketAcl", note: "list public-read", request: "PUT /{b}?acl", headers: "x-amz-acl: public-read", needs: "s3:PutBucketAcl", shares: true},
	{op: "PutBucketAnalyticsConfiguration", request: "PUT /{b}?analytics", needs: "s3:PutAnalyticsConfiguration"},
	{op: "PutBucketCors", request: "PUT /{b}?cors", body: cors, needs: "s3:PutBucketCORS"},
	{op: "PutBucketEncryption", request: "PUT /{b}?encryption", body: encryption, needs: "s3:PutEncryptionConfiguration"},
	{op: "PutBucketIntelligentTieringConfiguration", request: "PUT /{b}?intelligent-tiering", needs: "s3:PutIntelligentTieringConfiguration"},
	{op: "PutBucketInventoryConfiguration", request: "PUT /{b}?inventory&id=x", headers: jsonHeader, body: inventory, needs: "s3:PutInventoryConfiguration s3:PutObject"},
	{op: "PutBucketLifecycle", request: "PUT /{b}?lifecycle", headers: md5Header, body: lifecycle, needs: "s3:PutLifecycleConfiguration"},
	{op: "PutBucketLifecycleConfiguration", request: "PUT /{b}?lifecycle", headers: md5Header, body: lifecycle, needs: "s3:PutLifecycleConfiguration"},
	{op: "PutBucketLogging", request: "PUT /{b}?logging", body: logging, needs: "s3:PutBucketLogging"},
	{op: "PutBucketMetricsConfiguration", request: "PUT /{b}?metrics", needs: "s3:PutMetricsConfiguration"},
	{op: "PutBucketNotification", request: "PUT /{b}?notification", body: notification, needs: "s3:PutBucketNotification"},
	{op: "PutBucketNotificationConfiguration", request: "PUT /{b}?notification", body: notification, needs: "s3:PutBucketNotification"},
	{op: "PutBucketOwnershipControls", request: "PUT /{b}?ownershipControls", body: ownership, needs: "s3:PutBucketOwnershipControls"},
	{op: "PutBucketPolicy", request: "PUT /{b}?policy", body: toDora, needs: "s3:PutBucketPolicy"},
	{op: "PutBucketPolicy", note: "a public one", request: "PUT /{b}?policy", body: toAll, needs: "s3:PutBucketPolicy", shares: true},
	{op: "PutBucketQuota", request: "PUT /{b}?quota", body: quota, needs: "s3:PutBucketQuota"},
	{op: "PutBucketReplication", request: "PUT /{b}?replication", headers: md5Header, body: replication, needs: "s3:PutReplicationConfiguration"},
	{op: "PutBucketRequestPayment", request: "PUT /{b}?requestPayment", needs: "s3:PutBucketRequestPayment"},
	{op: "PutBucketTagging", request: "PUT /{b}?tagging", headers: md5Header, body: tagging, needs: "s3:PutBucketTagging"},
	{op: "PutBucketVersioning", request: "PUT /{b}?versioning", body: versioning, needs: "s3:PutBucketVersioning"},
	{op: "PutBucketWebsite", request: "PUT /{b}?website", body: website, needs: "s3:PutBucketWebsite"},
	{op: "PutObjectLockConfiguration", request: "PUT /{b}?object-lock", headers: md5Header, body: objectLock, needs: "s3:PutBucketObjectLockConfiguration"},
	{op: "PutPublicAccessBlock", request: "PUT /{b}?publicAccessBlock", body: block, needs: "s3:PutBucketPublicAccessBlock"},
	{op: "UpdateBucketMetadataAnnotationTableConfiguration", request: "PUT /{b}?metadataAnnotationTable", needs: "s3:UpdateBucketMetadataAnnotationTableConfiguration"},
	{op: "UpdateBucketMetadataInventoryTableConfiguration", request: "PUT /{b}?metadataInventoryTable", needs: "s3:UpdateBucketMetadataInventoryTableConfiguration"},
	{op: "UpdateBucketMetadataJournalTableConfiguration", request: "PUT /{b}?metadataJournalTable", needs: "s3:UpdateBucketMetadataJournalTableConfiguration"},
	{op: "WriteGetObjectResponse", request: "POST /{b}", headers: "X-Amz-Request-Route: r", needs: "s3-object-lambda:WriteGetObjectResponse"},

	// Objects.
	{op: "AbortMultipartUpload", request: "DELETE /{b}/{m}?uploadId={u}", needs: "s3:AbortMultipartUpload"},
	{op: "CompleteMultipartUpload", request: "POST /{b}/{m}?uploadId={u}", body: complete, needs: "s3:PutObject"},
	{op: "CopyObject", note: "within the bucket", request: "PUT /{b}/{d}copy", headers: copyOf + "k", needs: "s3:PutObject <s3:GetObject"},
	{op: "CopyObject", note: "from own", from: "own", request: "PUT /{b}/{d}copy", headers: copyOf + "k", needs: "s3:PutObject <s3:GetObject"},
	{op: "CopyObject", note: "from own, a version", from: "own", request: "PUT /{b}/{d}copy", headers: copyOf + "k?versionId={fv}", needs: "s3:PutObject <s3:GetObjectVersion"},
	{op: "CopyObject", note: "from shared", from: "shared", request: "PUT /{b}/{d}copy", headers: copyOf + "k", needs: "s3:PutObject <s3:GetObject"},
	{op: "CopyObject", note: "from public", from: "public", request: "PUT /{b}/{d}copy", headers: copyOf + "k", needs: "s3:PutObject <s3:GetObject"},
	{op: "CopyObject", note: "from foreign", from: "foreign", request: "PUT /{b}/{d}copy", headers: copyOf + "k", needs: "s3:PutObject <s3:GetObject"},
	{op: "CopyObject", note: "a source with tags", request: "PUT /{b}/{d}copy", headers: copyOf + "tagged", needs: "s3:PutObject <s3:GetObject <s3:GetObjectTagging"},
	{op: "CopyObject", note: "with other tags", request: "PUT /{b}/{d}copy", headers: copyOf + "tagged\nx-amz-tagging-directive: REPLACE\nx-amz-tagging: c=d",
		needs: "s3:PutObject s3:PutObjectTagging <s3:GetObject"},
	{op: "CopyObject", note: "a source with annotations", request: "PUT /{b}/{d}copy", headers: copyOf + "noted",
		needs: "s3:PutObject s3:PutObjectAnnotation <s3:GetObject <s3:GetObjectAnnotation"},
	{op: "CopyObject", note: "without its annotations", request: "PUT /{b}/{d}copy", headers: copyOf + "noted\nx-amz-object-annotation-directive: EXCLUDE", needs: "s3:PutObject <s3:GetObject"},
	{op: "CopyObject", note: "with a legal hold", from: "public", request: "PUT /{b}/{d}copy", headers: copyOf + "k\n" + held, needs: "s3:PutObject s3:PutObjectLegalHold <s3:GetObject"},
	{op: "CopyObject", note: "list public-read", request: "PUT /{b}/{d}copy", headers: copyOf + "k\nx-amz-acl: public-read",
		needs: "s3:PutObject s3:PutObjectAcl <s3:GetObject", shares: true},
	{op: "CreateMultipartUpload", request: "POST /{b}/{d}new?uploads", needs: "s3:PutObject"},
	{op: "CreateMultipartUpload", note: "with tags", request: "POST /{b}/{d}new?uploads", headers: "x-amz-tagging: c=d", needs: "s3:PutObject s3:PutObjectTagging"},
	{op: "CreateMultipartUpload", note: "list public-read", request: "POST /{b}/{d}new?uploads", headers: "x-amz-acl: public-read", needs: "s3:PutObject s3:PutObjectAcl", shares: true},
	{op: "CreateMultipartUpload", note: "with retention", request: "POST /{b}/{d}new?uploads", headers: lockedUntil, needs: "s3:PutObject s3:PutObjectRetention"},
	{op: "DeleteObject", request: "DELETE /{b}/{k}", needs: "s3:DeleteObject"},
	{op: "DeleteObject", note: "a version", request: "DELETE /{b}/{k}?versionId={v}", needs: "s3:DeleteObjectVersion"},
	{op: "DeleteObjectAnnotation", request: "DELETE /{b}/{d}noted?annotation&annotationName=n", needs: "s3:DeleteObjectAnnotation"},
	{op: "DeleteObjectAnnotation", note: "a version", request: "DELETE /{b}/{k}?annotation&annotationName=n&versionId={v}", needs: "s3:DeleteObjectVersionAnnotation"},
	{op: "DeleteObjectTagging", request: "DELETE /{b}/{k}?tagging", needs: "s3:DeleteObjectTagging"},
	{op: "DeleteObjectTagging", note: "a version", request: "DELETE /{b}/{k}?tagging&versionId={v}", needs: "s3:DeleteObjectVersionTagging"},
	{op: "GetObject", request: "GET /{b}/{k}", needs: "s3:GetObject"},
	{op: "GetObject", note: "a version", request: "GET /{b}/{k}?versionId={v}", needs: "s3:GetObjectVersion"},
	{op: "GetObject", note: "no such key", request: "GET /{b}/{d}none", needs: "s3:GetObject s3:ListBucket"},
	{op: "GetObjectAcl", request: "GET /{b}/{k}?acl", needs: "s3:GetObjectAcl"},
	{op: "GetObjectAcl", note: "a version", request: "GET /{b}/{k}?acl&versionId={v}", needs: "s3:GetObjectVersionAcl"},
	{op: "GetObjectAnnotation", request: "GET /{b}/{d}noted?annotation&annotationName=n", needs: "s3:GetObjectAnnotation"},
	{op: "GetObjectAnnotation", note: "a version", request: "GET /{b}/{k}?annotation&annotationName=n&versionId={v}", needs: "s3:GetObjectVersionAnnotation"},
	{op: "GetObjectAttributes", request: "GET /{b}/{k}?attributes", headers: "x-amz-object-attributes: ETag", needs: "s3:GetObject s3:GetObjectAttributes"},
	{op: "GetObjectAttributes", note: "a version", request: "GET /{b}/{k}?attributes&versionId={v}", headers: "x-amz-object-attributes: ETag",
		needs: "s3:GetObjectVersion s3:GetObjectVersionAttributes"},
	{op: "GetObjectLegalHold", request: "GET /{b}/{k}?legal-hold", needs: "s3:GetObjectLegalHold"},
	{op: "GetObjectLegalHold", note: "a version", request: "GET /{b}/{k}?legal-hold&versionId={v}", needs: "s3:GetObjectLegalHold"},
	{op: "GetObjectRetention", request: "GET /{b}/{k}?retention", needs: "s3:GetObjectRetention"},
	{op: "GetObjectRetention", note: "a version", request: "GET /{b}/{k}?retention&versionId={v}", needs: "s3:GetObjectRetention"},
	{op: "GetObjectTagging", request: "GET /{b}/{k}?tagging", needs: "s3:GetObjectTagging"},
	{op: "GetObjectTagging", note: "a version", request: "GET /{b}/{k}?tagging&versionId={v}", needs: "s3:GetObjectVersionTagging"},
	{op: "GetObjectTorrent", request: "GET /{b}/{k}?torrent", needs: "s3:GetObjectTorrent"},
	{op: "GetObjectTorrent", note: "a version", request: "GET /{b}/{k}?torrent&versionId={v}", needs: "s3:GetObjectVersionTorrent"},
	{op: "HeadObject", request: "HEAD /{b}/{k}", needs: "s3:GetObject"},
	{op: "HeadObject", note: "a version", request: "HEAD /{b}/{k}?versionId={v}", needs: "s3:GetObjectVersion"},
	{op: "HeadObject", note: "no such key", request: "HEAD /{b}/{d}none", needs: "s3:GetObject s3:ListBucket"},
	{op: "ListObjectAnnotations", request: "GET /{b}/{k}?annotation", needs: "s3:ListObjectAnnotations"},
	{op: "ListObjectAnnotations", note: "a version", request: "GET /{b}/{k}?annotation&versionId={v}", needs: "s3:ListObjectVersionAnnotations"},
	{op: "ListParts", request: "GET /{b}/{m}?uploadId={u}", needs: "s3:ListMultipartUploadParts"},
	{op: "PutObject", request: "PUT /{b}/{d}new", body: "x", needs: "s3:PutObject"},
	{op: "PutObject", note: "over another", request: "PUT /{b}/{k}", body: "y", needs: "s3:PutObject"},
	{op: "PutObject", note: "with tags", request: "PUT /{b}/{d}new", headers: "x-amz-tagging: c=d", body: "x", needs: "s3:PutObject s3:PutObjectTagging"},
	{op: "PutObject", note: "list public-read", request: "PUT /{b}/{d}new", headers: "x-amz-acl: public-read", body: "x", needs: "s3:PutObject s3:PutObjectAcl", shares: true},
	{op: "PutObject", note: "list bucket-owner-full-control", request: "PUT /{b}/{d}new", headers: "x-amz-acl: bucket-owner-full-control", body: "x", needs: "s3:PutObject"},
	{op: "PutObject", note: "a grant to a user", request: "PUT /{b}/{d}new", headers: aclGrant, body: "x", needs: "s3:PutObject s3:PutObjectAcl"},
	{op: "PutObject", note: "with retention", request: "PUT /{b}/{d}new", headers: lockedUntil, body: "x", needs: "s3:PutObject s3:PutObjectRetention"},
	{op: "PutObject", note: "with a legal hold", request: "PUT /{b}/{d}new", headers: held, body: "x", needs: "s3:PutObject s3:PutObjectLegalHold"},
	{op: "PutObject", note: "with both", request: "PUT /{b}/{d}new", headers: lockedUntil + "\n" + held, body: "x", needs: "s3:PutObject s3:PutObjectRetention s3:PutObjectLegalHold"},
	{op: "PutObjectAcl", request: "PUT /{b}/{k}?acl", headers: "x-amz-acl: private", needs: "s3:PutObjectAcl"},
	{op: "PutObjectAcl", note: "list public-read", request: "PUT /{b}/{k}?acl", headers: "x-amz-acl: public-read", needs: "s3:PutObjectAcl", shares: true},
	{op: "PutObjectAcl", note: "a version", request: "PUT /{b}/{k}?acl&versionId={v}", headers: "x-amz-acl: private", needs: "s3:PutObjectVersionAcl"},
	{op: "PutObjectAnnotation", request: "PUT /{b}/{k}?annotation&annotationName=n", body: "x", needs: "s3:PutObjectAnnotation"},
	{op: "PutObjectAnnotation", note: "a version", request: "PUT /{b}/{k}?annotation&annotationName=n&versionId={v}", body: "x", needs: "s3:PutObjectVersionAnnotation"},
	{op: "PutObjectLegalHold", request: "PUT /{b}/{k}?legal-hold", headers: md5Header, body: legalHold, needs: "s3:PutObjectLegalHold"},
	{op: "PutObjectLegalHold", note: "a version", request: "PUT /{b}/{k}?legal-hold&versionId={v}", headers: md5Header, body: legalHold, needs: "s3:PutObjectLegalHold"},
	{op: "PutObjectRetention", request: "PUT /{b}/{k}?retention", headers: md5Header, body: retention, needs: "s3:PutObjectRetention"},
	{op: "PutObjectRetention", note: "a version", request: "PUT /{b}/{k}?retention&versionId={v}", headers: md5Header, body: retention, needs: "s3:PutObjectRetention"},
	{op: "PutObjectTagging", request: "PUT /{b}/{k}?tagging", body: tagging, needs: "s3:PutObjectTagging"},
	{op: "PutObjectTagging", note: "a version", request: "PUT /{b}/{k}?tagging&versionId={v}", body: tagging, needs: "s3:PutObjectVersionTagging"},
	{op: "RenameObject", request: "PUT /{b}/{d}new?renameObject", headers: renameOf + "{k}", needs: "s3:PutObject <s3:GetObject <s3:DeleteObject"},
	{op: "RenameObject", note: "with annotations", request: "PUT /{b}/{d}new?renameObject", headers: renameOf + "{d}noted",
		needs: "s3:PutObject s3:PutObjectAnnotation <s3:GetObject <s3:GetObjectAnnotation <s3:DeleteObject"},
	{op: "RenameObject", note: "with tags", request: "PUT /{b}/{d}new?renameObject", headers: renameOf + "{d}tagged", needs: "s3:PutObject <s3:GetObject <s3:GetObjectTagging <s3:DeleteObject"},
	{op: "RestoreObject", request: "POST /{b}/{k}?restore", needs: "s3:RestoreObject"},
	{op: "RestoreObject", note: "a version", request: "POST /{b}/{k}?restore&versionId={v}", needs: "s3:RestoreObject"},
	{op: "SelectObjectContent", request: "POST /{b}/{k}?select&select-type=2", body: selection, needs: "s3:GetObject"},
	{op: "UpdateObjectEncryption", request: "PUT /{b}/{k}?encryption", body: newKey, needs: "s3:UpdateObjectEncryption"},
	{op: "UpdateObjectEncryption", note: "a version", request: "PUT /{b}/{k}?encryption&versionId={v}", body: newKey, needs: "s3:UpdateObjectEncryption"},
	{op: "UploadPart", request: "PUT /{b}/{m}?partNumber=2&uploadId={u}", body: "x", needs: "s3:PutObject"},
	{op: "UploadPartCopy", note: "within the bucket", request: "PUT /{b}/{m}?partNumber=2&uploadId={u}", headers: copyOf + "k", needs: "s3:PutObject <s3:GetObject"},
	{op: "UploadPartCopy", note: "from own", from: "own", request: "PUT /{b}/{m}?partNumber=2&uploadId={u}", headers: copyOf + "k", needs: "s3:PutObject <s3:GetObject"},
	{op: "UploadPartCopy", note: "from own, a version", from: "own", request: "PUT /{b}/{m}?partNumber=2&uploadId={u}", headers: copyOf + "k?versionId={fv}", needs: "s3:PutObject <s3:GetObjectVersion"},
	{op: "UploadPartCopy", note: "from shared", from: "shared", request: "PUT /{b}/{m}?partNumber=2&uploadId={u}", headers: copyOf + "k", needs: "s3:PutObject <s3:GetObject"},
	{op: "UploadPartCopy", note: "from public", from: "public", request: "PUT /{b}/{m}?partNumber=2&uploadId={u}", headers: copyOf + "k", needs: "s3:PutObject <s3:GetObject"},
	{op: "UploadPartCopy", note: "from foreign", from: "foreign", request: "PUT /{b}/{m}?partNumber=2&uploadId={u}", headers: copyOf + "k", needs: "s3:PutObject <s3:GetObject"},
}
