package access

import (
	"encoding/json"
	"slices"
	"strings"

	"myfsio/iam"
)

// rule is a policy of a user in the short form; words are separated by spaces.
type rule struct{ bucket, words, prefix string }

const allWords = "list read write delete share policy create_bucket delete_bucket versioning tagging encryption lifecycle cors replication quota " +
	"object_lock notification logging website"

const allVerbs = "iam:list_users iam:create_user iam:delete_user iam:rotate_key iam:update_policy iam:create_key iam:delete_key iam:get_user iam:get_policy " +
	"iam:disable_user"

// rules are the users and what their policies say.
var rules = map[string][]rule{
	"admin":   {{"*", allWords + " iam:*", ""}},
	"deputy":  {{"*", allWords + " iam:*", ""}}, // so that admin is not the last one
	"manager": {{"*", allVerbs, ""}},
	"alice":   {{"*", "create_bucket", ""}},
	"bob":     {{"shared", "list read", ""}, {"shared", "write delete", "bob/"}},
	"dave":    {{"shared", "list read", "bob/"}},
	"carol":   {},
	"dora":    {}, // owns the bucket foreign
	"erin":    {}, // whom others administer
}

// rulesOf are the rules of a user: those of the table, and for a user "only-read+write" these words for all buckets.
func rulesOf(user string) []rule {
	if list, ok := strings.CutPrefix(user, "only-"); ok {
		return []rule{{"*", strings.ReplaceAll(list, "+", " "), ""}}
	}
	return rules[user]
}

// person is a column of the tables: a user, or a session of his.
type person struct {
	name, user string // user is "" for anonymous requests
	session    bool
	keeps      []string // the actions that the session is narrowed to, which may end in *; none: not narrowed
	says       string   // who he is, for the document
}

var readOnly = []string{"s3:Get*", "s3:List*"}

// people are the columns of the tables of S3 and of administration.
var people = []person{
	{name: "admin", user: "admin", says: "full administrator: all words on all buckets, and `iam:*`"},
	{name: "alice", user: "alice", says: "owns all buckets below but `foreign`; her policies say `create_bucket` on all buckets"},
	{name: "alice (read-only session)", user: "alice", session: true, keeps: readOnly, says: "a session of alice, narrowed to s3:Get* and s3:List* by its policy"},
	{name: "bob", user: "bob", says: "`list` and `read` on `shared`; `write` and `delete` there below `bob/`"},
	{name: "bob (session)", user: "bob", session: true, says: "a session of bob without a policy of its own"},
	{name: "dave", user: "dave", says: "`list` and `read` on `shared` below `bob/`"},
	{name: "carol", user: "carol", says: "no policies at all"},
	{name: "anonymous", says: "a request that proves nobody"},

	{name: "admin (session)", user: "admin", session: true, says: "a session of admin without a policy of its own"},
	{name: "admin (narrowed session)", user: "admin", session: true, keeps: []string{"s3:Get*", "iam:create_user", "iam:update_policy"}, says: "a session of admin, narrowed to s3:Get*, iam:create_user and iam:update_policy: he is no administrator in it"},
	{name: "manager", user: "manager", says: "all ten `iam:` words, and nothing else"},
	{name: "manager (narrowed session)", user: "manager", session: true, keeps: []string{"iam:list_users", "iam:get_user"}, says: "a session of manager, narrowed to iam:list_users and iam:get_user"},
}

// policy is the policy of a session, "" for none.
func (p person) policy() string {
	if p.keeps == nil {
		return ""
	}
	return document("Allow", "Action", p.keeps)
}

// document is a policy of a user or session about everything.
func document(effect, element string, actions []string) string {
	list, _ := json.Marshal(actions) // strings are no trouble
	return `{"Version": "2012-10-17", "Statement": [{"Effect": "` + effect + `", "` + element + `": ` + string(list) + `, "Resource": "*"}]}`
}

func named(names ...string) (out []person) {
	for _, n := range names {
		out = append(out, people[slices.IndexFunc(people, func(p person) bool { return p.name == n })])
	}
	return out
}

var (
	inS3             = named("admin", "alice", "alice (read-only session)", "bob", "bob (session)", "dave", "carol", "anonymous")
	inAdministration = named("admin", "admin (session)", "admin (narrowed session)", "manager", "manager (narrowed session)", "alice", "alice (read-only session)", "carol", "anonymous")
)

func (p person) anonymous() bool { return p.user == "" }

// as gives the credentials of a person.
func (w *world) as(p person) credentials {
	switch {
	case p.anonymous():
		return credentials{}
	case p.session:
		return w.sessions[p.name]
	}
	return credentials{key: keyOf(p.user), secret: secretOf(p.user)}
}

// users are the people as iam.json has them.
func users() (out []iam.User) {
	names := make([]string, 0, len(rules))
	for name := range rules {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		u := newUser(name, rules[name])
		if name == "erin" || name == "deputy" { // who may lose one
			second := u.Keys[0]
			second.AccessKey += "2"
			u.Keys = append(u.Keys, second)
		}
		out = append(out, u)
	}
	return out
}

// bucket is a bucket of the world.
type bucket struct {
	name, owner string
	public      bool // has the preset policy Public
	listed      bool // it and its objects have the list public-read
	closed      bool // a policy denies everything
	blocked     bool // public access is blocked
	written     bool // writers own what they write; its objects are dora's, who lets carol read them
}

var buckets = []bucket{
	{name: "own", owner: "alice"},
	{name: "shared", owner: "alice"},
	{name: "public", owner: "alice", public: true},
	{name: "listed", owner: "alice", listed: true},
	{name: "foreign", owner: "dora"},
	{name: "closed", owner: "alice", closed: true},
	{name: "written", owner: "alice", written: true},
	{name: "blocked", owner: "alice", public: true, listed: true, blocked: true},
}

// policy is the bucket's policy, "" for none.
func (b *bucket) policy() string {
	arn := "arn:aws:s3:::" + b.name
	switch {
	case b.public:
		return `{"Version":"2012-10-17","Statement":[{"Sid":"PublicList","Effect":"Allow","Principal":"*","Action":["s3:ListBucket"],"Resource":["` + arn + `"]},` +
			`{"Sid":"PublicRead","Effect":"Allow","Principal":"*","Action":["s3:GetObject"],"Resource":["` + arn + `/*"]}]}`
	case b.closed:
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["` + arn + `","` + arn + `/*"]}]}`
	}
	return ""
}

// dirs are the directories of every bucket.
var dirs = []string{"dir/", "bob/"}

// place is a bucket and a directory in it.
type place struct {
	bucket
	dir   string
	title string
	says  string
}

// places are where each operation is tried.
var places = []place{
	at("own", "dir/", "own", "alice's, with nothing set: to all others a foreign one"),
	at("shared", "dir/", "shared", "alice's, in which policies give bob and dave rights"),
	at("shared", "bob/", "shared, below bob/", "the same, for keys that begin with bob/"),
	at("public", "dir/", "public", "alice's, with the preset policy Public: everyone may list it and read its objects"),
	at("listed", "dir/", "listed", "alice's; the access control lists of it and of its objects are public-read"),
	at("foreign", "dir/", "foreign", "dora's, with nothing set"),
	at("closed", "dir/", "closed", "alice's, with a policy that denies everything to everybody"),
	at("written", "dir/", "written", "alice's, with the ownership ObjectWriter; its objects are dora's, and their lists let carol read them"),
	at("blocked", "dir/", "blocked", "alice's, public by policy and by lists, with all public access blocked"),
}

func at(name, dir, title, says string) place {
	return place{buckets[slices.IndexFunc(buckets, func(b bucket) bool { return b.name == name })], dir, title, says}
}

// fill puts the place's names into a template: {b} the bucket, {d} the directory, {k} a key there, {v} its older version, {m} and {u} a key
// with an upload, and that upload; {from} is the key in the bucket that a copy comes from, {fv} its older version.
func (w *world) fillIn(template string, pl place, from string) string {
	if from == "" {
		from = pl.name
	}
	key := pl.dir + "k"
	return strings.NewReplacer("{b}", pl.name, "{d}", pl.dir, "{k}", key, "{v}", w.versions[pl.name+"/"+key], "{m}", pl.dir+"m", "{u}", w.uploads[pl.name+"/"+pl.dir+"m"],
		"{from}", from+"/"+pl.dir, "{fv}", w.versions[from+"/"+key]).Replace(template)
}
