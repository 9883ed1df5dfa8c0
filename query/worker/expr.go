package worker

import (
	"encoding/json"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"myfsio/query"
)

// expr writes an expression.
func (p *planner) expr(n *node) (string, kind, error) {
	if n == nil {
		return "", kOther, query.Errorf("ParseUnsupportedSyntax", "The SQL expression contains unsupported syntax.")
	}
	if p.depth++; p.depth > maxDepth {
		return "", kOther, query.Errorf("UnsupportedSqlStructure", "The SQL expression is nested too deeply.")
	}
	defer func() { p.depth-- }()
	if path, ok := p.path(n); ok {
		c, err := p.src.column(path, false)
		if err != nil {
			return "", kOther, err
		}
		if c == nil {
			return "", kOther, query.Errorf("InvalidKeyPath", "The table itself is not a value.")
		}
		return c.sql(), c.kind(), nil
	}
	switch n.Class {
	case "CONSTANT":
		return p.constant(n)
	case "COMPARISON":
		return p.comparison(n)
	case "CONJUNCTION":
		return p.conjunction(n)
	case "BETWEEN":
		return p.between(n)
	case "OPERATOR":
		return p.operator(n)
	case "CASE":
		return p.cases(n)
	case "CAST":
		return p.cast(n)
	case "FUNCTION":
		return p.call(n)
	}
	return "", kOther, query.Errorf("UnsupportedSyntax", "The SQL expression contains unsupported syntax: %s", strings.ToLower(n.Class))
}

// condition writes an expression that is true or false.
func (p *planner) condition(n *node) (string, error) {
	s, k, err := p.expr(n)
	return convert(s, k, kBool, true), err
}

// quote writes a text literal.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func constantText(n *node) (string, bool) {
	if n == nil || n.Class != "CONSTANT" || n.Value == nil || n.Value.Null || n.Value.Type.ID != "VARCHAR" {
		return "", false
	}
	var s string
	err := json.Unmarshal(n.Value.Value, &s)
	return s, err == nil && utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
}

var quotedText = regexp.MustCompile(`^"[^"\\]*"$`)

// constant writes a literal.
func (p *planner) constant(n *node) (string, kind, error) {
	bad := query.Errorf("LexerInvalidLiteral", "A literal in the SQL expression is not supported.")
	if n.Value == nil {
		return "", kOther, bad
	}
	if n.Value.Null {
		return "NULL", kNull, nil
	}
	switch t := &n.Value.Type; t.ID {
	case "VARCHAR":
		s, ok := constantText(n)
		if !ok {
			return "", kOther, bad
		}
		if p.quoted && quotedText.MatchString(s) {
			s = s[1 : len(s)-1]
		}
		return quote(s), kText, nil
	case "BOOLEAN":
		b, err := strconv.ParseBool(string(n.Value.Value))
		if err != nil {
			return "", kOther, bad
		}
		return strconv.FormatBool(b), kBool, nil
	case "INTEGER", "BIGINT":
		num, err := strconv.ParseInt(string(n.Value.Value), 10, 64)
		if err != nil {
			return "", kOther, bad
		}
		return "(" + strconv.FormatInt(num, 10) + ")", kNumber, nil
	case "DOUBLE", "FLOAT":
		f, err := strconv.ParseFloat(string(n.Value.Value), 64)
		if err != nil {
			return "", kOther, bad
		}
		return "CAST(" + quote(strconv.FormatFloat(f, 'g', -1, 64)) + " AS DOUBLE)", kNumber, nil
	case "HUGEINT", "DECIMAL":
		s, ok := bigNumber(n)
		if !ok {
			return "", kOther, bad
		}
		return "(" + s + ")", kNumber, nil
	}
	return "", kOther, bad
}

// bigNumber writes a HUGEINT or DECIMAL: a number, or two halves of 64 bits.
func bigNumber(n *node) (string, bool) {
	num := new(big.Int)
	raw := string(n.Value.Value)
	if _, ok := num.SetString(raw, 10); !ok {
		var halves struct {
			Upper int64  `json:"upper"`
			Lower uint64 `json:"lower"`
		}
		if json.Unmarshal(n.Value.Value, &halves) != nil {
			return "", false
		}
		num.Lsh(big.NewInt(halves.Upper), 64)
		num.Add(num, new(big.Int).SetUint64(halves.Lower))
	}
	s := num.Text(10)
	if n.Value.Type.ID == "HUGEINT" {
		return s, true
	}
	if n.Value.Type.Info == nil || n.Value.Type.Info.Scale < 0 || n.Value.Type.Info.Scale > 38 {
		return "", false
	}
	return pointed(s, n.Value.Type.Info.Scale), true
}

// pointed puts the point of a decimal number before its last digits.
func pointed(s string, scale int) string {
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	if scale <= 0 {
		return sign + s
	}
	if len(s) <= scale {
		s = strings.Repeat("0", scale-len(s)+1) + s
	}
	return sign + s[:len(s)-scale] + "." + s[len(s)-scale:]
}

// convert turns text that may mean anything into what its neighbour is. try makes NULL of what cannot be converted, and
// else only of an empty text.
func convert(s string, from, to kind, try bool) string {
	if from != kUntyped {
		return s
	}
	cast := "CAST(NULLIF(" + s + ", '') AS "
	if try {
		cast = "TRY_CAST(" + s + " AS "
	}
	switch to {
	case kNumber:
		return cast + "DOUBLE)"
	case kBool:
		return cast + "BOOLEAN)"
	case kTime:
		return timeOf(s, try)
	}
	return s
}

// timeOf reads the times of S3 Select, of which DuckDB knows only those with seconds: 2007T, 2007-02T, 2007-02-23T, 2007-02-23T12:14Z.
func timeOf(s string, try bool) string {
	for _, r := range [][2]string{{`^(\d{4})T?$`, `\1-01-01`}, {`^(\d{4}-\d{2})T?$`, `\1-01`}, {`^(\d{4}-\d{2}-\d{2})T$`, `\1`}, {`([T ]\d{2}:\d{2})($|Z|[+-])`, `\1:00\2`}} {
		s = "regexp_replace(" + s + ", " + quote(r[0]) + ", " + quote(r[1]) + ")"
	}
	if try {
		return "CAST(TRY_CAST(" + s + " AS TIMESTAMPTZ) AS TIMESTAMP)"
	}
	return "CAST(CAST(" + s + " AS TIMESTAMPTZ) AS TIMESTAMP)"
}

// together writes operands of one comparison: untyped ones become what the first typed one is.
func (p *planner) together(nodes ...*node) ([]string, kind, error) {
	texts, kinds := make([]string, len(nodes)), make([]kind, len(nodes))
	common := kUntyped
	for i, n := range nodes {
		var err error
		if texts[i], kinds[i], err = p.expr(n); err != nil {
			return nil, kOther, err
		}
		if k := kinds[i]; common == kUntyped && (k == kNumber || k == kBool || k == kTime) {
			common = k
		}
	}
	for i := range texts {
		if common == kTime && kinds[i] == kText {
			kinds[i] = kUntyped
		}
		texts[i] = convert(texts[i], kinds[i], common, true)
	}
	return texts, common, nil
}

func (p *planner) comparison(n *node) (string, kind, error) {
	op, ok := comparisons[n.Type]
	if !ok {
		return "", kOther, query.Errorf("UnsupportedSqlOperation", "An operator in the SQL expression is not supported.")
	}
	t, _, err := p.together(n.Left, n.Right)
	if err != nil {
		return "", kOther, err
	}
	return "(" + t[0] + " " + op + " " + t[1] + ")", kBool, nil
}

func (p *planner) between(n *node) (string, kind, error) {
	t, _, err := p.together(n.Input, n.Lower, n.Upper)
	if err != nil {
		return "", kOther, err
	}
	return "(" + t[0] + " BETWEEN " + t[1] + " AND " + t[2] + ")", kBool, nil
}

func (p *planner) conjunction(n *node) (string, kind, error) {
	word := map[string]string{"CONJUNCTION_AND": " AND ", "CONJUNCTION_OR": " OR "}[n.Type]
	if word == "" || len(n.Children) == 0 {
		return "", kOther, query.Errorf("UnsupportedSqlOperation", "An operator in the SQL expression is not supported.")
	}
	var all []string
	for _, c := range n.Children {
		s, err := p.condition(c)
		if err != nil {
			return "", kOther, err
		}
		all = append(all, s)
	}
	return "(" + strings.Join(all, word) + ")", kBool, nil
}

// operator writes NOT, IN, IS NULL and COALESCE.
func (p *planner) operator(n *node) (string, kind, error) {
	bad := query.Errorf("UnsupportedSqlOperation", "An operator in the SQL expression is not supported: %s", strings.ToLower(n.Type))
	if len(n.Children) == 0 {
		return "", kOther, bad
	}
	switch n.Type {
	case "OPERATOR_NOT":
		s, err := p.condition(n.Children[0])
		return "(NOT " + s + ")", kBool, err
	case "OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL":
		s, _, err := p.expr(n.Children[0])
		return "(" + s + map[string]string{"OPERATOR_IS_NULL": " IS NULL)", "OPERATOR_IS_NOT_NULL": " IS NOT NULL)"}[n.Type], kBool, err
	case "COMPARE_IN", "COMPARE_NOT_IN":
		t, _, err := p.together(n.Children...)
		if err != nil || len(t) < 2 {
			return "", kOther, orElse(err, bad)
		}
		return "(" + t[0] + map[string]string{"COMPARE_IN": " IN (", "COMPARE_NOT_IN": " NOT IN ("}[n.Type] + strings.Join(t[1:], ", ") + "))", kBool, nil
	case "OPERATOR_COALESCE":
		t, k, err := p.together(n.Children...)
		if err != nil {
			return "", kOther, err
		}
		return "coalesce(" + strings.Join(t, ", ") + ")", k, nil
	}
	return "", kOther, bad
}

func orElse(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

func (p *planner) cases(n *node) (string, kind, error) {
	var b strings.Builder
	b.WriteString("(CASE")
	results := make([]*node, 0, len(n.Checks)+1)
	for _, c := range n.Checks {
		results = append(results, c.Then)
	}
	if n.Else != nil {
		results = append(results, n.Else)
	}
	then, k, err := p.together(results...)
	if err != nil {
		return "", kOther, err
	}
	for i, c := range n.Checks {
		when, err := p.condition(c.When)
		if err != nil {
			return "", kOther, err
		}
		b.WriteString(" WHEN " + when + " THEN " + then[i])
	}
	if n.Else != nil {
		b.WriteString(" ELSE " + then[len(then)-1])
	}
	b.WriteString(" END)")
	return b.String(), k, nil
}

func (p *planner) cast(n *node) (string, kind, error) {
	if n.CastType == nil {
		return "", kOther, query.Errorf("InvalidDataType", "The SQL expression contains an invalid data type.")
	}
	t, ok := types[n.CastType.ID]
	if !ok {
		return "", kOther, query.Errorf("InvalidDataType", "The SQL expression contains an invalid data type: %s", n.CastType.ID)
	}
	s, k, err := p.expr(n.Child)
	if err != nil {
		return "", kOther, err
	}
	name := t.name
	if name == "DECIMAL" {
		i := n.CastType.Info
		if i == nil || i.Width < 1 || i.Width > 38 || i.Scale < 0 || i.Scale > i.Width {
			return "", kOther, query.Errorf("InvalidDataType", "The SQL expression contains an invalid data type.")
		}
		name = "DECIMAL(" + strconv.Itoa(i.Width) + "," + strconv.Itoa(i.Scale) + ")"
	}
	if name == "TIMESTAMP" && (k == kUntyped || k == kText) {
		return timeOf(s, n.Try), kTime, nil
	}
	return map[bool]string{true: "TRY_CAST(", false: "CAST("}[n.Try] + s + " AS " + name + ")", t.kind, nil
}
