package iam

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"myfsio/fault"
	"myfsio/iam/policy"
	"myfsio/logs"
)

// Bounds of what a call may set. A file that was edited by hand may hold more.
const (
	maxKeys        = 10
	maxPolicies    = 100
	maxPolicyBytes = 64 << 10 // all policies of a user
	maxName        = 64       // characters
	maxPrefix      = 1024     // bytes
)

var accessKeyForm = regexp.MustCompile(`^[A-Za-z0-9_.@+-]{3,128}$`)

func (n NewUser) check() error {
	if err := checkName(n.DisplayName); err != nil {
		return err
	}
	if n.AccessKey != "" && !accessKeyForm.MatchString(n.AccessKey) {
		return fault.New(fault.InvalidArgument, "An access key must have 3 to 128 letters, digits or any of _.@+-")
	}
	if n.SecretKey != "" && !goodSecret(n.SecretKey) {
		return fault.New(fault.InvalidArgument, "A secret key must have 8 to 128 printable ASCII characters and no blanks.")
	}
	if n.Expires.bad {
		return fault.New(fault.InvalidArgument, "An expiry must look like 2031-05-01T12:00:00Z.")
	}
	return checkPolicies(n.Policies)
}

func goodSecret(secret logs.Secret) bool {
	s := secret.Reveal()
	odd := strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
	return len(s) >= 8 && len(s) <= 128 && !odd
}

func checkName(name string) error {
	if !utf8.ValidString(name) || utf8.RuneCountInString(name) > maxName || strings.ContainsFunc(name, unicode.IsControl) || strings.TrimSpace(name) != name {
		return fault.New(fault.InvalidArgument, "A display name has at most %d characters, no control characters, and no blanks around it.", maxName)
	}
	return nil
}

// checkPolicies refuses what the file would be read with and then grant nothing.
func checkPolicies(policies []Policy) error {
	if len(policies) > maxPolicies {
		return fault.New(fault.InvalidArgument, "A user has at most %d policies.", maxPolicies)
	}
	for i := range policies {
		if err := policies[i].check(); err != nil {
			return err
		}
	}
	b, err := json.Marshal(policies)
	if err != nil {
		return fault.New(fault.InvalidArgument, "The policies are not valid JSON.")
	}
	if len(b) > maxPolicyBytes {
		return fault.New(fault.InvalidArgument, "The policies of a user take at most %d bytes in all.", maxPolicyBytes)
	}
	return nil
}

func (p *Policy) check() error {
	switch {
	case p.raw != nil:
		return &fault.Error{Kind: fault.InvalidArgument, Code: "MalformedPolicy",
			Msg: `A policy must be {"bucket", "actions", "prefix"} or an AWS document with "Version" and "Statement".`}
	case p.Document != nil:
		_, err := policy.Parse(p.Document, policy.User, "")
		return err
	case p.Bucket != "*" && !plainBucket(p.Bucket):
		return fault.New(fault.InvalidArgument, "The bucket of a policy must be * or the name of a bucket, not %q.", clip(p.Bucket))
	case len(p.Prefix) > maxPrefix || !utf8.ValidString(p.Prefix):
		return fault.New(fault.InvalidArgument, "The prefix of a policy has at most %d bytes.", maxPrefix)
	}
	if unknown := p.rule().Unknown(); len(unknown) > 0 {
		unknown = unknown[:min(len(unknown), 10)]
		for i := range unknown {
			unknown[i] = strconv.Quote(clip(unknown[i]))
		}
		return fault.New(fault.InvalidArgument, "The policy has unknown actions: %s.", strings.Join(unknown, ", "))
	}
	return nil
}

// plainBucket reports whether a policy can mean a bucket by this name, of any case.
func plainBucket(name string) bool {
	odd := strings.ContainsFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' || r == '_')
	})
	return name != "" && len(name) <= 255 && !odd
}

// clip bounds what an error quotes.
func clip(s string) string {
	if len(s) > 60 {
		return s[:60] + "…"
	}
	return s
}
