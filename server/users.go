package server

import (
	"context"
	"errors"
	"io"

	"myfsio/config"
	"myfsio/fault"
	"myfsio/gate"
	"myfsio/s3"
)

// users answers the S3 front's questions about access keys.
type users struct{ access, secret string }

func openUsers(cfg *config.Config, out io.Writer) (*users, error) {
	return &users{cfg.Auth.AdminAccessKey, cfg.Auth.AdminSecretKey.Reveal()}, nil
}

func (u *users) lookup(_ context.Context, c s3.Claim) (s3.Credential, error) {
	if c.AccessKey != u.access || u.access == "" {
		return s3.Credential{}, fault.New(fault.UnknownKey, "The AWS Access Key Id you provided does not exist in our records.")
	}
	return s3.Credential{Secret: []byte(u.secret), Principal: gate.Principal{UserID: "admin", AccessKey: u.access, Admin: true}}, nil
}

func (u *users) displayName(string) string { return "" }

// ResetAdmin is not there yet.
func ResetAdmin(*config.Config, io.Writer) error { return errors.New("not yet") }

// AdminID is the owner of adopted objects.
func AdminID(*config.Config) (string, error) { return canonicalID("admin"), nil }
