package iam

import (
	"cmp"
	"slices"

	"myfsio/fault"
	"myfsio/logs"
)

// NewUser is a user to be made.
type NewUser struct {
	DisplayName string      // "" for the user id
	AccessKey   string      // "" for a random one
	SecretKey   logs.Secret // "" for a random one
	Policies    []Policy    // none grant nothing
	Expires     Expiry
}

// Created is a user just made, with the secret of the first key.
type Created struct {
	User      User
	AccessKey string
	SecretKey logs.Secret
}

// User returns the user with this id or access key, else NoSuchUser. He is shared and must not be changed.
func (s *Store) User(idOrKey string) (User, error) {
	f := s.file()
	if i, ok := f.ids[idOrKey]; ok {
		return f.doc.Users[i], nil
	}
	i, err := f.doc.FindUser(idOrKey)
	if err != nil {
		return User{}, err
	}
	return f.doc.Users[i], nil
}

// ByCanonical finds a user by his canonical id, in constant time. He is shared and must not be changed.
func (s *Store) ByCanonical(id string) (User, bool) {
	f := s.file()
	return f.at(f.canonical, id)
}

func (f *file) at(table map[string]int, name string) (User, bool) {
	i, ok := table[name]
	if !ok {
		return User{}, false
	}
	return f.doc.Users[i], true
}

// CreateUser makes a user with one key. Errors: InvalidArgument, also for an access key that is taken;
// AccessDenied when the policies grant what by may not grant.
func (s *Store) CreateUser(by Principal, n NewUser) (Created, error) {
	if err := n.check(); err != nil {
		return Created{}, err
	}
	var c Created
	err := s.change(by, func(d *Document, a *actor) error {
		u := User{ID: "u-" + randomHex(8), Enabled: true, Expires: n.Expires, Policies: n.Policies}
		if _, err := d.FindUser(n.AccessKey); n.AccessKey != "" && err == nil {
			return fault.New(fault.InvalidArgument, "The access key %q is taken.", n.AccessKey)
		}
		u.DisplayName = cmp.Or(n.DisplayName, u.ID)
		for _, name := range []string{u.DisplayName, n.AccessKey} {
			if err := a.mayName(d, &u, name); err != nil {
				return err
			}
		}
		if err := a.mayGrant(n.Policies); err != nil {
			return err
		}
		k := s.freshKey(n.AccessKey, n.SecretKey)
		u.Keys = []Key{k}
		d.Users = append(d.Users, u)
		c = Created{User: u, AccessKey: k.AccessKey, SecretKey: k.SecretKey}
		return nil
	})
	if err != nil {
		return Created{}, err
	}
	c.User = s.afterwards(c.User)
	return c, nil
}

// afterwards returns a user as the file in force has him.
func (s *Store) afterwards(u User) User {
	if now, err := s.User(u.ID); err == nil {
		return now
	}
	return u // gone again
}

// freshKey makes an active key of what is given and random parts for the rest.
func (s *Store) freshKey(access string, secret logs.Secret) Key {
	return s.newKey(&Admin{AccessKey: cmp.Or(access, randomHex(8)), SecretKey: cmp.Or(secret, randomSecret(24))})
}

// DeleteUser removes a user with his keys, which ends his sessions. Buckets and objects of his stay. Errors as of Rename.
func (s *Store) DeleteUser(by Principal, idOrKey string) error {
	return s.change(by, func(d *Document, a *actor) error {
		i, err := d.FindUser(idOrKey)
		if err != nil {
			return err
		}
		if err := a.mayChange(&d.Users[i]); err != nil {
			return err
		}
		d.Users = slices.Delete(d.Users, i, i+1)
		return nil
	})
}

// changeUser is change for one user, whom by must be allowed to change.
func (s *Store) changeUser(by Principal, idOrKey string, fn func(d *Document, a *actor, u *User) error) error {
	return s.change(by, func(d *Document, a *actor) error {
		i, err := d.FindUser(idOrKey)
		if err != nil {
			return err
		}
		if err := a.mayChange(&d.Users[i]); err != nil {
			return err
		}
		return fn(d, a, &d.Users[i])
	})
}

// Rename changes the display name of a user. Errors: NoSuchUser; InvalidArgument; AccessDenied for
// what by may not do; InvalidState for what would leave no administrator who can sign in.
func (s *Store) Rename(by Principal, idOrKey, name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	return s.changeUser(by, idOrKey, func(d *Document, a *actor, u *User) error {
		name := cmp.Or(name, u.ID)
		if err := a.mayName(d, u, name); err != nil {
			return err
		}
		u.DisplayName = name
		return nil
	})
}

// SetPolicies replaces the policies of a user and returns him. None take all rights away. Errors as of Rename; a document that does
// not parse is refused with the code MalformedPolicy.
func (s *Store) SetPolicies(by Principal, idOrKey string, policies []Policy) (User, error) {
	if err := checkPolicies(policies); err != nil {
		return User{}, err
	}
	var u User
	err := s.changeUser(by, idOrKey, func(_ *Document, a *actor, found *User) error {
		if err := a.mayGrant(policies); err != nil {
			return err
		}
		found.Policies = policies
		u = *found
		return nil
	})
	if err != nil {
		return User{}, err
	}
	return s.afterwards(u), nil
}

// SetExpiry sets when the credentials of a user end, his sessions included. Errors as of Rename.
func (s *Store) SetExpiry(by Principal, idOrKey string, e Expiry) error {
	if e.bad {
		return fault.New(fault.InvalidArgument, "An expiry must look like 2031-05-01T12:00:00Z.")
	}
	return s.changeUser(by, idOrKey, func(_ *Document, _ *actor, u *User) error {
		u.Expires = e
		return nil
	})
}

// SetEnabled enables or disables a user with all his keys and sessions. Errors as of Rename.
func (s *Store) SetEnabled(by Principal, idOrKey string, enabled bool) error {
	return s.changeUser(by, idOrKey, func(_ *Document, _ *actor, u *User) error {
		u.Enabled = enabled
		return nil
	})
}
