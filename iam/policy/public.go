package policy

import (
	"net/netip"
	"strings"
)

// Public reports whether a bucket's policy is public as AWS means it: it allows something to everybody, without a
// condition that holds one of a few keys to fixed values, which are values without wildcards and variables.
//
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
func (p *Policy) Public() bool {
	if p == nil {
		return false
	}
	for i := range p.statements {
		s := &p.statements[i]
		if s.who != nil && !s.deny && (s.who.everyone || s.notWho) && !s.narrow() {
			return true
		}
	}
	return false
}

// narrow reports whether a condition holds the statement to fixed values.
func (s *statement) narrow() bool {
	for i := range s.conditions {
		if s.conditions[i].narrows() {
			return true
		}
	}
	return false
}

// narrowing are the keys that keep a policy from being public.
var narrowing = map[string]bool{
	"aws:PrincipalArn":          true,
	"aws:PrincipalAccount":      true,
	"aws:PrincipalOrgID":        true,
	"aws:PrincipalOrgPaths":     true,
	"aws:PrincipalServiceName":  true,
	"aws:SourceAccount":         true,
	"aws:SourceArn":             true,
	"aws:SourceOwner":           true,
	"aws:SourceVpc":             true,
	"aws:SourceVpce":            true,
	"aws:userid":                true,
	"s3:DataAccessPointArn":     true,
	"s3:DataAccessPointAccount": true,
}

func (c *condition) narrows() bool {
	if c.negated || c.ifExists || c.quant == allValues {
		return false
	}
	for i := range c.operands {
		o := &c.operands[i]
		switch c.test {
		case testIP:
			if c.key.def.param != "ip" || broad(o.prefix) {
				return false
			}
		case testEquals, testFold, testLike:
			if !narrowing[c.key.def.name] || !c.fixed(&o.glob) {
				return false
			}
		case testARN:
			if !narrowing[c.key.def.name] || !c.fixedARN(o.arn) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// fixed reports whether a value is one text. The name of an access point may be any; its account must be fixed.
func (c *condition) fixed(g *glob) bool {
	if c.key.def.name == "s3:DataAccessPointArn" {
		if parts := g.split(':', 6); len(parts) == 6 {
			return c.fixedARN(parts)
		}
	}
	return g.fixed() && (c.key.def.name != "aws:userid" || !strings.HasSuffix(g.text, ":*"))
}

func (c *condition) fixedARN(parts []glob) bool {
	if parts == nil {
		return false
	}
	if c.key.def.name == "s3:DataAccessPointArn" {
		return parts[4].fixed() && parts[4].text != ""
	}
	for i := range parts {
		if !parts[i].fixed() {
			return false
		}
	}
	return true
}

// broad reports whether a block of addresses is so wide that it is no bound: wider than /8 for IPv4, /32 for IPv6.
func broad(p netip.Prefix) bool {
	if p.Addr().Is4() {
		return p.Bits() < 8
	}
	return p.Bits() < 32
}
