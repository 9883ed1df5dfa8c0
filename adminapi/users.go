package adminapi

import (
	"bytes"
	"context"
	"encoding/json"

	"myfsio/fault"
	"myfsio/iam"
	"myfsio/logs"
)

// userDoc is a user as answers show him: without secrets.
type userDoc struct {
	UserID      string            `json:"user_id"`
	DisplayName string            `json:"display_name"`
	Enabled     bool              `json:"enabled"`
	ExpiresAt   iam.Expiry        `json:"expires_at"`
	AccessKeys  []keyDoc          `json:"access_keys"`
	Policies    []json.RawMessage `json:"policies"`
	AccessKey   string            `json:"access_key"` // the first one
}

type keyDoc struct {
	AccessKey string `json:"access_key"`
	Status    string `json:"status"`
	CreatedAt string `json:"created_at,omitempty"`
}

// secretDoc is an access key that was just made, with its secret.
type secretDoc struct {
	AccessKey string `json:"access_key"`
	SecretKey string `json:"secret_key"`
}

// createdDoc is a user who was just made.
type createdDoc struct {
	UserID string `json:"user_id"`
	secretDoc
	DisplayName string            `json:"display_name"`
	Policies    []json.RawMessage `json:"policies"`
	ExpiresAt   iam.Expiry        `json:"expires_at"`
}

// showUser shows a user; full says that each policy tells its prefix, even "*".
func showUser(u iam.User, full bool) (userDoc, error) {
	d := userDoc{UserID: u.ID, DisplayName: u.DisplayName, Enabled: u.Enabled, ExpiresAt: u.Expires, AccessKeys: make([]keyDoc, 0, len(u.Keys))}
	for _, k := range u.Keys {
		d.AccessKeys = append(d.AccessKeys, keyDoc{k.AccessKey, k.Status, k.CreatedAt})
	}
	if len(u.Keys) > 0 {
		d.AccessKey = u.Keys[0].AccessKey
	}
	var err error
	d.Policies, err = showPolicies(u.Policies, full)
	return d, err
}

// showPolicies shows policies as they are stored; full adds the prefix "*" to those in the short form that have none.
func showPolicies(policies []iam.Policy, full bool) ([]json.RawMessage, error) {
	out := make([]json.RawMessage, 0, len(policies))
	for _, p := range policies {
		b, err := json.Marshal(p)
		if err != nil {
			return nil, err
		}
		if full {
			b = withPrefix(b)
		}
		out = append(out, b)
	}
	return out, nil
}

func withPrefix(b []byte) []byte {
	var m map[string]json.RawMessage
	if json.Unmarshal(b, &m) != nil || m["bucket"] == nil || m["prefix"] != nil {
		return b
	}
	m["prefix"] = json.RawMessage(`"*"`)
	with, err := json.Marshal(m)
	if err != nil {
		return b
	}
	return with
}

func listUsers(h *Handler, _ context.Context, _ *call) (answer, error) {
	users := h.cfg.Users.Users()
	docs := make([]userDoc, 0, len(users))
	for _, u := range users {
		d, err := showUser(u, false)
		if err != nil {
			return answer{}, err
		}
		docs = append(docs, d)
	}
	return answer{body: map[string]any{"users": docs}}, nil
}

func getUser(h *Handler, _ context.Context, c *call) (answer, error) {
	u, err := h.cfg.Users.User(c.id)
	if err != nil {
		return answer{}, err
	}
	d, err := showUser(u, true)
	return answer{body: d}, err
}

func createUser(h *Handler, _ context.Context, c *call) (answer, error) {
	var in struct {
		DisplayName string       `json:"display_name"`
		AccessKey   string       `json:"access_key"`
		SecretKey   string       `json:"secret_key"`
		Policies    []iam.Policy `json:"policies"`
		ExpiresAt   *string      `json:"expires_at"`
	}
	if err := c.readJSON(&in); err != nil {
		return answer{}, err
	}
	n := iam.NewUser{DisplayName: in.DisplayName, AccessKey: in.AccessKey, SecretKey: logs.Secret(in.SecretKey), Policies: in.Policies}
	var err error
	if in.ExpiresAt != nil {
		if n.Expires, err = iam.ParseExpiry(*in.ExpiresAt); err != nil {
			return answer{}, err
		}
	}
	made, err := h.cfg.Users.CreateUser(c.gate.Principal, n)
	if err != nil {
		return answer{}, err
	}
	c.gate.Key = made.User.ID
	policies, err := showPolicies(made.User.Policies, false)
	return answer{201, createdDoc{
		UserID: made.User.ID, secretDoc: secretDoc{made.AccessKey, made.SecretKey.Reveal()},
		DisplayName: made.User.DisplayName, Policies: policies, ExpiresAt: made.User.Expires,
	}}, err
}

func deleteUser(h *Handler, _ context.Context, c *call) (answer, error) {
	return answer{status: 204}, h.cfg.Users.DeleteUser(c.gate.Principal, c.id)
}

func rotateSecret(h *Handler, _ context.Context, c *call) (answer, error) {
	k, err := h.cfg.Users.RotateSecret(c.gate.Principal, c.id)
	return answer{body: secretDoc{k.AccessKey, k.SecretKey.Reveal()}}, err
}

func getPolicies(h *Handler, _ context.Context, c *call) (answer, error) {
	u, err := h.cfg.Users.User(c.id)
	if err != nil {
		return answer{}, err
	}
	policies, err := showPolicies(u.Policies, true)
	return answer{body: map[string]any{"policies": policies}}, err
}

// putPolicies takes the array of policies, or an object that holds it as "policies".
func putPolicies(h *Handler, _ context.Context, c *call) (answer, error) {
	var policies []iam.Policy
	var err error
	if bytes.HasPrefix(bytes.TrimSpace(c.body), []byte("{")) {
		var in struct {
			Policies []iam.Policy `json:"policies"`
		}
		err = c.readJSON(&in)
		policies = in.Policies
	} else {
		err = c.readJSON(&policies)
	}
	if err == nil && policies == nil {
		err = invalid("An array of policies is needed; [] grants nothing.")
	}
	if err != nil {
		return answer{}, err
	}
	u, err := h.cfg.Users.SetPolicies(c.gate.Principal, c.id, policies)
	if err != nil {
		return answer{}, err
	}
	d, err := showUser(u, true)
	return answer{body: d}, err
}

// putExpiry takes expires_at from a form or from JSON. Empty, and null in JSON, mean never; a body without it is an error, so
// that a mistaken request does not make credentials last.
func putExpiry(h *Handler, _ context.Context, c *call) (answer, error) {
	at, err := c.expiry()
	if err != nil {
		return answer{}, err
	}
	e, err := iam.ParseExpiry(at)
	if err != nil {
		return answer{}, err
	}
	return h.setExpiry(c, e)
}

func (c *call) expiry() (string, error) {
	const missing = "expires_at is missing; an empty one means never."
	switch mediaOf(c.http) {
	case mediaForm:
		form, err := parseForm(c.body)
		if err == nil && !form.Has("expires_at") {
			err = invalid(missing)
		}
		return form.Get("expires_at"), err
	case mediaOther:
		return "", unsupported("application/x-www-form-urlencoded or application/json")
	}
	var in map[string]json.RawMessage
	if err := parseJSON(c.body, &in); err != nil {
		return "", err
	}
	raw, ok := in["expires_at"]
	if !ok {
		return "", invalid(missing)
	}
	var at *string
	if json.Unmarshal(raw, &at) != nil {
		return "", invalid("expires_at must be a string or null.")
	}
	if at == nil {
		return "", nil
	}
	return *at, nil
}

func deleteExpiry(h *Handler, _ context.Context, c *call) (answer, error) {
	return h.setExpiry(c, iam.Expiry{})
}

func (h *Handler) setExpiry(c *call, e iam.Expiry) (answer, error) {
	if err := h.cfg.Users.SetExpiry(c.gate.Principal, c.id, e); err != nil {
		return answer{}, err
	}
	return h.changed(c)
}

func renameUser(h *Handler, _ context.Context, c *call) (answer, error) {
	var in struct {
		DisplayName *string `json:"display_name"`
	}
	if err := c.readJSON(&in); err != nil {
		return answer{}, err
	}
	if in.DisplayName == nil {
		return answer{}, invalid("display_name is missing.")
	}
	if err := h.cfg.Users.Rename(c.gate.Principal, c.id, *in.DisplayName); err != nil {
		return answer{}, err
	}
	return h.changed(c)
}

// changed answers with the user after a change. One who is gone by now makes the change no failure.
func (h *Handler) changed(c *call) (answer, error) {
	u, err := h.cfg.Users.User(c.id)
	if fault.Is(err, fault.NoSuchUser) {
		return answer{body: struct{}{}}, nil
	}
	if err != nil {
		return answer{}, err
	}
	d, err := showUser(u, true)
	return answer{body: d}, err
}

func createKey(h *Handler, _ context.Context, c *call) (answer, error) {
	k, err := h.cfg.Users.CreateKey(c.gate.Principal, c.id)
	if err != nil {
		return answer{}, err
	}
	c.gate.Key += "/" + k.AccessKey
	return answer{201, secretDoc{k.AccessKey, k.SecretKey.Reveal()}}, nil
}

func deleteKey(h *Handler, _ context.Context, c *call) (answer, error) {
	return answer{status: 204}, h.cfg.Users.DeleteKey(c.gate.Principal, c.id, c.key)
}

func disableKey(h *Handler, _ context.Context, c *call) (answer, error) {
	return status("disabled"), h.cfg.Users.SetKeyActive(c.gate.Principal, c.id, c.key, false)
}

func enableKey(h *Handler, _ context.Context, c *call) (answer, error) {
	return status("enabled"), h.cfg.Users.SetKeyActive(c.gate.Principal, c.id, c.key, true)
}

func disableUser(h *Handler, _ context.Context, c *call) (answer, error) {
	return status("disabled"), h.cfg.Users.SetEnabled(c.gate.Principal, c.id, false)
}

func enableUser(h *Handler, _ context.Context, c *call) (answer, error) {
	return status("enabled"), h.cfg.Users.SetEnabled(c.gate.Principal, c.id, true)
}

func status(word string) answer { return answer{body: map[string]string{"status": word}} }
