package access

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"myfsio/gate"
	"myfsio/iam"
)

// adminShape is a request that uses an operation beside S3's, and what it needs.
type adminShape struct {
	op, note string
	request  string // {me} stands for the one who asks
	body     string // JSON, or the form of the temporary credentials' protocol
	// needs are verbs; none: every user may. "iam:*" is an administrator.
	needs     string
	adminOnly bool   // needs an administrator as well
	asks      string // AWS's action on what is at asksAt, of a URL to be signed
	asksAt    place
	noSession bool // sessions may not
}

func (s *adminShape) title() string {
	if s.note == "" {
		return s.op
	}
	return s.op + " (" + s.note + ")"
}

const (
	stsForm   = "Version=2011-06-15&Action="
	makeAdmin = `[{"bucket": "*", "actions": ["iam:*"]}]`
)

// adminShapes has at least one row for each operation of the gate's second list.
var adminShapes = []adminShape{
	{op: "AdministerServer", note: "sites", request: "GET /admin/sites", needs: "iam:*"},
	{op: "AssumeRole", request: "POST /", body: stsForm + "AssumeRole&RoleSessionName=work&RoleArn=arn:aws:iam::000000000000:role/any", noSession: true},
	{op: "CancelKeyDeletion", request: "POST /kms/keys/k/cancel-deletion", needs: "kms:*"},
	{op: "CollectGarbage", request: "POST /admin/gc/run", needs: "iam:*"},
	{op: "CreateAccessKey", request: "POST /iam/users/erin/keys", needs: "iam:create_key"},
	{op: "CreateAccessKey", note: "of an administrator", request: "POST /iam/users/deputy/keys", needs: "iam:create_key", adminOnly: true},
	{op: "CreateAlias", request: "POST /kms/aliases", body: `{"AliasName": "alias/a", "TargetKeyId": "none"}`, needs: "kms:*"},
	{op: "CreateKey", request: "POST /kms/keys", body: `{"description": "d"}`, needs: "kms:*"},
	{op: "CreateUser", request: "POST /iam/users", body: `{"display_name": "fred", "policies": []}`, needs: "iam:create_user"},
	{op: "CreateUser", note: "who may iam:list_users", request: "POST /iam/users", needs: "iam:create_user iam:list_users",
		body: `{"display_name": "fred", "policies": [{"bucket": "*", "actions": ["iam:list_users"]}]}`},
	{op: "CreateUser", note: "an administrator", request: "POST /iam/users", body: `{"display_name": "fred", "policies": ` + makeAdmin + `}`, needs: "iam:create_user", adminOnly: true},
	{op: "CreateUser", note: "by the name of another", request: "POST /iam/users", body: `{"display_name": "erin"}`, needs: "iam:create_user", adminOnly: true},
	{op: "CreateWebsiteDomain", request: "POST /admin/website-domains", body: `{"domain": "www.files.test", "bucket": "own"}`, needs: "iam:*"},
	{op: "Decrypt", request: "POST /kms/decrypt", body: `{"CiphertextBlob": "eA=="}`, needs: "kms:*"},
	{op: "Decrypt", note: "with the client's key", request: "POST /kms/client/decrypt", body: `{"Ciphertext": "eA==", "Nonce": "AAAAAAAAAAAAAAAA", "Key": "` + clientKey + `"}`, needs: "kms:*"},
	{op: "DeleteAccessKey", request: "DELETE /iam/users/erin/keys/AKerin2", needs: "iam:delete_key"},
	{op: "DeleteAccessKey", note: "of an administrator", request: "DELETE /iam/users/deputy/keys/AKdeputy2", needs: "iam:delete_key", adminOnly: true},
	{op: "DeleteAlias", request: "DELETE /kms/aliases/none", needs: "kms:*"},
	{op: "DeleteUser", request: "DELETE /iam/users/erin", needs: "iam:delete_user"},
	{op: "DeleteUser", note: "an administrator", request: "DELETE /iam/users/deputy", needs: "iam:delete_user", adminOnly: true},
	{op: "DeleteWebsiteDomain", request: "DELETE /admin/website-domains/www.files.test", needs: "iam:*"},
	{op: "DescribeKey", request: "GET /kms/keys/k", needs: "kms:*"},
	{op: "DisableKey", request: "POST /kms/keys/k/disable", needs: "kms:*"},
	{op: "DisableUser", request: "POST /iam/users/erin/disable", needs: "iam:disable_user"},
	{op: "DisableUser", note: "an administrator", request: "POST /iam/users/deputy/disable", needs: "iam:disable_user", adminOnly: true},
	{op: "DropNotification", request: "DELETE /admin/notifications/failures/" + failureID, needs: "iam:*"},
	{op: "EnableKey", request: "POST /kms/keys/k/enable", needs: "kms:*"},
	{op: "EnableUser", request: "POST /iam/users/erin/enable", needs: "iam:disable_user"},
	{op: "EnableUser", note: "an administrator", request: "POST /iam/users/deputy/enable", needs: "iam:disable_user", adminOnly: true},
	{op: "Encrypt", request: "POST /kms/encrypt", body: `{"KeyId": "k", "Plaintext": "eA=="}`, needs: "kms:*"},
	{op: "Encrypt", note: "with the client's key", request: "POST /kms/client/encrypt", body: `{"Plaintext": "eA==", "Key": "` + clientKey + `"}`, needs: "kms:*"},
	{op: "GenerateDataKey", request: "POST /kms/generate-data-key", body: `{"KeyId": "k"}`, needs: "kms:*"},
	{op: "GenerateDataKey", note: "for a client", request: "POST /kms/materials/k", needs: "kms:*"},
	{op: "GenerateDataKeyWithoutPlaintext", request: "POST /kms/generate-data-key-without-plaintext", body: `{"KeyId": "k"}`, needs: "kms:*"},
	{op: "GenerateRandom", request: "POST /kms/generate-random", needs: "kms:*"},
	{op: "GenerateRandom", note: "for a client", request: "POST /kms/client/generate-key", needs: "kms:*"},
	{op: "GetAuditLog", request: "GET /admin/audit-log", needs: "iam:*"},
	{op: "GetCallerIdentity", request: "POST /", body: stsForm + "GetCallerIdentity"},
	{op: "GetGarbageCollection", request: "GET /admin/gc/status", needs: "iam:*"},
	{op: "GetIntegrity", request: "GET /admin/integrity/status", needs: "iam:*"},
	{op: "GetInventoryStatus", request: "GET /admin/inventory/status", needs: "iam:*"},
	{op: "GetLifecycleHistory", request: "GET /admin/lifecycle/history", needs: "iam:*"},
	{op: "GetLifecycleStatus", request: "GET /admin/lifecycle/status", needs: "iam:*"},
	{op: "GetNotificationSecret", request: "GET /admin/notifications/secret?bucket=own&url=https%3A%2F%2Fh%2F", needs: "iam:*"},
	{op: "GetPolicyPresets", request: "GET /admin/policy-presets?bucket=own"},
	{op: "GetRewrap", request: "GET /admin/encryption/rewrap/status", needs: "iam:*"},
	{op: "GetSessionToken", request: "POST /", body: stsForm + "GetSessionToken", noSession: true},
	{op: "GetUser", request: "GET /iam/users/erin", needs: "iam:get_user"},
	{op: "GetUser", note: "oneself", request: "GET /iam/users/{me}", needs: "iam:get_user"},
	{op: "GetUserPolicies", request: "GET /iam/users/erin/policies", needs: "iam:get_policy"},
	{op: "GetWebsiteDomain", request: "GET /admin/website-domains/www.files.test", needs: "iam:*"},
	{op: "ListAliases", request: "GET /kms/aliases", needs: "kms:*"},
	{op: "ListGarbageCollections", request: "GET /admin/gc/history", needs: "iam:*"},
	{op: "ListIntegrityScans", request: "GET /admin/integrity/history", needs: "iam:*"},
	{op: "ListKeys", request: "GET /kms/keys", needs: "kms:*"},
	{op: "ListNotificationFailures", request: "GET /admin/notifications/failures", needs: "iam:*"},
	{op: "ListNotificationQueues", request: "GET /admin/notifications", needs: "iam:*"},
	{op: "ListRewraps", request: "GET /admin/encryption/rewrap/history", needs: "iam:*"},
	{op: "ListUsers", request: "GET /iam/users", needs: "iam:list_users"},
	{op: "ListWebsiteDomains", request: "GET /admin/website-domains", needs: "iam:*"},
	{op: "PresignURL", note: "to read in own", request: "POST /admin/presign", body: `{"bucket": "own", "key": "dir/k"}`, asks: "s3:GetObject", asksAt: at("own", "dir/", "", "")},
	{op: "PresignURL", note: "to read in public", request: "POST /admin/presign", body: `{"bucket": "public", "key": "dir/k"}`, asks: "s3:GetObject", asksAt: at("public", "dir/", "", "")},
	{op: "PresignURL", note: "to write in own", request: "POST /admin/presign", body: `{"bucket": "own", "key": "dir/k", "method": "PUT"}`, asks: "s3:PutObject", asksAt: at("own", "dir/", "", "")},
	{op: "PresignURL", note: "to delete in foreign", request: "POST /admin/presign", body: `{"bucket": "foreign", "key": "dir/k", "method": "DELETE"}`,
		asks: "s3:DeleteObject", asksAt: at("foreign", "dir/", "", "")},
	{op: "PutUserExpiry", request: "POST /iam/users/erin/expiry", body: `{"expires_at": "2099-01-01T00:00:00Z"}`, needs: "iam:update_policy"},
	{op: "PutUserExpiry", note: "never", request: "DELETE /iam/users/erin/expiry", needs: "iam:update_policy"},
	{op: "PutUserExpiry", note: "of an administrator", request: "POST /iam/users/deputy/expiry", body: `{"expires_at": "2099-01-01T00:00:00Z"}`, needs: "iam:update_policy", adminOnly: true},
	{op: "PutUserPolicies", request: "PUT /iam/users/erin/policies", body: `[{"bucket": "*", "actions": ["*"]}]`, needs: "iam:update_policy"},
	{op: "PutUserPolicies", note: "one's own", request: "PUT /iam/users/{me}/policies", body: `[{"bucket": "*", "actions": ["read"]}]`, needs: "iam:update_policy"},
	{op: "PutUserPolicies", note: "granting iam:*", request: "PUT /iam/users/erin/policies", body: makeAdmin, needs: "iam:update_policy", adminOnly: true},
	{op: "PutUserPolicies", note: "granting oneself iam:*", request: "PUT /iam/users/{me}/policies", body: makeAdmin, needs: "iam:update_policy", adminOnly: true},
	{op: "PutUserPolicies", note: "of an administrator", request: "PUT /iam/users/deputy/policies", body: `[]`, needs: "iam:update_policy", adminOnly: true},
	{op: "ReEncrypt", request: "POST /kms/re-encrypt", body: `{"CiphertextBlob": "eA==", "DestinationKeyId": "k"}`, needs: "kms:*"},
	{op: "RenameUser", request: "PUT /iam/users/erin/name", body: `{"display_name": "erna"}`, needs: "iam:update_policy"},
	{op: "RenameUser", note: "to the name of another", request: "PUT /iam/users/erin/name", body: `{"display_name": "bob"}`, needs: "iam:update_policy", adminOnly: true},
	{op: "RenameUser", note: "an administrator", request: "PUT /iam/users/deputy/name", body: `{"display_name": "vice"}`, needs: "iam:update_policy", adminOnly: true},
	{op: "RetryNotification", request: "POST /admin/notifications/failures/" + failureID + "/retry", needs: "iam:*"},
	{op: "RewrapKeys", request: "POST /admin/encryption/rewrap/run", needs: "iam:*"},
	{op: "RotateKeyOnDemand", request: "POST /kms/keys/k/rotate", needs: "kms:*"},
	{op: "RotateSecretKey", request: "POST /iam/users/erin/rotate", needs: "iam:rotate_key"},
	{op: "RotateSecretKey", note: "of an administrator", request: "POST /iam/users/deputy/rotate", needs: "iam:rotate_key", adminOnly: true},
	{op: "ScanIntegrity", request: "POST /admin/integrity/run", needs: "iam:*"},
	{op: "ScheduleKeyDeletion", request: "DELETE /kms/keys/none?waiting_period_days=30", needs: "kms:*"},
	{op: "RunInventory", request: "POST /admin/inventory/run", body: `{"bucket": "own"}`, needs: "iam:*"},
	{op: "RunLifecycle", request: "POST /admin/lifecycle/run", body: `{"dry_run": true}`, needs: "iam:*"},
	{op: "SimulatePolicy", request: "POST /iam/simulate", body: `{"user": "erin", "action": "s3:GetObject", "bucket": "own", "key": "dir/k"}`, needs: "iam:get_policy"},
	{op: "StopRewrap", request: "POST /admin/encryption/rewrap/stop", needs: "iam:*"},
	{op: "UpdateAccessKey", note: "disable", request: "POST /iam/users/erin/keys/AKerin2/disable", needs: "iam:rotate_key"},
	{op: "UpdateAccessKey", note: "enable", request: "POST /iam/users/erin/keys/AKerin2/enable", needs: "iam:rotate_key"},
	{op: "UpdateAccessKey", note: "of an administrator", request: "POST /iam/users/deputy/keys/AKdeputy2/disable", needs: "iam:rotate_key", adminOnly: true},
	{op: "UpdateAlias", request: "PUT /kms/aliases/a", body: `{"TargetKeyId": "k"}`, needs: "kms:*"},
	{op: "UpdateKeyDescription", request: "PUT /kms/keys/k", body: `{"Description": "d"}`, needs: "kms:*"},
	{op: "UpdateWebsiteDomain", request: "PUT /admin/website-domains/www.files.test", body: `{"bucket": "shared"}`, needs: "iam:*"},
}

// clientKey is one that a client of /kms keeps by itself.
const clientKey = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

// failureID is that of a failed event that is not there.
const failureID = "000000000000000000000000000000000000000000000000"

// mayAdminister decides about an operation beside S3's.
func (m model) mayAdminister(p person, s *adminShape) bool {
	switch {
	case p.anonymous() || s.noSession && p.session:
		return false
	case (s.adminOnly || s.changesOneself() && p.user == "admin") && !p.administrator(): // an administrator is changed by one alone
		return false
	case s.asks != "":
		return m.right(p, need{action: s.asks, place: s.asksAt})
	}
	return !slices.ContainsFunc(strings.Fields(s.needs), func(verb string) bool { return !p.holds(verb) })
}

func (s *adminShape) changesOneself() bool {
	return strings.Contains(s.request, "{me}") && !strings.HasPrefix(s.request, "GET ")
}

func (p person) administrator() bool { return p.user == "admin" && p.keeps == nil }

// holds reports whether a person has a verb: by it or by iam:*.
func (p person) holds(verb string) bool {
	return p.keepsRight(verb) && slices.ContainsFunc(rulesOf(p.user), func(r rule) bool {
		list := strings.Fields(r.words)
		return slices.Contains(list, verb) || slices.Contains(list, "iam:*")
	})
}

// underOtherNames are the paths that stand for the same as one below /iam or /admin.
func underOtherNames(path string) []string {
	switch {
	case strings.HasPrefix(path, "/iam/"):
		return []string{path, "/admin" + path, "/myfsio" + path, "/myfsio/admin" + path}
	case path == "/":
		return []string{path}
	}
	return []string{path, "/myfsio" + path}
}

// administer tries a shape under each of its names in each way, all of which must agree.
func (w *world) administer(s *adminShape, p person) (got cell, tries int) {
	method, path, _ := strings.Cut(strings.ReplaceAll(s.request, "{me}", p.user), " ")
	q := request{method: method, body: s.body}
	switch {
	case strings.HasPrefix(s.body, stsForm):
		q.headers = []string{"Content-Type: application/x-www-form-urlencoded"}
	case s.body != "":
		q.headers = []string{"Content-Type: application/json"}
	}
	ways := []way{byHeader, byPair}
	if p.anonymous() {
		ways = []way{anonymously}
	}
	for i, name := range underOtherNames(path) {
		q.target = name
		if i > 0 {
			ways = ways[:1] // the ways are the same for all names
		}
		for j, wy := range ways {
			c := w.tryAdmin(s, q, p, wy)
			tries++
			if i == 0 && j == 0 {
				got = c
			} else if c != got {
				w.t.Errorf("%s by %s: %s, and %s at %s by %s", s.title(), p.name, got, c, q.target, wy.name)
			}
		}
	}
	if !p.anonymous() {
		q.target = path
		w.neverSo(s, q, p, byURL)
		w.neverSo(s, q, p, byV2)
		tries += 2
	}
	return got, tries
}

func (w *world) tryAdmin(s *adminShape, q request, p person, wy way) cell {
	got, err := w.send(q, wy, w.as(p))
	where := fmt.Sprintf("%s by %s, %s at %s", s.title(), p.name, wy.name, q.target)
	if err != nil {
		w.t.Errorf("%s: %v", where, err)
	}
	if got.allowed && w.op != s.op {
		w.t.Errorf("%s: the request led to %q", where, w.op)
	}
	if users := w.usersChanged(); users && !got.allowed {
		w.t.Errorf("%s: %s, and yet the users were changed", where, got)
	}
	if w.changed() {
		w.t.Errorf("%s: what is stored was changed", where)
	}
	return got
}

// neverSo checks that administration cannot be done in a way, whoever asks.
func (w *world) neverSo(s *adminShape, q request, p person, wy way) {
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, wy.make(&q, w.as(p)))
	if rec.Code < 400 || rec.Code == 404 || rec.Code >= 500 || w.usersChanged() {
		w.t.Errorf("%s by %s, %s: status %d", s.title(), p.name, wy.name, rec.Code)
	}
}

type adminRow struct {
	shape *adminShape
	cells []cell
}

// askAdmin fills the table of administration and holds it to the model.
func askAdmin(t *testing.T) (out []adminRow) {
	w := newWorld(t, false)
	tries := 0
	for i := range adminShapes {
		r := adminRow{shape: &adminShapes[i]}
		for _, p := range inAdministration {
			got, n := w.administer(r.shape, p)
			tries += n
			if want := (model{}).mayAdminister(p, r.shape); got.allowed != want {
				t.Errorf("%s by %s: %s, but by the rules allowed=%t", r.shape.title(), p.name, got, want)
			}
			r.cells = append(r.cells, got)
		}
		out = append(out, r)
	}
	t.Logf("%d cells, %d requests", len(out)*len(inAdministration), tries)
	return out
}

// TestVerbs checks for users with one verb each that it gives what it says, and nothing else.
func TestVerbs(t *testing.T) {
	t.Parallel()
	var more []iam.User
	var who []person
	for _, verb := range strings.Fields(allVerbs + " kms:* " + allWords) {
		p := only(verb)
		more, who = append(more, newUser(p.user, rulesOf(p.user))), append(who, p)
	}
	w := newWorld(t, false, more...)
	for i := range adminShapes {
		s := &adminShapes[i]
		method, target, _ := strings.Cut(s.request, " ")
		if strings.Contains(target, "{me}") || s.body == "" && method != "GET" && gate.Admin(s.op).State.Refused() {
			continue
		}
		q := request{method: method, target: target, body: s.body, headers: []string{"Content-Type: application/json"}}
		if strings.HasPrefix(s.body, stsForm) {
			q.headers = []string{"Content-Type: application/x-www-form-urlencoded"}
		}
		for _, p := range who {
			if got, want := w.tryAdmin(s, q, p, byHeader), (model{}).mayAdminister(p, s); got.allowed != want {
				t.Errorf("%s by %s: %s, but by the rules allowed=%t", s.title(), p.name, got, want)
			}
		}
	}
}
