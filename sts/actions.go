package sts

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"myfsio/gate"
	"myfsio/iam"
)

const (
	version   = "2011-06-15"
	account   = "000000000000" // of every user: there are no accounts
	maxPolicy = 2048           // bytes of a session's policy
)

// action is one that is served. refuses are its parameters that are not offered; a list is named by what stands
// before its ".member.N".
type action struct {
	op      *gate.Op
	serve   func(*Handler, *call) (document any, err error)
	refuses []string
}

func actions() map[string]action {
	table := map[string]action{
		"AssumeRole": {serve: assumeRole,
			refuses: []string{"PolicyArns", "Tags", "TransitiveTagKeys", "ProvidedContexts", "SourceIdentity", "SerialNumber", "TokenCode"}},
		"GetSessionToken":   {serve: getSessionToken, refuses: []string{"SerialNumber", "TokenCode", "Policy", "PolicyArns", "RoleArn"}},
		"GetCallerIdentity": {serve: getCallerIdentity},
	}
	for name, a := range table {
		if a.op = gate.Admin(name); a.op == nil {
			panic("sts: no operation " + name)
		}
		table[name] = a
	}
	return table
}

// check refuses parameters that would change the session and are not offered.
func (a action) check(form url.Values) error {
	for name := range form {
		for _, refused := range a.refuses {
			if rest, ok := strings.CutPrefix(name, refused); ok && (rest == "" || rest[0] == '.') {
				return invalid("The parameter %s is not supported.", refused)
			}
		}
	}
	return nil
}

var sessionName = regexp.MustCompile(`^[A-Za-z0-9_+=,.@-]{2,64}$`)

// assumeRole makes a session of the caller. RoleArn and ExternalId are not looked at.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
func assumeRole(h *Handler, c *call) (any, error) {
	name := c.form.Get("RoleSessionName")
	if !sessionName.MatchString(name) {
		return nil, invalid("RoleSessionName must have 2 to 64 characters of A-Z a-z 0-9 _ + = , . @ -")
	}
	if len(c.form.Get("RoleArn")) > 2048 {
		return nil, invalid("RoleArn must have at most 2048 characters.")
	}
	policy := c.form.Get("Policy")
	if len(policy) > maxPolicy {
		return nil, coded("PackedPolicyTooLarge", "Policy must have at most %d bytes.", maxPolicy)
	}
	d, err := c.duration(time.Hour, 12*time.Hour)
	if err != nil {
		return nil, err
	}
	t, err := h.issue(c, iam.SessionRequest{Duration: d, Name: name, Policy: []byte(policy)})
	if err != nil {
		return nil, err
	}
	p := &c.gate.Principal
	return assumeRoleResponse{
		Result: assumeRoleResult{
			Credentials:      show(t),
			AssumedRoleUser:  assumedRoleUser{p.UserID + ":" + name, arn(p.Username, name)},
			PackedPolicySize: (len(policy)*100 + maxPolicy - 1) / maxPolicy,
		},
		Metadata: metadata{c.gate.ID},
	}, nil
}

// getSessionToken makes a session of the caller.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
func getSessionToken(h *Handler, c *call) (any, error) {
	d, err := c.duration(12*time.Hour, iam.MaxSession)
	if err != nil {
		return nil, err
	}
	t, err := h.issue(c, iam.SessionRequest{Duration: d})
	return getSessionTokenResponse{Credentials: show(t), Metadata: metadata{c.gate.ID}}, err
}

// getCallerIdentity tells who the caller is.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
func getCallerIdentity(_ *Handler, c *call) (any, error) {
	p := &c.gate.Principal
	id := callerIdentity{Arn: arn(p.Username, p.SessionName), UserID: p.UserID, Account: account}
	if p.SessionName != "" {
		id.UserID += ":" + p.SessionName
	}
	return getCallerIdentityResponse{Result: id, Metadata: metadata{c.gate.ID}}, nil
}

// arn names a user, or his session by its name.
func arn(username, session string) string {
	if session == "" {
		return "arn:aws:iam::" + account + ":user/" + username
	}
	return "arn:aws:sts::" + account + ":assumed-role/" + username + "/" + session
}

// issue makes a session; the audit log learns of it by user/access key.
func (h *Handler) issue(c *call, r iam.SessionRequest) (iam.Temporary, error) {
	t, err := h.cfg.Users.Issue(c.gate.Principal, r)
	if err == nil {
		c.gate.Key = c.gate.Principal.UserID + "/" + t.AccessKey
	}
	return t, err
}

// duration reads DurationSeconds.
func (c *call) duration(usual, most time.Duration) (time.Duration, error) {
	s := c.form.Get("DurationSeconds")
	if s == "" {
		return usual, nil
	}
	n, err := strconv.ParseInt(s, 10, 32)
	if d := time.Duration(n) * time.Second; err == nil && d >= iam.MinSession && d <= most {
		return d, nil
	}
	return 0, invalid("DurationSeconds must be a number from %d to %d.", iam.MinSession/time.Second, most/time.Second)
}
