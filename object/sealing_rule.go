package object

import (
	"myfsio/fault"
	"myfsio/object/encrypt"
	"myfsio/seal"
)

// TakesEncryption reports why the server cannot do what the default encryption of a bucket asks for.
func (s *Store) TakesEncryption(rule *encrypt.Rule) error {
	switch {
	case !s.encrypt:
		return fault.New(fault.InvalidRequest, "Server-side encryption is not enabled on this server: ENCRYPTION_ENABLED is not set.")
	case s.sortOf(rule) == seal.KMS && s.keys.KMS == nil:
		_, err := s.keys.KMSKEK("", nil)
		return err
	}
	return nil
}
