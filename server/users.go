package server

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"myfsio/config"
	"myfsio/iam"
)

// openUsers opens iam.json. The first start makes an administrator, whose keys are printed once.
func openUsers(cfg *config.Config, log *slog.Logger, out io.Writer) (*iam.Store, error) {
	o, err := iamOptions(cfg, log)
	if err != nil {
		return nil, err
	}
	store, made, err := iam.Open(o)
	if err != nil {
		return nil, fmt.Errorf("the users cannot be read: %w", err)
	}
	if made != nil {
		printAdmin(out, made)
	}
	return store, nil
}

func iamOptions(cfg *config.Config, log *slog.Logger) (iam.Options, error) {
	secret := cfg.SecretKey
	if secret == "" {
		var err error
		if secret, err = config.SecretKey(cfg.StorageRoot); err != nil {
			return iam.Options{}, err
		}
	}
	return iam.Options{
		Path: cfg.Auth.IAMConfig, SecretKey: secret, Encrypt: cfg.ExplicitSecret(),
		AdminAccessKey: cfg.Auth.AdminAccessKey, AdminSecretKey: cfg.Auth.AdminSecretKey, Log: log,
	}, nil
}

// printAdmin shows the keys of a new administrator to the person at the terminal, not to the log.
func printAdmin(out io.Writer, a *iam.Admin) {
	if a.Given {
		fmt.Fprintf(out, "Made the administrator with the access key %s and the secret key of ADMIN_SECRET_KEY.\n", a.AccessKey)
		return
	}
	fmt.Fprintf(out, `
Made an administrator. These keys are shown only now; keep them:

    Access key: %s
    Secret key: %s

Lost keys are replaced by: myfsio --reset-cred

`, a.AccessKey, a.SecretKey.Reveal())
}

// displayName gives the name shown for an owner id; "" when the user is gone.
func displayName(users *iam.Store) func(canonicalID string) string {
	return func(id string) string {
		if user, ok := users.ByCanonical(id); ok {
			return cmp.Or(user.DisplayName, user.ID)
		}
		return ""
	}
}

// ResetAdmin gives the administrator new keys and prints them once. A server that runs takes them over with its next request.
func ResetAdmin(cfg *config.Config, out io.Writer) error {
	o, err := iamOptions(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	made, err := iam.ResetAdmin(o)
	if err != nil {
		return err
	}
	printAdmin(out, made)
	return nil
}

// AdminID is the owner id of the first administrator, whom adopted files belong to. Where there are no users yet it
// makes him, and prints his keys once.
func AdminID(cfg *config.Config, out io.Writer) (string, error) {
	o, err := iamOptions(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return "", err
	}
	store, made, err := iam.Open(o)
	if err != nil {
		return "", err
	}
	if made != nil {
		printAdmin(out, made)
	}
	for _, u := range store.Users() {
		if u.Admin() {
			return iam.CanonicalID(u.ID), nil
		}
	}
	return "", errors.New("there is no administrator; myfsio --reset-cred makes one")
}
