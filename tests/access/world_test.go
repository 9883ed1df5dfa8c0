package access

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"myfsio/acl"
	"myfsio/adminapi"
	"myfsio/auth"
	"myfsio/blob/memblob"
	"myfsio/bucketpolicy"
	"myfsio/gate"
	"myfsio/gate/access"
	"myfsio/iam"
	"myfsio/iam/policy"
	"myfsio/kms"
	"myfsio/kv"
	"myfsio/kv/memkv"
	"myfsio/logs"
	"myfsio/object"
	"myfsio/s3"
	"myfsio/seal"
	"myfsio/sigv4"
	"myfsio/sts"
)

const region = "us-east-1"

// world is a server with its buckets, in memory but for the users. It belongs to one test.
type world struct {
	t      *testing.T
	strict bool
	users  *iam.Store
	prover *auth.Authenticator
	db     *memkv.DB
	blobs  *memblob.Store
	// policies live in a file of their own.
	policies *bucketpolicy.Store
	store    *object.Store
	s3       *s3.Handler
	sts      *sts.Handler
	admin    *adminapi.Handler
	keys     *kms.Keyring
	master   *kms.Master
	op       string // the last operation that the gate was asked to run

	sessions map[string]credentials
	versions map[string]string // the older version, by bucket/key
	uploads  map[string]string // by bucket/key

	// what reset leads back to
	rows     []kv.Pair
	docs     map[string][]byte
	people   []iam.User
	stored   [32]byte // fingerprint of the first two
	accounts string   // fingerprint of the users
}

// newWorld starts a server with the people of the table, and more users on request.
func newWorld(t *testing.T, strict bool, more ...iam.User) *world {
	t.Helper()
	w := &world{t: t, strict: strict, db: memkv.New(), blobs: memblob.New(), sessions: map[string]credentials{},
		versions: map[string]string{}, uploads: map[string]string{}, docs: map[string][]byte{}}
	t.Cleanup(func() { w.db.Close(); w.blobs.Close() })
	dir := memoryDir(t)
	var err error
	w.users, _, err = iam.Open(iam.Options{Path: filepath.Join(dir, "iam.json"), SecretKey: "the server's", AdminAccessKey: "AKfirst", AdminSecretKey: "first"})
	w.check(err)
	w.check(w.users.Update(func(d *iam.Document) error {
		d.Users = append(users(), more...)
		return nil
	}))
	w.policies, err = bucketpolicy.Open(bucketpolicy.Options{Path: filepath.Join(dir, "bucket_policies.json")})
	w.check(err)
	master, err := kms.OpenMaster(kms.MasterOptions{Path: filepath.Join(dir, "master.key")})
	w.check(err)
	w.master = master
	w.keys, err = kms.Open(kms.Options{Path: filepath.Join(dir, "kms_keys.json"), Master: master})
	w.check(err)
	_, err = w.keys.Create(kms.CreateKey{KeyID: "k"})
	w.check(err)
	w.prover = &auth.Authenticator{Verifier: &sigv4.Verifier{Region: region}, Users: w.users, HeaderPair: true, SigV2: true}
	w.start()
	w.fill()
	w.startSessions()
	w.remember()
	return w
}

// memoryDir is a directory in memory where the system has one: users and policies are synced at each change.
func memoryDir(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "myfsio-access-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// start builds the fronts over what is stored, as package server does.
func (w *world) start() {
	var err error
	w.store, err = object.New(context.Background(), object.Config{KV: w.db, Blobs: w.blobs, Keys: &seal.Keys{Masters: w.master, KMS: w.keys}, Encrypt: true})
	w.check(err)
	rights := access.New(access.Config{Policies: w.policies, Objects: w.store, Strict: w.strict})
	door := &gate.Gate{Authorizer: rights, Hooks: gate.Hooks{After: func(_ context.Context, r *gate.Request, _ error) { w.op = r.Op.Name }}}
	w.s3 = s3.New(s3.Config{Store: w.store, Gate: door, Auth: w.prover, Policies: w.policies, Region: region, Websites: true})
	w.sts = sts.New(sts.Config{Gate: door, Auth: w.prover, Users: w.users})
	w.admin = adminapi.New(adminapi.Config{Gate: door, Auth: w.prover, Users: w.users, Region: region, Explain: rights, Policies: w.policies,
		Objects: w.store, Audit: noLog{}, KMS: w.keys})
}

// noLog is an audit log without entries.
type noLog struct{}

func (noLog) Recent(context.Context, int, string) ([]json.RawMessage, string, error) {
	return nil, "", nil
}

// ServeHTTP leads a request to whom its path belongs, as package server does.
func (w *world) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.op = ""
	switch {
	case adminapi.Owns(r.URL):
		w.admin.ServeHTTP(rw, r)
	case w.sts.Matches(r):
		w.sts.ServeHTTP(rw, r)
	default:
		w.s3.ServeHTTP(rw, r)
	}
}

// fill makes the buckets of the places, each with its objects.
func (w *world) fill() {
	ctx := context.Background()
	for _, b := range buckets {
		owner := iam.CanonicalID(b.owner)
		var list acl.List
		if b.listed {
			list, _ = acl.Canned("public-read", owner, owner)
		}
		create := object.CreateBucket{Name: b.name, Owner: owner, ACL: list}
		if b.written {
			owner = iam.CanonicalID("dora") // of the objects
			create.Ownership = object.ObjectWriter
			list = acl.List{Grants: []acl.Grant{{Grantee: acl.Grantee{ID: owner}, Permission: acl.FullControl},
				{Grantee: acl.Grantee{ID: iam.CanonicalID("carol")}, Permission: acl.Read}}}
		}
		_, err := w.store.CreateBucket(ctx, create)
		w.check(err)
		w.check(w.store.SetVersioning(ctx, b.name, object.VersioningEnabled))
		for _, dir := range dirs {
			first := w.put(b.name, dir+"k", owner, list, nil)
			w.put(b.name, dir+"k", owner, list, nil)
			w.put(b.name, dir+"tagged", owner, list, []object.Pair{{Name: "a", Value: "b"}})
			w.annotate(b.name, dir+"noted", w.put(b.name, dir+"noted", owner, list, nil))
			w.versions[b.name+"/"+dir+"k"] = first
			w.upload(b.name, dir+"m", owner)
		}
		if b.blocked {
			w.check(w.store.SetPublicAccess(ctx, b.name, object.PublicAccessConfigured|object.BlockACLs|object.IgnoreACLs|object.BlockPolicy|object.RestrictBuckets))
		}
		if doc := b.policy(); doc != "" {
			w.check(w.policies.Put(b.name, []byte(doc)))
		}
	}
}

func (w *world) put(bucket, key, owner string, list acl.List, tags []object.Pair) (version string) {
	v, err := w.store.Put(context.Background(), object.PutObject{Bucket: bucket, Key: key, Owner: owner, ACL: list, Meta: object.Metadata{Tags: tags},
		Seal: &object.Sealing{Sort: seal.S3}, Body: object.Body{Reader: strings.NewReader("x"), Size: 1}})
	w.check(err)
	return v.VersionID
}

func (w *world) annotate(bucket, key, version string) {
	_, _, err := w.store.PutAnnotation(context.Background(), object.PutAnnotation{Bucket: bucket, Key: key, VersionID: version, Name: "n",
		Body: object.Body{Reader: strings.NewReader("x"), Size: 1}})
	w.check(err)
}

func (w *world) upload(bucket, key, owner string) {
	ctx := context.Background()
	up, err := w.store.CreateUpload(ctx, object.CreateUpload{Bucket: bucket, Key: key, Owner: owner, Initiator: owner})
	w.check(err)
	_, err = w.store.PutPart(ctx, object.PutPart{Bucket: bucket, Key: key, UploadID: up.UploadID, Number: 1, Body: object.Body{Reader: strings.NewReader("x"), Size: 1}})
	w.check(err)
	w.uploads[bucket+"/"+key] = up.UploadID
}

// startSessions makes the sessions of the table of people.
func (w *world) startSessions() {
	for _, p := range people {
		if !p.session {
			continue
		}
		who, err := w.users.Authenticate(keyOf(p.user), secretOf(p.user))
		w.check(err)
		t, err := w.users.Issue(who, iam.SessionRequest{Duration: iam.MinSession, Name: "work", Policy: []byte(p.policy())})
		w.check(err)
		w.sessions[p.name] = credentials{t.AccessKey, t.SecretKey.Reveal(), t.Token}
	}
}

// remember keeps the state that reset leads back to.
func (w *world) remember() {
	w.rows = w.scan()
	for _, b := range buckets {
		w.docs[b.name], _, _ = w.policies.Get(b.name)
	}
	w.people = append(w.people, w.users.Users()...)
	w.stored, w.accounts = w.fingerprint(), w.whoIs()
}

func (w *world) scan() (rows []kv.Pair) {
	w.check(w.db.View(context.Background(), func(r kv.Reader) error {
		for p, err := range kv.Scan(r, kv.Range{}) {
			if err != nil {
				return err
			}
			rows = append(rows, kv.Pair{Key: bytes.Clone(p.Key), Value: bytes.Clone(p.Value)})
		}
		return nil
	}))
	return rows
}

// fingerprint is the hash of all metadata and bucket policies.
func (w *world) fingerprint() (sum [32]byte) {
	h := sha256.New()
	w.check(w.db.View(context.Background(), func(r kv.Reader) error {
		for p, err := range kv.Scan(r, kv.Range{}) {
			if err != nil {
				return err
			}
			fmt.Fprintf(h, "%d %d ", len(p.Key), len(p.Value))
			h.Write(p.Key)
			h.Write(p.Value)
		}
		return nil
	}))
	for _, b := range buckets {
		raw, _, _ := w.policies.Get(b.name)
		fmt.Fprintf(h, "%d ", len(raw))
		h.Write(raw)
	}
	h.Sum(sum[:0])
	return sum
}

// whoIs is all that is stored about the users.
func (w *world) whoIs() string {
	var b strings.Builder
	for _, u := range w.users.Users() {
		fmt.Fprintf(&b, "%s %s %t %v", u.ID, u.DisplayName, u.Enabled, u.Expires)
		for _, k := range u.Keys {
			fmt.Fprintf(&b, " %s=%s %s", k.AccessKey, k.SecretKey.Reveal(), k.Status)
		}
		for _, p := range u.Policies {
			fmt.Fprintf(&b, " %+v", p)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// changed reports whether buckets, objects or policies are not as they were, and leads back.
func (w *world) changed() bool {
	if w.fingerprint() == w.stored {
		return false
	}
	w.check(w.db.Update(context.Background(), func(tx kv.Txn) error {
		for p, err := range kv.Scan(tx, kv.Range{}) {
			if err != nil {
				return err
			}
			tx.Delete(p.Key)
		}
		for _, p := range w.rows {
			tx.Put(p.Key, p.Value)
		}
		return nil
	}))
	for name, doc := range w.docs {
		switch raw, _, _ := w.policies.Get(name); {
		case bytes.Equal(raw, doc):
		case doc == nil:
			w.check(w.policies.Delete(name))
		default:
			w.check(w.policies.Put(name, doc))
		}
	}
	w.start() // what it keeps in memory is of what was there
	if w.fingerprint() != w.stored {
		w.t.Fatal("what is stored cannot be led back")
	}
	return true
}

// usersChanged reports whether the users are not as they were, and leads back.
func (w *world) usersChanged() bool {
	if w.whoIs() == w.accounts {
		return false
	}
	w.check(w.users.Update(func(d *iam.Document) error {
		d.Users = append([]iam.User(nil), w.people...)
		for i := range d.Users {
			d.Users[i].Keys = append([]iam.Key(nil), d.Users[i].Keys...)
		}
		return nil
	}))
	if now := w.whoIs(); now != w.accounts {
		w.t.Fatalf("the users cannot be led back:\n%s\nwere\n%s", now, w.accounts)
	}
	return true
}

// newUser is a user with one key and these policies. A rule's actions may be words or AWS's.
func newUser(name string, rules []rule, documents ...string) iam.User {
	u := iam.User{ID: name, DisplayName: name, Enabled: true, Keys: []iam.Key{{AccessKey: keyOf(name), SecretKey: logs.Secret(secretOf(name)), Status: "active"}}}
	for _, r := range rules {
		u.Policies = append(u.Policies, iam.Policy{Bucket: r.bucket, Actions: strings.Fields(r.words), Prefix: r.prefix})
	}
	for _, doc := range documents {
		if _, err := policy.Parse([]byte(doc), policy.User, ""); err != nil {
			panic(name + ": " + err.Error())
		}
		u.Policies = append(u.Policies, iam.Policy{Document: json.RawMessage(doc)})
	}
	return u
}

func keyOf(user string) string    { return "AK" + user }
func secretOf(user string) string { return "secret of " + user }
