package policy

// condition is one key under one operator of a Condition element, with the values it is compared with.
type condition struct {
	key      keyRef
	test     test
	negated  bool
	ifExists bool
	quant    quantifier
	operands []operand
}

// holds tells whether the request meets the condition.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
func (c *condition) holds(e *eval) outcome {
	var v value
	e.value(c.key, &v)
	if v.form == failed {
		return unknown
	}
	n := v.len()
	if c.test == testNull {
		return c.isNull(n == 0)
	}
	if n == 0 {
		return truth(c.ifExists || c.quant == allValues || c.quant == plain && c.negated)
	}
	switch c.quant {
	case allValues:
		out := yes
		for i := range n {
			out = min(out, c.fits(e, &v, i))
		}
		return out
	case anyValue:
		out := no
		for i := range n {
			out = max(out, c.fits(e, &v, i))
		}
		return out
	}
	out := no
	for i := range n {
		out = max(out, c.some(e, &v, i))
	}
	if c.negated {
		return out.not()
	}
	return out
}

func (c *condition) isNull(missing bool) outcome {
	for i := range c.operands {
		if c.operands[i].flag == missing {
			return yes
		}
	}
	return no
}

// fits tells whether the i-th value meets the operator with its negation.
func (c *condition) fits(e *eval, v *value, i int) outcome {
	out := c.some(e, v, i)
	if c.negated {
		return out.not()
	}
	return out
}

// some tells whether the i-th value fits one of the operands.
func (c *condition) some(e *eval, v *value, i int) outcome {
	out := no
	for j := range c.operands {
		if out = max(out, c.operands[j].fits(e, c.test, v, i)); out == yes {
			break
		}
	}
	return out
}
