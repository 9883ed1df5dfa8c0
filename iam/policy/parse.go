package policy

import (
	"fmt"
	"strings"

	"myfsio/fault"
)

// Bounds of a document beside its size, which depends on its kind.
const (
	maxStatements = 400
	maxVariables  = 256
	maxMessage    = 600  // bytes of a message, which quotes the document
	maxSearches   = 2048 // bytes of patterns like *a?b*, which cost their length times the text's
)

// sizes are the greatest documents by kind, in bytes: AWS's for a bucket's policy, the largest of AWS's inline policies
// rounded up for a user's, and AWS's for a session's.
var sizes = [...]int{User: 6 << 10, Bucket: 20 << 10, Session: 2 << 10}

// parser reads one document and keeps the first thing that is wrong with it.
type parser struct {
	kind      Kind
	bucket    string // of kind Bucket
	vars      bool   // the version has policy variables
	at        string // where the parser stands, for messages
	err       error
	variables int
	searches  int
}

// Parse reads a document of AWS's policy language. bucket is the bucket that a policy of kind Bucket is for. The error is
// a fault.InvalidArgument with the code MalformedPolicy that says what is wrong, where, and what to do. The policy
// does not keep doc.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
func Parse(doc []byte, kind Kind, bucket string) (*Policy, error) {
	p := &parser{kind: kind, bucket: bucket}
	pol := p.document(doc)
	if p.err != nil {
		return nil, p.err
	}
	pol.sort()
	return pol, nil
}

func (p *parser) document(doc []byte) *Policy {
	pol := &Policy{}
	if len(doc) > sizes[p.kind] {
		p.fail("the document has %d bytes; at most %d are taken", len(doc), sizes[p.kind])
		return nil
	}
	root, err := decode(doc)
	switch {
	case err != nil:
		p.fail("%v", err)
		return nil
	case root.kind != isObject:
		p.fail("the document is %v; a policy is an object", root.kind)
		return nil
	}
	p.only(&root, "Version", "Id", "Statement")
	p.version(root.get("Version"))
	if id := root.get("Id"); id != nil && id.kind != isString {
		p.fail("Id is %v; it must be a string", id.kind)
	}
	list := p.statements(root.get("Statement"))
	sids := map[string]bool{}
	for i := range list {
		p.at = fmt.Sprintf("statement %d", i+1)
		s := p.statement(&list[i])
		if p.err != nil {
			return nil
		}
		if s.sid != "" && sids[s.sid] {
			p.fail("the Sid %q stands in an earlier statement already; each needs its own, or none", s.sid)
		}
		sids[s.sid] = true
		s.index, s.rule = i, -1
		pol.statements = append(pol.statements, s)
	}
	return pol
}

func (p *parser) version(n *node) {
	switch {
	case n == nil: // 2008-10-17
	case n.kind != isString || n.text != "2012-10-17" && n.text != "2008-10-17":
		p.fail("Version must be \"2012-10-17\" or \"2008-10-17\"; it is the version of the language, not of the policy")
	default:
		p.vars = n.text == "2012-10-17"
	}
}

func (p *parser) statements(n *node) []node {
	switch {
	case n == nil:
		p.fail("Statement is missing; a policy must have at least one statement")
	case n.kind == isObject:
		return []node{*n}
	case n.kind != isArray:
		p.fail("Statement is %v; it must be an object or an array of objects", n.kind)
	case len(n.items) == 0:
		p.fail("Statement is empty; a policy must have at least one statement")
	case len(n.items) > maxStatements:
		p.fail("there are %d statements; at most %d are taken", len(n.items), maxStatements)
	default:
		return n.items
	}
	return nil
}

// statement reads one statement.
func (p *parser) statement(n *node) statement {
	var s statement
	if n.kind != isObject {
		p.fail("it is %v; a statement is an object", n.kind)
		return s
	}
	p.only(n, "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition")
	if sid := n.get("Sid"); sid != nil {
		if sid.kind != isString {
			p.fail("Sid is %v; it must be a string", sid.kind)
		}
		s.sid = sid.text
	}
	switch effect := n.get("Effect"); {
	case effect == nil:
		p.fail("Effect is missing; it must be \"Allow\" or \"Deny\"")
	case effect.kind != isString || effect.text != "Allow" && effect.text != "Deny":
		p.fail("Effect must be \"Allow\" or \"Deny\", in these letters")
	default:
		s.deny = effect.text == "Deny"
	}
	p.who(n, &s)
	p.actions(n, &s)
	p.resources(n, &s)
	if c := n.get("Condition"); c != nil {
		s.conditions = p.conditions(c)
	}
	if p.err == nil && p.kind == Bucket {
		p.applies(n, &s)
	}
	return s
}

// either returns which of two elements is there; one must be, and not both.
func (p *parser) either(n *node, name, notName string) (elem *node, which string, negated bool) {
	a, b := n.get(name), n.get(notName)
	switch {
	case a != nil && b != nil:
		p.fail("%s and %s stand side by side; use one of them", name, notName)
	case a != nil:
		return a, name, false
	case b != nil:
		return b, notName, true
	default:
		p.fail("%s is missing", name)
	}
	return nil, name, false
}

func (p *parser) who(n *node, s *statement) {
	if p.kind == Bucket {
		elem, name, negated := p.either(n, "Principal", "NotPrincipal")
		if elem != nil {
			s.who, s.notWho = p.principal(name, elem), negated
		}
		return
	}
	for _, name := range []string{"Principal", "NotPrincipal"} {
		if n.get(name) != nil {
			p.fail("%s belongs to policies of buckets; the policy of a user is about that user: take it out", name)
		}
	}
}

func (p *parser) actions(n *node, s *statement) {
	elem, name, negated := p.either(n, "Action", "NotAction")
	if elem == nil {
		return
	}
	for _, pattern := range p.strings(name, elem) {
		set := matching(pattern)
		if set.empty() {
			p.fail("%s: there is no action %q; actions are named as s3:GetObject, and * and ? are wildcards", name, pattern)
			return
		}
		s.actions.union(set)
	}
	if negated {
		s.actions = s.actions.inverse()
	}
}

func (p *parser) conditions(n *node) []condition {
	if n.kind != isObject {
		p.fail("Condition is %v; it must be an object such as {\"StringEquals\": {\"s3:prefix\": \"a/\"}}", n.kind)
		return nil
	}
	var list []condition
	for i, name := range n.names {
		op, quant, ifExists, err := findOperator(name)
		if err != nil {
			p.fail("Condition: %v", err)
			return nil
		}
		block := &n.items[i]
		if block.kind != isObject {
			p.fail("Condition: %s is %v; it must be an object of condition keys and values", name, block.kind)
			return nil
		}
		for j, key := range block.names {
			c := condition{test: op.test, negated: op.negated, ifExists: ifExists, quant: quant}
			if c.key, err = findKey(key); err != nil {
				p.fail("Condition: %s: %v", name, err)
				return nil
			}
			c.operands = p.operands(name+": "+key, &c, &block.items[j])
			list = append(list, c)
		}
	}
	return list
}

func (p *parser) operands(where string, c *condition, n *node) []operand {
	var list []operand
	for _, s := range p.scalars("Condition: "+where, n) {
		o, err := newOperand(c.test, c.key, s, p.vars)
		if err != nil {
			p.fail("Condition: %s: %v", where, err)
			return nil
		}
		p.charge(&o.glob)
		for i := range o.arn {
			p.charge(&o.arn[i])
		}
		list = append(list, o)
	}
	return list
}

// charge counts what a pattern may cost.
func (p *parser) charge(g *glob) {
	p.variables += len(g.vars)
	p.searches += g.searches()
	if p.variables > maxVariables {
		p.fail("the policy has more than %d policy variables", maxVariables)
	}
	if p.searches > maxSearches {
		p.fail("the policy has too many patterns with ? between two *; use fewer ? there")
	}
}

// strings reads a string or an array of strings; there must be one.
func (p *parser) strings(name string, n *node) []string { return p.texts(name, n, false) }

// scalars is strings that takes numbers, true and false as well.
func (p *parser) scalars(name string, n *node) []string { return p.texts(name, n, true) }

func (p *parser) texts(name string, n *node, scalars bool) []string {
	items := n.items
	if n.kind != isArray {
		items = []node{*n}
	}
	if len(items) == 0 {
		p.fail("%s is empty; it must have at least one value", name)
	}
	list := make([]string, 0, len(items))
	for i := range items {
		k := items[i].kind
		if k != isString && !(scalars && (k == isNumber || k == isBoolean)) {
			p.fail("%s: a value is %v; it must be a string", name, k)
			return nil
		}
		list = append(list, items[i].text)
	}
	return list
}

// only fails for a member of n that is not among names.
func (p *parser) only(n *node, names ...string) {
	for _, have := range n.names {
		ok := false
		for _, name := range names {
			ok = ok || have == name
		}
		if !ok {
			p.fail("%q is not an element of the policy language; here may stand %v", have, names)
		}
	}
}

// fail keeps the first thing that is wrong.
func (p *parser) fail(format string, args ...any) {
	if p.err != nil {
		return
	}
	msg := fmt.Sprintf(format, args...)
	if p.at != "" {
		msg = p.at + ": " + msg
	}
	if len(msg) > maxMessage {
		msg = strings.ToValidUTF8(msg[:maxMessage], "") + "…"
	}
	err := fault.New(fault.InvalidArgument, "Policy is malformed: %s.", msg)
	err.Code = "MalformedPolicy"
	p.err = err
}
