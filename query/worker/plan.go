package worker

import (
	"strconv"
	"strings"

	"myfsio/query"
)

// plan is a statement made of what is known here, and what its results are.
type plan struct {
	sql string // over the table function called s3rows
	out []outColumn
}

// outColumn is a column of the results.
type outColumn struct {
	name    string
	form    form
	missing bool // NULL means that the record has no such value: it is left out of JSON
}

// planner writes a plan. The first walk (collect) tells the source which columns there are, the second one writes.
type planner struct {
	src     source
	alias   string            // of the table
	prefix  string            // also names the table: s3object
	aliases map[string]string // of the select list, in lower case: what they are written as
	raw     bool              // columns alone in the select list come as they stand in the object
	nested  bool              // the source has values within values
	quoted  bool              // see query.Input.QuotedText
	now     string            // as a literal
	depth   int
}

// maxDepth bounds the nesting of expressions.
const maxDepth = 200

// newPlan looks s through twice.
func newPlan(s *selectNode, src source, q *query.Query) (*plan, error) {
	p := &planner{src: src, prefix: "s3object", alias: s.From.Alias, aliases: map[string]string{}, nested: q.In.Format != query.CSV, quoted: q.In.QuotedText && q.In.Format == query.JSON,
		now: "TIMESTAMP '" + q.Now.UTC().Format("2006-01-02 15:04:05.000000") + "'"}
	p.raw = len(s.Groups) == 0 && s.Having == nil && len(s.Modifiers) <= 1
	for _, m := range s.Modifiers {
		p.raw = p.raw && m.Type == "LIMIT_MODIFIER"
	}
	if _, err := p.write(s); err != nil {
		return nil, err
	}
	if err := src.types(); err != nil {
		return nil, err
	}
	return p.write(s)
}

// write writes the statement.
func (p *planner) write(s *selectNode) (*plan, error) {
	clear(p.aliases)
	items, out, err := p.selectList(s.Select)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	b.WriteString("SELECT ")
	distinct, tail, err := p.modifiers(s.Modifiers)
	if err != nil {
		return nil, err
	}
	b.WriteString(distinct + strings.Join(items, ", ") + " FROM s3rows()")
	if err := p.clauses(&b, s); err != nil {
		return nil, err
	}
	b.WriteString(tail)
	return &plan{sql: b.String(), out: out}, nil
}

func (p *planner) clauses(b *strings.Builder, s *selectNode) error {
	if s.Where != nil {
		where, err := p.condition(s.Where)
		if err != nil {
			return err
		}
		b.WriteString(" WHERE " + where)
	}
	for i, g := range s.Groups {
		expr, err := p.output(g)
		if err != nil {
			return err
		}
		b.WriteString(map[bool]string{true: " GROUP BY ", false: ", "}[i == 0] + expr)
	}
	if s.Having != nil {
		having, err := p.condition(s.Having)
		if err != nil {
			return err
		}
		b.WriteString(" HAVING " + having)
	}
	return nil
}

// selectList writes the list of results. Each result is called o<n>.
func (p *planner) selectList(list []*node) (items []string, out []outColumn, err error) {
	if len(list) == 1 && list[0] != nil && list[0].Class == "STAR" && p.raw {
		if err := p.plainStar(list[0]); err != nil {
			return nil, nil, err
		}
		c, err := p.src.column(nil, true)
		if err != nil {
			return nil, nil, err
		}
		if c != nil {
			return []string{c.sql() + " AS o0"}, []outColumn{{name: c.name, form: c.form}}, nil
		}
	}
	for _, n := range list {
		if n == nil {
			return nil, nil, unsupported("empty expressions")
		}
		if n.Class == "STAR" {
			if err := p.plainStar(n); err != nil {
				return nil, nil, err
			}
			cols, err := p.src.expand()
			if err != nil {
				return nil, nil, err
			}
			for _, c := range cols {
				items = append(items, c.sql()+" AS o"+strconv.Itoa(len(items)))
				out = append(out, outColumn{name: c.name, form: c.form, missing: p.raw})
			}
			continue
		}
		item, col, err := p.selected(n, len(items))
		if err != nil {
			return nil, nil, err
		}
		if n.Alias != "" {
			p.aliases[strings.ToLower(n.Alias)] = "o" + strconv.Itoa(len(items))
		}
		items = append(items, item+" AS o"+strconv.Itoa(len(items)))
		out = append(out, col)
	}
	if len(items) > maxColumns {
		return nil, nil, query.Errorf("OverMaxColumn", "The number of columns in the result is more than %d.", maxColumns)
	}
	return items, out, nil
}

// plainStar refuses a star with conditions, and one of another table.
func (p *planner) plainStar(n *node) error {
	if n.IsColumns || n.Expr != nil || len(n.Exclude)+len(n.Replace)+len(n.Excluded)+len(n.Rename) > 0 {
		return unsupported("COLUMNS, EXCLUDE, REPLACE and RENAME")
	}
	if n.Relation != "" && !p.isTable(n.Relation) {
		return query.Errorf("InvalidTableAlias", "The SQL expression contains an unknown table alias: %s", n.Relation)
	}
	return nil
}

func (p *planner) isTable(name string) bool {
	return p.alias != "" && strings.EqualFold(name, p.alias) || strings.EqualFold(name, p.prefix)
}

// selected writes one item of the list.
func (p *planner) selected(n *node, place int) (string, outColumn, error) {
	out := outColumn{name: n.Alias}
	if path, ok := p.path(n); ok {
		c, err := p.src.column(path, p.raw)
		if err != nil {
			return "", out, err
		}
		if c == nil {
			return "", out, query.Errorf("InvalidKeyPath", "The table itself is not a value that can be selected.")
		}
		if out.name == "" {
			out.name = c.name
		}
		out.form, out.missing = c.form, p.raw
		return c.sql(), out, nil
	}
	if out.name == "" {
		out.name = "_" + strconv.Itoa(place+1)
	}
	expr, _, err := p.expr(n)
	return expr, out, err
}

// sql is the value of the column in DuckDB.
func (c *column) sql() string {
	k := "k" + strconv.Itoa(c.id)
	if c.cast != "" {
		return "CAST(" + k + " AS " + c.cast + ")"
	}
	return k
}

// modifiers writes DISTINCT, ORDER BY and LIMIT.
func (p *planner) modifiers(list []modifier) (distinct, tail string, err error) {
	var orders, limit string
	for _, m := range list {
		switch m.Type {
		case "DISTINCT_MODIFIER":
			if len(m.Distinct) > 0 {
				return "", "", unsupported("DISTINCT ON")
			}
			distinct = "DISTINCT "
		case "ORDER_MODIFIER":
			if orders, err = p.orders(m.Orders); err != nil {
				return "", "", err
			}
		case "LIMIT_MODIFIER":
			if limit, err = limits(m); err != nil {
				return "", "", err
			}
		default:
			return "", "", unsupported("such limits")
		}
	}
	return distinct, orders + limit, nil
}

func (p *planner) orders(list []order) (string, error) {
	dirs := map[string]string{"ORDER_DEFAULT": "", "ASCENDING": " ASC", "DESCENDING": " DESC", "ORDER_ASC": " ASC", "ORDER_DESC": " DESC"}
	nulls := map[string]string{"ORDER_DEFAULT": "", "NULLS_FIRST": " NULLS FIRST", "NULLS_LAST": " NULLS LAST", "NULLS FIRST": " NULLS FIRST", "NULLS LAST": " NULLS LAST"}
	var parts []string
	for _, o := range list {
		expr, err := p.output(o.Expr)
		if err != nil {
			return "", err
		}
		dir, ok1 := dirs[o.Type]
		null, ok2 := nulls[o.Nulls]
		if !ok1 || !ok2 {
			return "", unsupported("such orders")
		}
		parts = append(parts, expr+dir+null)
	}
	return " ORDER BY " + strings.Join(parts, ", "), nil
}

// output writes an expression that may name a result: by its alias or its number.
func (p *planner) output(n *node) (string, error) {
	if n != nil && n.Class == "COLUMN_REF" && len(n.Names) == 1 {
		if o, ok := p.aliases[strings.ToLower(n.Names[0])]; ok {
			return o, nil
		}
	}
	if n != nil && n.Class == "CONSTANT" {
		if num, ok := wholeNumber(n); ok {
			return strconv.FormatInt(num, 10), nil
		}
		return "", unsupported("constants in ORDER BY and GROUP BY")
	}
	expr, _, err := p.expr(n)
	return expr, err
}

// limits writes LIMIT and OFFSET, which must be plain numbers.
func limits(m modifier) (string, error) {
	out := ""
	for _, l := range []struct {
		word string
		n    *node
	}{{" LIMIT ", m.Limit}, {" OFFSET ", m.Offset}} {
		if l.n == nil {
			continue
		}
		num, ok := wholeNumber(l.n)
		if !ok || num < 0 {
			return "", query.Errorf("ParseInvalidTypeParam", "LIMIT and OFFSET take a number that is not negative.")
		}
		out += l.word + strconv.FormatInt(num, 10)
	}
	return out, nil
}

func wholeNumber(n *node) (int64, bool) {
	if n.Class != "CONSTANT" || n.Value == nil || n.Value.Null {
		return 0, false
	}
	num, err := strconv.ParseInt(string(n.Value.Value), 10, 64)
	return num, err == nil && (n.Value.Type.ID == "INTEGER" || n.Value.Type.ID == "BIGINT")
}

// path returns the steps that an expression means from the record on, when it means such a thing.
func (p *planner) path(n *node) ([]step, bool) {
	switch {
	case n == nil:
		return nil, false
	case n.Class == "COLUMN_REF" && len(n.Names) > 0:
		names := n.Names
		if p.isTable(names[0]) {
			names = names[1:]
		}
		steps := make([]step, 0, len(names)+1)
		for _, name := range names {
			steps = append(steps, step{name: name})
		}
		return steps, true
	case n.Class == "OPERATOR" && (n.Type == "STRUCT_EXTRACT" || n.Type == "ARRAY_EXTRACT") && len(n.Children) == 2 && p.nested:
		p.depth++
		defer func() { p.depth-- }()
		if p.depth > maxDepth {
			return nil, false
		}
		base, ok := p.path(n.Children[0])
		if !ok {
			return nil, false
		}
		key := n.Children[1]
		if num, ok := wholeNumber(key); ok && num >= 0 && num < 1<<31 {
			return append(base, step{index: int(num)}), true
		}
		if s, ok := constantText(key); ok && s != "" {
			return append(base, step{name: s}), true
		}
	}
	return nil, false
}
