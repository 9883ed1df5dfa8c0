package policy

import (
	"fmt"
	"strings"
)

// Policy is policies compiled for evaluation: one document, or all that a user has. It does not change, and any number
// of goroutines may use it.
type Policy struct {
	statements []statement // those that deny first
}

// statement is a statement of a document or a rule of the short form.
type statement struct {
	deny    bool
	actions actionSet

	// Of a document.
	who         *who // nil in the policy of a user
	notWho      bool
	resources   []resource
	notResource bool
	conditions  []condition
	sid         string
	document    int
	index       int

	// Of the short form.
	rule   int // -1 for a statement of a document
	bucket string
	prefix string
}

// Verdict is what a policy says to a request, and which part of it says so.
type Verdict struct {
	Decision  Decision
	Statement int    // of the document, from 0; -1 for none
	Sid       string // of the statement
	Document  int    // among those given to Compile, from 0; -1 for none
	Rule      int    // of the short form, among those given to Compile; -1 for none
}

// String tells the verdict to a person, who counts from one: `denied by statement 2 ("NoDelete") of document 1`.
func (v Verdict) String() string {
	if v.Decision == Silent {
		return "no statement matches"
	}
	word := "allowed"
	if v.Decision == Deny {
		word = "denied"
	}
	if v.Rule >= 0 {
		return fmt.Sprintf("%s by rule %d", word, v.Rule+1)
	}
	sid := ""
	if v.Sid != "" {
		sid = fmt.Sprintf(" (%q)", v.Sid)
	}
	return fmt.Sprintf("%s by statement %d%s of document %d", word, v.Statement+1, sid, v.Document+1)
}

// eval is one evaluation.
type eval struct {
	r *Request
	m matcher
}

// Eval answers a request. A statement that denies wins over any that allow. A condition that cannot be told, because
// its source failed, lets an Allow fail and a Deny match. A nil policy is silent.
func (p *Policy) Eval(r *Request) Verdict {
	e := eval{r: r}
	return p.eval(&e)
}

func (p *Policy) eval(e *eval) Verdict {
	silent := Verdict{Statement: -1, Document: -1, Rule: -1}
	if p == nil || e.r.Action == 0 {
		return silent
	}
	for i := range p.statements {
		s := &p.statements[i]
		if !s.actions.has(e.r.Action) {
			continue
		}
		out := s.matches(e)
		switch {
		case s.deny && out != no:
			return s.verdict(Deny)
		case !s.deny && out == yes:
			return s.verdict(Allow)
		}
	}
	return silent
}

func (s *statement) verdict(d Decision) Verdict {
	return Verdict{Decision: d, Statement: s.index, Sid: s.sid, Document: s.document, Rule: s.rule}
}

// matches tells whether the request is what the statement is about, leaving aside its actions.
func (s *statement) matches(e *eval) outcome {
	if s.rule >= 0 {
		return truth(s.grants(e.r))
	}
	// In doubt Deny covers more and Allow less, which NotPrincipal turns around.
	if s.who != nil && s.who.covers(e.r.Principal, s.deny != s.notWho) == s.notWho {
		return no
	}
	out := s.onResource(e)
	for i := 0; i < len(s.conditions) && out != no; i++ {
		out = min(out, s.conditions[i].holds(e))
	}
	return out
}

func (s *statement) onResource(e *eval) outcome {
	out := no
	for i := range s.resources {
		if out = max(out, s.resources[i].matches(e)); out == yes {
			break
		}
	}
	if s.notResource {
		if out == no && !s.deny && s.emptyVariable(e) {
			return no
		}
		return out.not()
	}
	return out
}

// emptyVariable reports whether a resource has a variable that the request has no value for. What NotResource excepts is
// not known then, and an Allow must not reach over it.
func (s *statement) emptyVariable(e *eval) bool {
	for i := range s.resources {
		g := &s.resources[i].glob
		if len(g.vars) == 0 {
			continue
		}
		var room [512]byte
		if _, out := g.fill(e, room[:0]); out != yes {
			return true
		}
	}
	return false
}

// grants tells whether a rule of the short form covers the request.
func (s *statement) grants(r *Request) bool {
	if s.bucket != "*" && s.bucket != r.Bucket {
		return false
	}
	switch {
	case s.prefix == "":
		return true
	case r.Action.Scope() == ObjectScope:
		return strings.HasPrefix(r.Key, s.prefix)
	case r.Lists:
		return strings.HasPrefix(r.Prefix, s.prefix)
	}
	return true
}

// sort puts the statements that deny before those that allow, keeping the order among each.
func (p *Policy) sort() {
	sorted := make([]statement, 0, len(p.statements))
	for _, deny := range []bool{true, false} {
		for i := range p.statements {
			if p.statements[i].deny == deny {
				sorted = append(sorted, p.statements[i])
			}
		}
	}
	p.statements = sorted
}
