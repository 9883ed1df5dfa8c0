package s3

import (
	"context"
	"strings"

	"myfsio/fault"
	"myfsio/gate"
	"myfsio/s3/wire"
)

// handler is what serves an operation.
type handler func(*Handler, context.Context, *request) (*response, error)

// route leads requests to an operation. Of routes with the same method, scope and sub-resource the first
// whose markers are there is taken.
type route struct {
	method string
	scope  gate.Scope
	sub    string // sub-resource, "" for none
	marker string // "name" or "name=value" of a parameter, or "Header:" with a canonical header name
	name   string // of the row in gate.Ops
	serve  handler
	op     *gate.Op // set by buildRoutes
}

// table is every route. A refused operation has no handler: the gate never runs it.
var table = []route{
	{"GET", gate.Service, "", "x-id=ListDirectoryBuckets", "ListDirectoryBuckets", nil, nil},
	{"GET", gate.Service, "", "", "ListBuckets", (*Handler).listBuckets, nil},

	{"PUT", gate.Bucket, "", "", "CreateBucket", (*Handler).createBucket, nil},
	{"HEAD", gate.Bucket, "", "", "HeadBucket", (*Handler).headBucket, nil},
	{"DELETE", gate.Bucket, "", "", "DeleteBucket", (*Handler).deleteBucket, nil},
	{"GET", gate.Bucket, "", "list-type=2", "ListObjectsV2", (*Handler).listObjectsV2, nil},
	{"GET", gate.Bucket, "", "", "ListObjects", (*Handler).listObjects, nil},
	{"GET", gate.Bucket, "versions", "", "ListObjectVersions", (*Handler).listVersions, nil},
	{"GET", gate.Bucket, "uploads", "", "ListMultipartUploads", (*Handler).listUploads, nil},
	{"GET", gate.Bucket, "location", "", "GetBucketLocation", (*Handler).getLocation, nil},
	{"GET", gate.Bucket, "versioning", "", "GetBucketVersioning", (*Handler).getVersioning, nil},
	{"PUT", gate.Bucket, "versioning", "", "PutBucketVersioning", (*Handler).putVersioning, nil},
	{"GET", gate.Bucket, "acl", "", "GetBucketAcl", (*Handler).getBucketACL, nil},
	{"PUT", gate.Bucket, "acl", "", "PutBucketAcl", nil, nil},
	{"POST", gate.Bucket, "delete", "", "DeleteObjects", (*Handler).deleteObjects, nil},
	{"POST", gate.Bucket, "", "Header:X-Amz-Request-Route", "WriteGetObjectResponse", nil, nil},
	{"POST", gate.Bucket, "", "", "PostObject", nil, nil},

	{"PUT", gate.Object, "", "Header:X-Amz-Copy-Source", "CopyObject", (*Handler).copyObject, nil},
	{"PUT", gate.Object, "", "", "PutObject", (*Handler).putObject, nil},
	{"GET", gate.Object, "", "", "GetObject", (*Handler).getObject, nil},
	{"HEAD", gate.Object, "", "", "HeadObject", (*Handler).getObject, nil},
	{"DELETE", gate.Object, "", "", "DeleteObject", (*Handler).deleteObject, nil},
	{"POST", gate.Object, "", "", "PostObject", nil, nil},
	{"POST", gate.Object, "uploads", "", "CreateMultipartUpload", (*Handler).createUpload, nil},
	{"PUT", gate.Object, "uploadId", "Header:X-Amz-Copy-Source", "UploadPartCopy", (*Handler).copyPart, nil},
	{"PUT", gate.Object, "uploadId", "", "UploadPart", (*Handler).putPart, nil},
	{"POST", gate.Object, "uploadId", "", "CompleteMultipartUpload", (*Handler).completeUpload, nil},
	{"DELETE", gate.Object, "uploadId", "", "AbortMultipartUpload", (*Handler).abortUpload, nil},
	{"GET", gate.Object, "uploadId", "", "ListParts", (*Handler).listParts, nil},
	{"GET", gate.Object, "attributes", "", "GetObjectAttributes", (*Handler).getAttributes, nil},
	{"GET", gate.Object, "tagging", "", "GetObjectTagging", (*Handler).getTagging, nil},
	{"PUT", gate.Object, "tagging", "", "PutObjectTagging", (*Handler).putTagging, nil},
	{"DELETE", gate.Object, "tagging", "", "DeleteObjectTagging", (*Handler).deleteTagging, nil},
	{"GET", gate.Object, "acl", "", "GetObjectAcl", (*Handler).getObjectACL, nil},
	{"PUT", gate.Object, "acl", "", "PutObjectAcl", nil, nil},

	{"GET", gate.Object, "legal-hold", "", "GetObjectLegalHold", nil, nil},
	{"PUT", gate.Object, "legal-hold", "", "PutObjectLegalHold", nil, nil},
	{"GET", gate.Object, "retention", "", "GetObjectRetention", nil, nil},
	{"PUT", gate.Object, "retention", "", "PutObjectRetention", nil, nil},
	{"GET", gate.Object, "torrent", "", "GetObjectTorrent", nil, nil},
	{"PUT", gate.Object, "renameObject", "", "RenameObject", nil, nil},
	{"POST", gate.Object, "restore", "", "RestoreObject", nil, nil},
	{"POST", gate.Object, "select", "", "SelectObjectContent", nil, nil},
	{"PUT", gate.Object, "encryption", "", "UpdateObjectEncryption", nil, nil},

	{"GET", gate.Bucket, "session", "", "CreateSession", nil, nil},
	{"GET", gate.Bucket, "policyStatus", "", "GetBucketPolicyStatus", nil, nil},
	{"GET", gate.Bucket, "object-lock", "", "GetObjectLockConfiguration", nil, nil},
	{"PUT", gate.Bucket, "object-lock", "", "PutObjectLockConfiguration", nil, nil},
	{"GET", gate.Bucket, "lifecycle", "", "GetBucketLifecycleConfiguration", nil, nil},
	{"PUT", gate.Bucket, "lifecycle", "", "PutBucketLifecycleConfiguration", nil, nil},
	{"DELETE", gate.Bucket, "lifecycle", "", "DeleteBucketLifecycle", nil, nil},
	{"GET", gate.Bucket, "notification", "", "GetBucketNotificationConfiguration", nil, nil},
	{"PUT", gate.Bucket, "notification", "", "PutBucketNotificationConfiguration", nil, nil},
	{"GET", gate.Bucket, "accelerate", "", "GetBucketAccelerateConfiguration", nil, nil},
	{"PUT", gate.Bucket, "accelerate", "", "PutBucketAccelerateConfiguration", nil, nil},
	{"GET", gate.Bucket, "requestPayment", "", "GetBucketRequestPayment", nil, nil},
	{"PUT", gate.Bucket, "requestPayment", "", "PutBucketRequestPayment", nil, nil},
	{"GET", gate.Bucket, "logging", "", "GetBucketLogging", nil, nil},
	{"PUT", gate.Bucket, "logging", "", "PutBucketLogging", nil, nil},
	{"GET", gate.Bucket, "abac", "", "GetBucketAbac", nil, nil},
	{"PUT", gate.Bucket, "abac", "", "PutBucketAbac", nil, nil},
	{"GET", gate.Bucket, "cors", "", "GetBucketCors", nil, nil},
	{"PUT", gate.Bucket, "cors", "", "PutBucketCors", nil, nil},
	{"DELETE", gate.Bucket, "cors", "", "DeleteBucketCors", nil, nil},
	{"GET", gate.Bucket, "encryption", "", "GetBucketEncryption", nil, nil},
	{"PUT", gate.Bucket, "encryption", "", "PutBucketEncryption", nil, nil},
	{"DELETE", gate.Bucket, "encryption", "", "DeleteBucketEncryption", nil, nil},
	{"GET", gate.Bucket, "ownershipControls", "", "GetBucketOwnershipControls", nil, nil},
	{"PUT", gate.Bucket, "ownershipControls", "", "PutBucketOwnershipControls", nil, nil},
	{"DELETE", gate.Bucket, "ownershipControls", "", "DeleteBucketOwnershipControls", nil, nil},
	{"GET", gate.Bucket, "policy", "", "GetBucketPolicy", nil, nil},
	{"PUT", gate.Bucket, "policy", "", "PutBucketPolicy", nil, nil},
	{"DELETE", gate.Bucket, "policy", "", "DeleteBucketPolicy", nil, nil},
	{"GET", gate.Bucket, "publicAccessBlock", "", "GetPublicAccessBlock", nil, nil},
	{"PUT", gate.Bucket, "publicAccessBlock", "", "PutPublicAccessBlock", nil, nil},
	{"DELETE", gate.Bucket, "publicAccessBlock", "", "DeletePublicAccessBlock", nil, nil},
	{"GET", gate.Bucket, "quota", "", "GetBucketQuota", nil, nil},
	{"PUT", gate.Bucket, "quota", "", "PutBucketQuota", nil, nil},
	{"DELETE", gate.Bucket, "quota", "", "DeleteBucketQuota", nil, nil},
	{"GET", gate.Bucket, "replication", "", "GetBucketReplication", nil, nil},
	{"PUT", gate.Bucket, "replication", "", "PutBucketReplication", nil, nil},
	{"DELETE", gate.Bucket, "replication", "", "DeleteBucketReplication", nil, nil},
	{"GET", gate.Bucket, "tagging", "", "GetBucketTagging", nil, nil},
	{"PUT", gate.Bucket, "tagging", "", "PutBucketTagging", nil, nil},
	{"DELETE", gate.Bucket, "tagging", "", "DeleteBucketTagging", nil, nil},
	{"GET", gate.Bucket, "website", "", "GetBucketWebsite", nil, nil},
	{"PUT", gate.Bucket, "website", "", "PutBucketWebsite", nil, nil},
	{"DELETE", gate.Bucket, "website", "", "DeleteBucketWebsite", nil, nil},

	{"GET", gate.Bucket, "analytics", "id", "GetBucketAnalyticsConfiguration", nil, nil},
	{"GET", gate.Bucket, "analytics", "", "ListBucketAnalyticsConfigurations", nil, nil},
	{"PUT", gate.Bucket, "analytics", "", "PutBucketAnalyticsConfiguration", nil, nil},
	{"DELETE", gate.Bucket, "analytics", "", "DeleteBucketAnalyticsConfiguration", nil, nil},
	{"GET", gate.Bucket, "intelligent-tiering", "id", "GetBucketIntelligentTieringConfiguration", nil, nil},
	{"GET", gate.Bucket, "intelligent-tiering", "", "ListBucketIntelligentTieringConfigurations", nil, nil},
	{"PUT", gate.Bucket, "intelligent-tiering", "", "PutBucketIntelligentTieringConfiguration", nil, nil},
	{"DELETE", gate.Bucket, "intelligent-tiering", "", "DeleteBucketIntelligentTieringConfiguration", nil, nil},
	{"GET", gate.Bucket, "inventory", "id", "GetBucketInventoryConfiguration", nil, nil},
	{"GET", gate.Bucket, "inventory", "", "ListBucketInventoryConfigurations", nil, nil},
	{"PUT", gate.Bucket, "inventory", "", "PutBucketInventoryConfiguration", nil, nil},
	{"DELETE", gate.Bucket, "inventory", "", "DeleteBucketInventoryConfiguration", nil, nil},
	{"GET", gate.Bucket, "metrics", "id", "GetBucketMetricsConfiguration", nil, nil},
	{"GET", gate.Bucket, "metrics", "", "ListBucketMetricsConfigurations", nil, nil},
	{"PUT", gate.Bucket, "metrics", "", "PutBucketMetricsConfiguration", nil, nil},
	{"DELETE", gate.Bucket, "metrics", "", "DeleteBucketMetricsConfiguration", nil, nil},
	{"GET", gate.Bucket, "metadataConfiguration", "", "GetBucketMetadataConfiguration", nil, nil},
	{"POST", gate.Bucket, "metadataConfiguration", "", "CreateBucketMetadataConfiguration", nil, nil},
	{"DELETE", gate.Bucket, "metadataConfiguration", "", "DeleteBucketMetadataConfiguration", nil, nil},
	{"GET", gate.Bucket, "metadataTable", "", "GetBucketMetadataTableConfiguration", nil, nil},
	{"POST", gate.Bucket, "metadataTable", "", "CreateBucketMetadataTableConfiguration", nil, nil},
	{"DELETE", gate.Bucket, "metadataTable", "", "DeleteBucketMetadataTableConfiguration", nil, nil},
	{"PUT", gate.Bucket, "metadataInventoryTable", "", "UpdateBucketMetadataInventoryTableConfiguration", nil, nil},
	{"PUT", gate.Bucket, "metadataJournalTable", "", "UpdateBucketMetadataJournalTableConfiguration", nil, nil},
}

// parameters are the query parameters that select nothing by themselves. Those that begin with X-Amz- or
// response- are known without being listed.
var parameters = []string{
	"x-id", "list-type", "prefix", "delimiter", "marker", "max-keys", "encoding-type", "continuation-token", "start-after", "fetch-owner",
	"key-marker", "version-id-marker", "upload-id-marker", "max-uploads", "max-parts", "part-number-marker", "partNumber", "versionId",
	"id", "select-type", "max-buckets", "bucket-region", "max-directory-buckets",
}

type routeKey struct {
	method string
	scope  gate.Scope
	sub    string
}

// routes is the table made ready for requests.
type routes struct {
	by   map[routeKey][]route
	subs map[string]bool // every sub-resource
	know map[string]bool // parameters
}

func buildRoutes() routes {
	t := routes{by: map[routeKey][]route{}, subs: map[string]bool{}, know: map[string]bool{}}
	for _, rt := range table {
		if rt.op = gate.Lookup(rt.name); rt.op == nil {
			panic("s3: no row for operation " + rt.name)
		}
		k := routeKey{rt.method, rt.scope, rt.sub}
		t.by[k] = append(t.by[k], rt)
		if rt.sub != "" {
			t.subs[rt.sub] = true
		}
	}
	for _, p := range parameters {
		t.know[p] = true
	}
	return t
}

// route finds the operation of a request.
func (r *request) route() (*route, error) {
	scope := gate.Object
	switch {
	case r.gate.Bucket == "":
		scope = gate.Service
	case r.gate.Key == "":
		scope = gate.Bucket
	}
	sub, err := r.subResource()
	if err != nil {
		return nil, err
	}
	candidates := r.h.routes.by[routeKey{r.http.Method, scope, sub}]
	for i := range candidates {
		if r.has(candidates[i].marker) {
			return &candidates[i], nil
		}
	}
	return nil, r.unrouted(scope, sub)
}

// subResource returns the sub-resource the query names. A parameter without a value that nobody knows is taken for
// one that is not offered: it must not fall through to the plain operation.
func (r *request) subResource() (string, error) {
	sub := ""
	for i := range r.query {
		p := &r.query[i]
		switch {
		case r.h.routes.subs[p.Name]:
			if sub != "" && sub != p.Name {
				return "", wire.InvalidArgument("ResourceType", sub, "Conflicting query string parameters: "+sub+", "+p.Name)
			}
			sub = p.Name
		case !p.Bare || r.h.routes.know[p.Name] || knownPrefix(p.Name):
		default:
			return "", detail(fault.New(fault.NotImplemented, "The sub-resource %q is not known to this server.", p.Name), "ResourceType", p.Name)
		}
	}
	return sub, nil
}

func knownPrefix(name string) bool {
	return len(name) > 6 && strings.EqualFold(name[:6], "x-amz-") || strings.HasPrefix(name, "response-")
}

// has reports whether the marker of a route is there.
func (r *request) has(marker string) bool {
	if marker == "" {
		return true
	}
	if name, ok := strings.CutPrefix(marker, "Header:"); ok {
		_, there := r.http.Header[name]
		return there
	}
	name, value, valued := strings.Cut(marker, "=")
	return r.query.Has(name) && (!valued || r.query.Get(name) == value)
}

// unrouted tells a method that is not allowed from a resource that does not exist.
func (r *request) unrouted(scope gate.Scope, sub string) error {
	var allow []string
	for _, m := range []string{"GET", "HEAD", "PUT", "POST", "DELETE"} {
		if len(r.h.routes.by[routeKey{m, scope, sub}]) > 0 {
			allow = append(allow, m)
		}
	}
	if len(allow) == 0 {
		return detail(fault.New(fault.NotImplemented, "The sub-resource %q is not offered on a %s.", sub, scope), "ResourceType", sub)
	}
	r.answer().set("Allow", strings.Join(allow, ", "))
	return fault.New(fault.MethodNotAllowed, "The specified method is not allowed against this resource.")
}
