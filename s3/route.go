package s3

import (
	"context"
	"slices"
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
	made
}

// made is what buildRoutes adds to a route.
type made struct {
	op    *gate.Op
	lists bool // it lists keys, those that begin with the parameter prefix
}

// listings are the operations that list keys.
var listings = []string{"ListObjects", "ListObjectsV2", "ListObjectVersions", "ListMultipartUploads"}

// table is every route. A refused operation has no handler: the gate never runs it.
var table = []route{
	{"GET", gate.Service, "", "x-id=ListDirectoryBuckets", "ListDirectoryBuckets", nil, made{}},
	{"GET", gate.Service, "", "", "ListBuckets", (*Handler).listBuckets, made{}},

	{"PUT", gate.Bucket, "", "", "CreateBucket", (*Handler).createBucket, made{}},
	{"HEAD", gate.Bucket, "", "", "HeadBucket", (*Handler).headBucket, made{}},
	{"DELETE", gate.Bucket, "", "", "DeleteBucket", (*Handler).deleteBucket, made{}},
	{"GET", gate.Bucket, "", "list-type=2", "ListObjectsV2", (*Handler).listObjectsV2, made{}},
	{"GET", gate.Bucket, "", "", "ListObjects", (*Handler).listObjects, made{}},
	{"GET", gate.Bucket, "versions", "", "ListObjectVersions", (*Handler).listVersions, made{}},
	{"GET", gate.Bucket, "uploads", "", "ListMultipartUploads", (*Handler).listUploads, made{}},
	{"GET", gate.Bucket, "location", "", "GetBucketLocation", (*Handler).getLocation, made{}},
	{"GET", gate.Bucket, "versioning", "", "GetBucketVersioning", (*Handler).getVersioning, made{}},
	{"PUT", gate.Bucket, "versioning", "", "PutBucketVersioning", (*Handler).putVersioning, made{}},
	{"GET", gate.Bucket, "acl", "", "GetBucketAcl", (*Handler).getBucketACL, made{}},
	{"PUT", gate.Bucket, "acl", "", "PutBucketAcl", (*Handler).putBucketACL, made{}},
	{"POST", gate.Bucket, "delete", "", "DeleteObjects", (*Handler).deleteObjects, made{}},
	{"POST", gate.Bucket, "", "Header:X-Amz-Request-Route", "WriteGetObjectResponse", nil, made{}},
	{"POST", gate.Bucket, "", "", "PostObject", (*Handler).postObject, made{}},

	{"PUT", gate.Object, "", "Header:X-Amz-Copy-Source", "CopyObject", (*Handler).copyObject, made{}},
	{"PUT", gate.Object, "", "", "PutObject", (*Handler).putObject, made{}},
	{"GET", gate.Object, "", "", "GetObject", (*Handler).getObject, made{}},
	{"HEAD", gate.Object, "", "", "HeadObject", (*Handler).getObject, made{}},
	{"DELETE", gate.Object, "", "", "DeleteObject", (*Handler).deleteObject, made{}},
	{"POST", gate.Object, "", "", "PostObject", (*Handler).postObject, made{}},
	{"POST", gate.Object, "uploads", "", "CreateMultipartUpload", (*Handler).createUpload, made{}},
	{"PUT", gate.Object, "uploadId", "Header:X-Amz-Copy-Source", "UploadPartCopy", (*Handler).copyPart, made{}},
	{"PUT", gate.Object, "uploadId", "", "UploadPart", (*Handler).putPart, made{}},
	{"POST", gate.Object, "uploadId", "", "CompleteMultipartUpload", (*Handler).completeUpload, made{}},
	{"DELETE", gate.Object, "uploadId", "", "AbortMultipartUpload", (*Handler).abortUpload, made{}},
	{"GET", gate.Object, "uploadId", "", "ListParts", (*Handler).listParts, made{}},
	{"GET", gate.Object, "attributes", "", "GetObjectAttributes", (*Handler).getAttributes, made{}},
	{"GET", gate.Object, "tagging", "", "GetObjectTagging", (*Handler).getTagging, made{}},
	{"PUT", gate.Object, "tagging", "", "PutObjectTagging", (*Handler).putTagging, made{}},
	{"DELETE", gate.Object, "tagging", "", "DeleteObjectTagging", (*Handler).deleteTagging, made{}},
	{"PUT", gate.Object, "annotation", "", "PutObjectAnnotation", (*Handler).putAnnotation, made{}},
	{"GET", gate.Object, "annotation", "annotationName", "GetObjectAnnotation", (*Handler).getAnnotation, made{}},
	{"GET", gate.Object, "annotation", "", "ListObjectAnnotations", (*Handler).listAnnotations, made{}},
	{"DELETE", gate.Object, "annotation", "", "DeleteObjectAnnotation", (*Handler).deleteAnnotation, made{}},
	{"GET", gate.Object, "acl", "", "GetObjectAcl", (*Handler).getObjectACL, made{}},
	{"PUT", gate.Object, "acl", "", "PutObjectAcl", (*Handler).putObjectACL, made{}},

	{"GET", gate.Object, "legal-hold", "", "GetObjectLegalHold", (*Handler).getLegalHold, made{}},
	{"PUT", gate.Object, "legal-hold", "", "PutObjectLegalHold", (*Handler).putLegalHold, made{}},
	{"GET", gate.Object, "retention", "", "GetObjectRetention", (*Handler).getRetention, made{}},
	{"PUT", gate.Object, "retention", "", "PutObjectRetention", (*Handler).putRetention, made{}},
	{"GET", gate.Object, "torrent", "", "GetObjectTorrent", nil, made{}},
	{"PUT", gate.Object, "renameObject", "", "RenameObject", (*Handler).renameObject, made{}},
	{"POST", gate.Object, "restore", "", "RestoreObject", nil, made{}},
	{"POST", gate.Object, "select", "", "SelectObjectContent", (*Handler).selectContent, made{}},
	{"PUT", gate.Object, "encryption", "", "UpdateObjectEncryption", (*Handler).updateEncryption, made{}},

	{"GET", gate.Bucket, "session", "", "CreateSession", nil, made{}},
	{"GET", gate.Bucket, "policyStatus", "", "GetBucketPolicyStatus", (*Handler).getPolicyStatus, made{}},
	{"GET", gate.Bucket, "object-lock", "", "GetObjectLockConfiguration", (*Handler).getObjectLock, made{}},
	{"PUT", gate.Bucket, "object-lock", "", "PutObjectLockConfiguration", (*Handler).putObjectLock, made{}},
	{"GET", gate.Bucket, "lifecycle", "", "GetBucketLifecycleConfiguration", (*Handler).getLifecycle, made{}},
	{"PUT", gate.Bucket, "lifecycle", "", "PutBucketLifecycleConfiguration", (*Handler).putLifecycle, made{}},
	{"DELETE", gate.Bucket, "lifecycle", "", "DeleteBucketLifecycle", (*Handler).deleteLifecycle, made{}},
	{"GET", gate.Bucket, "notification", "", "GetBucketNotificationConfiguration", (*Handler).getNotification, made{}},
	{"PUT", gate.Bucket, "notification", "", "PutBucketNotificationConfiguration", (*Handler).putNotification, made{}},
	{"DELETE", gate.Bucket, "notification", "", "PutBucketNotificationConfiguration", (*Handler).deleteNotification, made{}},
	{"GET", gate.Bucket, "accelerate", "", "GetBucketAccelerateConfiguration", nil, made{}},
	{"PUT", gate.Bucket, "accelerate", "", "PutBucketAccelerateConfiguration", nil, made{}},
	{"GET", gate.Bucket, "requestPayment", "", "GetBucketRequestPayment", nil, made{}},
	{"PUT", gate.Bucket, "requestPayment", "", "PutBucketRequestPayment", nil, made{}},
	{"GET", gate.Bucket, "logging", "", "GetBucketLogging", (*Handler).getLogging, made{}},
	{"PUT", gate.Bucket, "logging", "", "PutBucketLogging", (*Handler).putLogging, made{}},
	{"DELETE", gate.Bucket, "logging", "", "PutBucketLogging", (*Handler).deleteLogging, made{}},
	{"GET", gate.Bucket, "abac", "", "GetBucketAbac", nil, made{}},
	{"PUT", gate.Bucket, "abac", "", "PutBucketAbac", nil, made{}},
	{"GET", gate.Bucket, "cors", "", "GetBucketCors", (*Handler).getCORS, made{}},
	{"PUT", gate.Bucket, "cors", "", "PutBucketCors", (*Handler).putCORS, made{}},
	{"DELETE", gate.Bucket, "cors", "", "DeleteBucketCors", (*Handler).deleteCORS, made{}},
	{"GET", gate.Bucket, "encryption", "", "GetBucketEncryption", (*Handler).getEncryption, made{}},
	{"PUT", gate.Bucket, "encryption", "", "PutBucketEncryption", (*Handler).putEncryption, made{}},
	{"DELETE", gate.Bucket, "encryption", "", "DeleteBucketEncryption", (*Handler).deleteEncryption, made{}},
	{"GET", gate.Bucket, "ownershipControls", "", "GetBucketOwnershipControls", (*Handler).getOwnership, made{}},
	{"PUT", gate.Bucket, "ownershipControls", "", "PutBucketOwnershipControls", (*Handler).putOwnership, made{}},
	{"DELETE", gate.Bucket, "ownershipControls", "", "DeleteBucketOwnershipControls", (*Handler).deleteOwnership, made{}},
	{"GET", gate.Bucket, "policy", "", "GetBucketPolicy", (*Handler).getPolicy, made{}},
	{"PUT", gate.Bucket, "policy", "", "PutBucketPolicy", (*Handler).putPolicy, made{}},
	{"DELETE", gate.Bucket, "policy", "", "DeleteBucketPolicy", (*Handler).deletePolicy, made{}},
	{"GET", gate.Bucket, "publicAccessBlock", "", "GetPublicAccessBlock", (*Handler).getPublicAccess, made{}},
	{"PUT", gate.Bucket, "publicAccessBlock", "", "PutPublicAccessBlock", (*Handler).putPublicAccess, made{}},
	{"DELETE", gate.Bucket, "publicAccessBlock", "", "DeletePublicAccessBlock", (*Handler).deletePublicAccess, made{}},
	{"GET", gate.Bucket, "quota", "", "GetBucketQuota", (*Handler).getQuota, made{}},
	{"PUT", gate.Bucket, "quota", "", "PutBucketQuota", (*Handler).putQuota, made{}},
	{"DELETE", gate.Bucket, "quota", "", "DeleteBucketQuota", (*Handler).deleteQuota, made{}},
	{"GET", gate.Bucket, "replication", "", "GetBucketReplication", nil, made{}},
	{"PUT", gate.Bucket, "replication", "", "PutBucketReplication", nil, made{}},
	{"DELETE", gate.Bucket, "replication", "", "DeleteBucketReplication", nil, made{}},
	{"GET", gate.Bucket, "tagging", "", "GetBucketTagging", (*Handler).getBucketTagging, made{}},
	{"PUT", gate.Bucket, "tagging", "", "PutBucketTagging", (*Handler).putBucketTagging, made{}},
	{"DELETE", gate.Bucket, "tagging", "", "DeleteBucketTagging", (*Handler).deleteBucketTagging, made{}},
	{"GET", gate.Bucket, "website", "", "GetBucketWebsite", (*Handler).getWebsite, made{}},
	{"PUT", gate.Bucket, "website", "", "PutBucketWebsite", (*Handler).putWebsite, made{}},
	{"DELETE", gate.Bucket, "website", "", "DeleteBucketWebsite", (*Handler).deleteWebsite, made{}},

	{"GET", gate.Bucket, "analytics", "id", "GetBucketAnalyticsConfiguration", nil, made{}},
	{"GET", gate.Bucket, "analytics", "", "ListBucketAnalyticsConfigurations", nil, made{}},
	{"PUT", gate.Bucket, "analytics", "", "PutBucketAnalyticsConfiguration", nil, made{}},
	{"DELETE", gate.Bucket, "analytics", "", "DeleteBucketAnalyticsConfiguration", nil, made{}},
	{"GET", gate.Bucket, "intelligent-tiering", "id", "GetBucketIntelligentTieringConfiguration", nil, made{}},
	{"GET", gate.Bucket, "intelligent-tiering", "", "ListBucketIntelligentTieringConfigurations", nil, made{}},
	{"PUT", gate.Bucket, "intelligent-tiering", "", "PutBucketIntelligentTieringConfiguration", nil, made{}},
	{"DELETE", gate.Bucket, "intelligent-tiering", "", "DeleteBucketIntelligentTieringConfiguration", nil, made{}},
	{"GET", gate.Bucket, "inventory", "id", "GetBucketInventoryConfiguration", (*Handler).getInventory, made{}},
	{"GET", gate.Bucket, "inventory", "", "ListBucketInventoryConfigurations", (*Handler).listInventories, made{}},
	{"PUT", gate.Bucket, "inventory", "", "PutBucketInventoryConfiguration", (*Handler).putInventory, made{}},
	{"DELETE", gate.Bucket, "inventory", "", "DeleteBucketInventoryConfiguration", (*Handler).deleteInventory, made{}},
	{"GET", gate.Bucket, "metrics", "id", "GetBucketMetricsConfiguration", nil, made{}},
	{"GET", gate.Bucket, "metrics", "", "ListBucketMetricsConfigurations", nil, made{}},
	{"PUT", gate.Bucket, "metrics", "", "PutBucketMetricsConfiguration", nil, made{}},
	{"DELETE", gate.Bucket, "metrics", "", "DeleteBucketMetricsConfiguration", nil, made{}},
	{"GET", gate.Bucket, "metadataConfiguration", "", "GetBucketMetadataConfiguration", nil, made{}},
	{"POST", gate.Bucket, "metadataConfiguration", "", "CreateBucketMetadataConfiguration", nil, made{}},
	{"DELETE", gate.Bucket, "metadataConfiguration", "", "DeleteBucketMetadataConfiguration", nil, made{}},
	{"GET", gate.Bucket, "metadataTable", "", "GetBucketMetadataTableConfiguration", nil, made{}},
	{"POST", gate.Bucket, "metadataTable", "", "CreateBucketMetadataTableConfiguration", nil, made{}},
	{"DELETE", gate.Bucket, "metadataTable", "", "DeleteBucketMetadataTableConfiguration", nil, made{}},
	{"PUT", gate.Bucket, "metadataAnnotationTable", "", "UpdateBucketMetadataAnnotationTableConfiguration", nil, made{}},
	{"PUT", gate.Bucket, "metadataInventoryTable", "", "UpdateBucketMetadataInventoryTableConfiguration", nil, made{}},
	{"PUT", gate.Bucket, "metadataJournalTable", "", "UpdateBucketMetadataJournalTableConfiguration", nil, made{}},
}

// parameters are the query parameters that select nothing by themselves. Those that begin with X-Amz- or
// response- are known without being listed.
var parameters = []string{
	"x-id", "list-type", "prefix", "delimiter", "marker", "max-keys", "encoding-type", "continuation-token", "start-after", "fetch-owner",
	"key-marker", "version-id-marker", "upload-id-marker", "max-uploads", "max-parts", "part-number-marker", "partNumber", "versionId",
	"id", "select-type", "max-buckets", "bucket-region", "max-directory-buckets",
	"annotationName", "annotation-prefix", "max-annotation-results",
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
		rt.lists = slices.Contains(listings, rt.name)
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
	scope := r.scope()
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

// scope is what the request names.
func (r *request) scope() gate.Scope {
	switch {
	case r.gate.Bucket == "":
		return gate.Service
	case r.gate.Key == "":
		return gate.Bucket
	}
	return gate.Object
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
