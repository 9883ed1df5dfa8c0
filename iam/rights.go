package iam

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"myfsio/fault"
	"myfsio/iam/policy"
	"myfsio/jsondoc"
)

// actor is who changes users, as the document that is changed knows him.
type actor struct {
	id      string
	admin   bool
	policy  *policy.Policy
	session *policy.Policy
}

// change changes the users on behalf of by, durably. fn may run again. Nobody but an administrator makes
// administrators, and no change takes the last one's way in.
func (s *Store) change(by Principal, fn func(*Document, *actor) error) error {
	return s.docs.Update(func(f *file) error {
		d, now := &f.doc, s.now()
		a, err := d.actor(by)
		if err != nil {
			return err
		}
		was, before := d.admins(), d.power(now)
		if err := fn(d, a); err != nil {
			return err
		}
		d.markLegacy()
		if !a.admin && slices.ContainsFunc(d.admins(), func(id string) bool { return !slices.Contains(was, id) }) {
			return fault.New(fault.AccessDenied, "Only an administrator may make administrators.")
		}
		if after := d.power(now); after < before {
			return fault.New(fault.InvalidState, "This would leave no administrator who can sign in. Make another one first.")
		}
		return d.unique()
	})
}

// actor finds the one who asks. That a key was disabled since the request was let in does not matter, that the user is
// gone or no administrator any more does.
func (d *Document) actor(by Principal) (*actor, error) {
	i := slices.IndexFunc(d.Users, func(u User) bool { return u.ID == by.UserID })
	if i < 0 || by.UserID == "" || !d.Users[i].Enabled {
		return nil, fault.New(fault.AccessDenied, "Access Denied")
	}
	u := &d.Users[i]
	return &actor{id: u.ID, admin: by.Admin && u.Admin(), policy: u.compile(ignore), session: by.Session}, nil
}

func ignore(*User, []byte, error) {}

func (d *Document) admins() (ids []string) {
	for i := range d.Users {
		if d.Users[i].Admin() {
			ids = append(ids, d.Users[i].ID)
		}
	}
	return ids
}

// power says whether an administrator can sign in: 0 none can, 1 one by the rule of 0.4, 2 one who holds "iam:*". It must
// not sink: the last holder of "iam:*" must not hand over to the holders of "*" by going.
func (d *Document) power(now time.Time) int {
	in := slices.ContainsFunc(d.Users, func(u User) bool {
		return u.Admin() && u.Enabled && !u.Expires.Passed(now) && u.ID != "" &&
			slices.ContainsFunc(u.Keys, func(k Key) bool { return k.active() && k.AccessKey != "" && k.SecretKey != "" })
	})
	switch {
	case !in:
		return 0
	case !d.explicit():
		return 1
	}
	return 2
}

// mayChange refuses to let anybody but an administrator touch an administrator.
func (a *actor) mayChange(u *User) error {
	if u.Admin() && !a.admin {
		return fault.New(fault.AccessDenied, "Only an administrator may change an administrator.")
	}
	return nil
}

// mayName refuses a name that another user bears to all but administrators: policies that mean the other one by it, some
// of which may deny, would no longer reach him.
func (a *actor) mayName(d *Document, u *User, name string) error {
	if a.admin || name == "" {
		return nil
	}
	for i := range d.Users {
		if o := &d.Users[i]; o.ID != u.ID && slices.Contains(o.names(), name) {
			return fault.New(fault.AccessDenied, "Another user has this name. Only an administrator may give it twice.")
		}
	}
	return nil
}

// mayGrant refuses administrative actions, those on keys of encryption among them, that a does not hold himself.
func (a *actor) mayGrant(policies []Policy) error {
	if missing := a.lacks(policies); missing != "" {
		return fault.New(fault.AccessDenied, "Only who may %s himself may grant it.", missing)
	}
	return nil
}

// mayBe refuses the secrets of another user who may administer more than a, and any to a session that a policy narrows: a key is
// narrowed by nothing.
func (a *actor) mayBe(u *User) error {
	if a.session != nil {
		return fault.New(fault.AccessDenied, "A session that a policy narrows cannot make keys.")
	}
	if u.ID == a.id {
		return nil
	}
	if missing := a.lacks(u.Policies); missing != "" {
		return fault.New(fault.AccessDenied, "Only who may %s himself may make keys of a user who may.", missing)
	}
	return nil
}

// lacks returns an administrative action that policies could grant and a does not hold, "" when there is none.
func (a *actor) lacks(policies []Policy) string {
	if a.admin {
		return ""
	}
	could, sure := widest(policies)
	if !sure {
		return "iam:*"
	}
	for _, action := range policy.Actions() {
		name := action.Short()
		if !strings.HasPrefix(name, "iam:") && !strings.HasPrefix(name, "kms:") {
			continue
		}
		r := policy.Request{Action: action}
		if could.Eval(&r).Decision != policy.Allow {
			continue
		}
		if a.policy.Eval(&r).Decision != policy.Allow || a.session != nil && a.session.Eval(&r).Decision != policy.Allow {
			return name
		}
	}
	return ""
}

// widest compiles policies without what may bound them: buckets, prefixes, resources, conditions and what denies. It
// allows whatever they could allow under some circumstances. It reports false when it cannot tell.
func widest(policies []Policy) (p *policy.Policy, sure bool) {
	var rules []policy.Rule
	var docs []*policy.Policy
	for i := range policies {
		p := &policies[i]
		switch {
		case p.short():
			rules = append(rules, policy.Rule{Bucket: "*", Actions: p.Actions})
		case p.Document != nil:
			if _, err := policy.Parse(p.Document, policy.User, ""); err != nil {
				continue // it grants nothing
			}
			wide, allows, err := widen(p.Document)
			if !allows && err == nil {
				continue
			}
			doc, parseErr := policy.Parse(wide, policy.User, "")
			if err != nil || parseErr != nil {
				return nil, false
			}
			docs = append(docs, doc)
		}
	}
	return policy.Compile(rules, docs), true
}

// widen drops the bounds of an AWS document. It reports false when nothing is left.
func widen(doc []byte) (wide []byte, allows bool, err error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(doc, &members); err != nil {
		return nil, false, err
	}
	statement, list := members["Statement"], []map[string]json.RawMessage{nil}
	if bytes.HasPrefix(bytes.TrimSpace(statement), []byte("[")) {
		err = json.Unmarshal(statement, &list)
	} else {
		err = json.Unmarshal(statement, &list[0])
	}
	if err != nil {
		return nil, false, err
	}
	list = slices.DeleteFunc(list, func(s map[string]json.RawMessage) bool {
		var effect string
		return json.Unmarshal(s["Effect"], &effect) == nil && effect == "Deny"
	})
	for _, s := range list {
		delete(s, "Condition")
		delete(s, "NotResource")
		delete(s, "Sid")
		s["Resource"] = json.RawMessage(`"*"`)
	}
	out, err := jsondoc.Encode(map[string]any{"Version": "2012-10-17", "Statement": list}) // escapes for HTML could make it too long
	return out, len(list) > 0, err
}
