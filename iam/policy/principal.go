package policy

import (
	"strings"
)

// userARN begins the ARN of a user as aws:PrincipalArn gives it.
const userARN = "arn:aws:iam::" + Account + ":user/"

// who is a Principal element.
type who struct {
	everyone bool            // "*"
	accounts bool            // an account: nobody for Allow and every user for Deny, for a server has one account and no stranger
	users    map[string]bool // usernames and user ids
	keys     map[string]bool // user ids, access keys and canonical ids
}

// covers reports whether the element names p. strict says that in doubt it does: for Deny.
func (w *who) covers(p *Principal, strict bool) bool {
	switch {
	case w.everyone:
		return true
	case p == nil:
		return false
	case w.accounts && strict:
		return true
	}
	if w.users != nil && (w.users[p.UserID] || w.users[p.Username]) {
		return true
	}
	return w.keys != nil && (w.keys[p.UserID] || w.keys[p.AccessKey] || w.keys[p.CanonicalID])
}

// principal reads a Principal or NotPrincipal element.
func (p *parser) principal(name string, n *node) *who {
	w := &who{}
	switch {
	case n.kind == isString && n.text == "*":
		w.everyone = true
		return w
	case n.kind != isObject:
		p.fail("%s must be \"*\" or an object such as {\"AWS\": \"arn:aws:iam::%s:user/NAME\"}", name, Account)
		return w
	case len(n.items) == 0:
		p.fail("%s names nobody; name somebody, or \"*\" for everybody", name)
	}
	for i, kind := range n.names {
		values := p.strings(name+": "+kind, &n.items[i])
		switch kind {
		case "AWS":
			for _, s := range values {
				p.awsPrincipal(name, w, s)
			}
		case "CanonicalUser":
			for _, s := range values {
				w.add(&w.keys, s)
			}
		case "Service", "Federated":
			// Known to AWS; there is no such principal here.
		default:
			p.fail("%s: %q is not a kind of principal; use AWS, CanonicalUser, Service or Federated", name, kind)
		}
	}
	return w
}

func (w *who) add(m *map[string]bool, s string) {
	if s == "" {
		return
	}
	if *m == nil {
		*m = map[string]bool{}
	}
	(*m)[s] = true
}

// awsPrincipal reads one value of Principal's AWS.
func (p *parser) awsPrincipal(name string, w *who, s string) {
	switch {
	case s == "*":
		w.everyone = true
		return
	case s == "":
		p.fail("%s: an empty text names nobody", name)
		return
	case strings.ContainsAny(s, "*?"):
		p.fail("%s: %q: wildcards are not taken within the name of a principal; use \"*\" alone with a condition on aws:PrincipalArn", name, s)
		return
	case isAccount(s):
		w.accounts = true
		return
	case !strings.HasPrefix(s, "arn:"):
		w.add(&w.keys, s)
		return
	}
	part := strings.SplitN(s, ":", 6)
	if len(part) < 6 || part[1] != "aws" || part[2] != "iam" && part[2] != "sts" || part[3] != "" || part[4] != "" && !isAccount(part[4]) {
		p.fail("%s: %q is not the ARN of a principal; a user is arn:aws:iam::%s:user/NAME", name, s, Account)
		return
	}
	kind, rest, _ := strings.Cut(part[5], "/")
	switch {
	case part[2] == "iam" && part[5] == "root":
		w.accounts = true
	case part[2] == "iam" && kind == "user" && rest != "":
		w.add(&w.users, rest)
	case part[2] == "iam" && kind == "role" && rest != "", part[2] == "sts" && (kind == "assumed-role" || kind == "federated-user") && rest != "":
		// Well formed; there is no such principal here.
	default:
		p.fail("%s: %q names no principal; a user is arn:aws:iam::%s:user/NAME", name, s, Account)
	}
}

func isAccount(s string) bool { return len(s) == 12 && strings.Trim(s, "0123456789") == "" }
