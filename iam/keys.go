package iam

import (
	"slices"

	"myfsio/fault"
)

// RotateSecret gives an access key a new secret, which it returns: the access key that is named, or the first one of the
// user who is named by his id. Sessions made with the old secret end. Errors as of Rename; AccessDenied also where the
// new secret would give by administrative rights that he does not have.
func (s *Store) RotateSecret(by Principal, idOrKey string) (Key, error) {
	var k Key
	err := s.changeUser(by, idOrKey, func(_ *Document, a *actor, u *User) error {
		if err := a.mayBe(u); err != nil {
			return err
		}
		i := max(u.key(idOrKey), 0)
		if len(u.Keys) == 0 {
			return fault.New(fault.InvalidRequest, "The user has no access key.")
		}
		u.Keys[i].SecretKey = randomSecret(24)
		k = u.Keys[i]
		return nil
	})
	if err != nil {
		return Key{}, err
	}
	return k, nil
}

// CreateKey gives a user one more access key and returns it. Errors as of RotateSecret; InvalidRequest for one key too many.
func (s *Store) CreateKey(by Principal, idOrKey string) (Key, error) {
	var k Key
	err := s.changeUser(by, idOrKey, func(_ *Document, a *actor, u *User) error {
		if err := a.mayBe(u); err != nil {
			return err
		}
		if len(u.Keys) >= maxKeys {
			return fault.New(fault.InvalidRequest, "A user has at most %d access keys.", maxKeys)
		}
		k = s.freshKey("", "")
		u.Keys = append(u.Keys, k)
		return nil
	})
	if err != nil {
		return Key{}, err
	}
	return k, nil
}

// DeleteKey removes an access key of a user, which ends its sessions. Errors: as of Rename, NoSuchUser also for a key that is
// not of this user; InvalidRequest for his last key.
func (s *Store) DeleteKey(by Principal, idOrKey, accessKey string) error {
	return s.changeKey(by, idOrKey, accessKey, func(u *User, i int) error {
		if len(u.Keys) == 1 {
			return fault.New(fault.InvalidRequest, "The last access key of a user cannot be removed. Disable or delete the user instead.")
		}
		u.Keys = slices.Delete(u.Keys, i, i+1)
		return nil
	})
}

// SetKeyActive switches an access key of a user, and its sessions, on or off. Errors as of DeleteKey.
func (s *Store) SetKeyActive(by Principal, idOrKey, accessKey string, active bool) error {
	return s.changeKey(by, idOrKey, accessKey, func(u *User, i int) error {
		u.Keys[i].Status = "inactive"
		if active {
			u.Keys[i].Status = "active"
		}
		return nil
	})
}

func (s *Store) changeKey(by Principal, idOrKey, accessKey string, fn func(u *User, i int) error) error {
	return s.changeUser(by, idOrKey, func(_ *Document, _ *actor, u *User) error {
		i := u.key(accessKey)
		if i < 0 {
			return fault.New(fault.NoSuchUser, "The user has no access key %q.", accessKey)
		}
		return fn(u, i)
	})
}

// key returns the index of an access key, -1 for none.
func (u *User) key(accessKey string) int {
	return slices.IndexFunc(u.Keys, func(k Key) bool { return k.AccessKey == accessKey })
}
