package iam

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"strings"

	"myfsio/iam/policy"
)

// index is what a request needs of a file, made ready once when it is first used.
type index struct {
	keys      map[string]*Credential
	ids       map[string]int // index of the user
	canonical map[string]int
}

// index fills the index of f. A key without a secret cannot be used; of two equal keys neither can.
func (s *Store) index(f *file) {
	users := f.doc.Users
	f.index = index{keys: map[string]*Credential{}, ids: make(map[string]int, len(users)), canonical: make(map[string]int, len(users))}
	bears := f.doc.bears()
	s.compiledMu.Lock()
	defer s.compiledMu.Unlock()
	compiled := make(map[[32]byte]*policy.Policy, len(users))
	twice := map[string]bool{}
	for i := range users {
		u := &users[i]
		if u.ID == "" {
			continue // it would be anonymous
		}
		p := Principal{
			UserID: u.ID, DisplayName: u.DisplayName, Username: u.username(bears), CanonicalID: CanonicalID(u.ID),
			Admin: u.Admin(), Policy: s.policyOf(u, compiled),
		}
		f.ids[u.ID], f.canonical[p.CanonicalID] = i, i
		if u.legacy {
			s.legacy.Do(func() {
				s.log.Warn(`nobody in iam.json holds "iam:*", so users who hold "*" on all buckets are administrators; add "iam:*" to one to end this`, "user", u.ID)
			})
		}
		for _, k := range u.Keys {
			if k.AccessKey == "" || k.SecretKey == "" {
				continue
			}
			if _, taken := f.keys[k.AccessKey]; taken {
				twice[k.AccessKey] = true
			}
			f.keys[k.AccessKey] = u.credential(p, k)
		}
	}
	for k := range twice {
		delete(f.keys, k)
	}
	s.compiled = compiled
}

// policyOf compiles the policies of a user, unless they are those of another or of the state before. s.compiledMu is held.
func (s *Store) policyOf(u *User, compiled map[[32]byte]*policy.Policy) *policy.Policy {
	id := u.policySum()
	p, ok := compiled[id]
	if !ok {
		p, ok = s.compiled[id]
	}
	if !ok {
		p = u.compile(s.malformed)
	}
	compiled[id] = p
	return p
}

// policySum is a hash of what compile looks at.
func (u *User) policySum() [32]byte {
	var b []byte
	add := func(s string) {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	for i := range u.Policies {
		p := &u.Policies[i]
		add(p.Bucket)
		add(p.Prefix)
		add(string(p.Document))
		b = binary.AppendUvarint(b, uint64(len(p.Actions)))
		for _, a := range p.Actions {
			add(a)
		}
	}
	return sha256.Sum256(b)
}

func (u *User) credential(p Principal, k Key) *Credential {
	p.AccessKey = k.AccessKey
	secret := []byte(k.SecretKey.Reveal())
	return &Credential{
		Principal: p, secret: secret, enabled: u.Enabled, active: k.active(), expires: u.Expires, mark: markOf(k.AccessKey, secret),
	}
}

func (k *Key) active() bool { return strings.EqualFold(k.Status, "active") }

// bears counts the users whom a name may mean: by display name, id or access key.
func (d *Document) bears() map[string]int {
	n := make(map[string]int, 3*len(d.Users))
	for i := range d.Users {
		for _, name := range d.Users[i].names() {
			n[name]++
		}
	}
	return n
}

// names are the names, each once and none empty, by which policies may mean the user.
func (u *User) names() []string {
	all := []string{u.ID}
	add := func(name string) {
		if name == "" {
			return
		}
		for _, n := range all {
			if n == name {
				return
			}
		}
		all = append(all, name)
	}
	add(u.DisplayName)
	for _, k := range u.Keys {
		add(k.AccessKey)
	}
	return all
}

// username is the display name where it means nobody else, so that no user can pass for another by a name.
func (u *User) username(bears map[string]int) string {
	if bears[u.DisplayName] == 1 {
		return cmp.Or(u.DisplayName, u.ID)
	}
	return u.ID
}

// compile makes the one policy of a user. It calls bad for each document that does not parse; that one grants nothing.
func (u *User) compile(bad func(u *User, doc []byte, err error)) *policy.Policy {
	var rules []policy.Rule
	var docs []*policy.Policy
	for i := range u.Policies {
		p := &u.Policies[i]
		switch {
		case p.short():
			rules = append(rules, p.rule())
		case p.Document != nil:
			doc, err := policy.Parse(p.Document, policy.User, "")
			if err != nil {
				bad(u, p.Document, err)
			}
			docs = append(docs, doc) // nil keeps the place
		}
	}
	return policy.Compile(rules, docs)
}

func (p *Policy) rule() policy.Rule {
	return policy.Rule{Bucket: p.Bucket, Actions: p.Actions, Prefix: p.Prefix}
}

// malformed tells of a document in the file that does not parse, once.
func (s *Store) malformed(u *User, doc []byte, err error) {
	id := sha256.Sum256(append([]byte(u.ID+"\x00"), doc...))
	s.warnedMu.Lock()
	told := s.warned[id] || len(s.warned) >= 1000
	if !told {
		s.warned[id] = true
	}
	s.warnedMu.Unlock()
	if !told {
		s.log.Error("a policy in iam.json is malformed and grants nothing", "user", u.ID, "fault", err)
	}
}
