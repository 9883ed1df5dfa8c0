package iam

import (
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

var errStub = fault.New(fault.NotImplemented, "Users cannot be changed yet.")

// CreateUser makes a user.
func (s *Store) CreateUser(by Principal, n NewUser) (Created, error) { return Created{}, errStub }

// User returns the user with this id or access key. He is shared and must not be changed.
func (s *Store) User(idOrKey string) (User, error) { return User{}, errStub }

// ByCanonical finds a user by his canonical id. He is shared and must not be changed.
func (s *Store) ByCanonical(id string) (User, bool) { return User{}, false }

// ByUsername finds a user by Principal.Username, else by his id.
func (s *Store) ByUsername(name string) (User, bool) { return User{}, false }

// DeleteUser removes a user with his keys.
func (s *Store) DeleteUser(by Principal, idOrKey string) error { return errStub }

// RotateSecret gives an access key a new secret.
func (s *Store) RotateSecret(by Principal, idOrKey string) (Key, error) { return Key{}, errStub }

// SetPolicies replaces the policies of a user.
func (s *Store) SetPolicies(by Principal, idOrKey string, policies []Policy) (User, error) {
	return User{}, errStub
}

// SetExpiry sets when the credentials of a user end.
func (s *Store) SetExpiry(by Principal, idOrKey string, e Expiry) error { return errStub }

// SetEnabled enables or disables a user.
func (s *Store) SetEnabled(by Principal, idOrKey string, enabled bool) error { return errStub }

// Rename changes the display name of a user.
func (s *Store) Rename(by Principal, idOrKey, name string) error { return errStub }

// CreateKey gives a user one more access key.
func (s *Store) CreateKey(by Principal, idOrKey string) (Key, error) { return Key{}, errStub }

// DeleteKey removes an access key of a user.
func (s *Store) DeleteKey(by Principal, idOrKey, accessKey string) error { return errStub }

// SetKeyActive switches an access key of a user on or off.
func (s *Store) SetKeyActive(by Principal, idOrKey, accessKey string, active bool) error {
	return errStub
}
