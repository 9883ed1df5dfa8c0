package adminapi

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"myfsio/gate"
)

// route is a request that is served. Segments "{id}" and "{key}" of its path stand for any one segment, a last "*" for
// one or more.
type route struct {
	method string
	path   []string
	op     *gate.Op
	extra  []string // rights that are needed beside the operation's
	serve  func(*Handler, context.Context, *call) (answer, error)
}

// routes is the table. Paths are as canonical returns them.
func routes() []route {
	table := []struct {
		method, path, op string
		serve            func(*Handler, context.Context, *call) (answer, error)
	}{
		{"GET", "iam/users", "ListUsers", listUsers},
		{"POST", "iam/users", "CreateUser", createUser},
		{"GET", "iam/users/{id}", "GetUser", getUser},
		{"DELETE", "iam/users/{id}", "DeleteUser", deleteUser},
		{"POST", "iam/users/{id}/rotate", "RotateSecretKey", rotateSecret},
		{"GET", "iam/users/{id}/policies", "GetUserPolicies", getPolicies},
		{"PUT", "iam/users/{id}/policies", "PutUserPolicies", putPolicies},
		{"POST", "iam/users/{id}/expiry", "PutUserExpiry", putExpiry},
		{"DELETE", "iam/users/{id}/expiry", "PutUserExpiry", deleteExpiry},
		{"POST", "iam/users/{id}/name", "RenameUser", renameUser},
		{"PUT", "iam/users/{id}/name", "RenameUser", renameUser},
		{"POST", "iam/users/{id}/keys", "CreateAccessKey", createKey},
		{"DELETE", "iam/users/{id}/keys/{key}", "DeleteAccessKey", deleteKey},
		{"POST", "iam/users/{id}/keys/{key}/disable", "UpdateAccessKey", disableKey},
		{"POST", "iam/users/{id}/keys/{key}/enable", "UpdateAccessKey", enableKey},
		{"POST", "iam/users/{id}/disable", "DisableUser", disableUser},
		{"POST", "iam/users/{id}/enable", "EnableUser", enableUser},
		{"POST", "iam/simulate", "SimulatePolicy", simulate},
		{"POST", "admin/presign", "PresignURL", presign},
		{"GET", "admin/policy-presets", "GetPolicyPresets", presets},
		{"GET", "admin/audit-log", "GetAuditLog", readAudit},
		{"GET", "admin/notifications", "ListNotificationQueues", listQueues},
		{"GET", "admin/notifications/failures", "ListNotificationFailures", listFailures},
		{"POST", "admin/notifications/failures/{id}/retry", "RetryNotification", retryFailure},
		{"DELETE", "admin/notifications/failures/{id}", "DropNotification", dropFailure},
		{"GET", "admin/notifications/secret", "GetNotificationSecret", showSecret},
		{"GET", "admin/lifecycle/status", "GetLifecycleStatus", lifecycleStatus},
		{"GET", "admin/lifecycle/history", "GetLifecycleHistory", lifecycleHistory},
		{"POST", "admin/lifecycle/run", "RunLifecycle", runLifecycle},
		{"GET", "admin/inventory/status", "GetInventoryStatus", inventoryStatus},
		{"POST", "admin/inventory/run", "RunInventory", runInventory},
		{"GET", "admin/website-domains", "ListWebsiteDomains", listDomains},
		{"POST", "admin/website-domains", "CreateWebsiteDomain", createDomain},
		{"GET", "admin/website-domains/{id}", "GetWebsiteDomain", getDomain},
		{"PUT", "admin/website-domains/{id}", "UpdateWebsiteDomain", updateDomain},
		{"DELETE", "admin/website-domains/{id}", "DeleteWebsiteDomain", deleteDomain},
		{"GET", "admin/gc/status", "GetGarbageCollection", gcStatus},
		{"POST", "admin/gc/run", "CollectGarbage", gcRun},
		{"GET", "admin/gc/history", "ListGarbageCollections", gcHistory},
		{"GET", "admin/integrity/status", "GetIntegrity", integrityStatus},
		{"POST", "admin/integrity/run", "ScanIntegrity", integrityRun},
		{"GET", "admin/integrity/history", "ListIntegrityScans", integrityHistory},
		{"GET", "admin/encryption/rewrap/status", "GetRewrap", rewrapStatus},
		{"POST", "admin/encryption/rewrap/run", "RewrapKeys", rewrapRun},
		{"POST", "admin/encryption/rewrap/stop", "StopRewrap", rewrapStop},
		{"GET", "admin/encryption/rewrap/history", "ListRewraps", rewrapHistory},
		{"GET", "kms/keys", "ListKeys", withKeys(listKeys)},
		{"POST", "kms/keys", "CreateKey", withKeys(createKMSKey)},
		{"GET", "kms/keys/{id}", "DescribeKey", withKeys(describeKey)},
		{"PUT", "kms/keys/{id}", "UpdateKeyDescription", withKeys(updateKey)},
		{"DELETE", "kms/keys/{id}", "ScheduleKeyDeletion", withKeys(scheduleDeletion)},
		{"POST", "kms/keys/{id}/schedule-deletion", "ScheduleKeyDeletion", withKeys(scheduleDeletion)},
		{"POST", "kms/keys/{id}/cancel-deletion", "CancelKeyDeletion", withKeys(cancelDeletion)},
		{"POST", "kms/keys/{id}/enable", "EnableKey", withKeys(enableKMSKey)},
		{"POST", "kms/keys/{id}/disable", "DisableKey", withKeys(disableKMSKey)},
		{"POST", "kms/keys/{id}/rotate", "RotateKeyOnDemand", withKeys(rotateKey)},
		{"GET", "kms/keys/{id}/aliases", "ListAliases", withKeys(listAliases)},
		{"GET", "kms/aliases", "ListAliases", withKeys(listAliases)},
		{"POST", "kms/aliases", "CreateAlias", withKeys(createAlias)},
		{"PUT", "kms/aliases/{id}", "UpdateAlias", withKeys(updateAlias)},
		{"DELETE", "kms/aliases/{id}", "DeleteAlias", withKeys(deleteAlias)},
		{"POST", "kms/encrypt", "Encrypt", withKeys(encrypt)},
		{"POST", "kms/decrypt", "Decrypt", withKeys(decrypt)},
		{"POST", "kms/re-encrypt", "ReEncrypt", withKeys(reEncrypt)},
		{"POST", "kms/generate-data-key", "GenerateDataKey", withKeys(generateDataKey)},
		{"POST", "kms/generate-data-key-without-plaintext", "GenerateDataKeyWithoutPlaintext", withKeys(generateWrappedKey)},
		{"POST", "kms/generate-random", "GenerateRandom", withKeys(generateRandom)},
		{"POST", "kms/client/generate-key", "GenerateRandom", withKeys(clientKey)},
		{"POST", "kms/client/encrypt", "Encrypt", withKeys(clientEncrypt)},
		{"POST", "kms/client/decrypt", "Decrypt", withKeys(clientDecrypt)},
		{"POST", "kms/materials/{id}", "GenerateDataKey", withKeys(materials)},
	}
	out := make([]route, 0, len(table))
	for _, t := range table {
		op := gate.Admin(t.op)
		if op == nil {
			panic("adminapi: no operation " + t.op)
		}
		rt := route{method: t.method, path: strings.Split(t.path, "/"), op: op, serve: t.serve}
		if t.op == "ReEncrypt" {
			rt.extra = []string{"kms:ReEncryptTo"}
		}
		out = append(out, rt)
	}
	return out
}

// planned are the paths that are refused with 501 until they are built; each has all that is below it, too.
var planned = []string{"admin/site", "admin/sites", "admin/topology"}

// canonical returns the segments of the one path that stands for all its aliases, nil for a path that is not this
// API's. Segments are unescaped.
func canonical(u *url.URL) []string {
	segs := strings.Split(strings.TrimPrefix(u.EscapedPath(), "/"), "/")
	for i, s := range segs {
		plain, err := url.PathUnescape(s)
		if err != nil {
			return nil
		}
		segs[i] = plain
	}
	if segs[0] == "myfsio" {
		segs = segs[1:]
	}
	if len(segs) > 1 && segs[0] == "admin" && segs[1] == "iam" {
		segs = segs[1:]
	}
	if len(segs) == 0 {
		return nil
	}
	switch segs[0] {
	case "iam", "admin", "kms":
		return segs
	}
	return nil
}

// isKMS reports whether a path is one of the keys of encryption, whose errors and limits are other ones.
func isKMS(segs []string) bool { return len(segs) > 0 && segs[0] == "kms" }

// Owns reports whether a path-style request is this API's rather than S3's. The names of its first segments
// cannot be those of buckets.
func Owns(u *url.URL) bool {
	first := strings.TrimPrefix(u.Path, "/")
	for _, own := range [...]string{"iam", "admin", "kms", "myfsio"} {
		if strings.HasPrefix(first, own) { // few requests of S3 come further
			return canonical(u) != nil
		}
	}
	return false
}

// find returns the route of a request and the segments that stand at {id} and {key}. Without a route it returns the
// methods of the path, none when there is no such path.
func (h *Handler) find(method string, segs []string) (rt *route, id, key string, allow []string) {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	for i := range h.routes {
		id, key, ok := match(h.routes[i].path, segs)
		switch {
		case !ok:
		case h.routes[i].method == method:
			return &h.routes[i], id, key, nil
		default:
			allow = append(allow, h.routes[i].method)
		}
	}
	if slices.Contains(allow, http.MethodGet) {
		allow = append(allow, http.MethodHead)
	}
	slices.Sort(allow)
	return nil, "", "", slices.Compact(allow)
}

func match(pattern, segs []string) (id, key string, ok bool) {
	if len(pattern) != len(segs) {
		return "", "", false
	}
	for i, p := range pattern {
		switch {
		case segs[i] == "":
			return "", "", false
		case p == "{id}":
			id = segs[i]
		case p == "{key}":
			key = segs[i]
		case p != segs[i]:
			return "", "", false
		}
	}
	return id, key, true
}

// isPlanned reports whether a path is one that is not built yet.
func isPlanned(segs []string) bool {
	path := strings.Join(segs, "/")
	return slices.ContainsFunc(planned, func(p string) bool { return path == p || strings.HasPrefix(path, p+"/") })
}
