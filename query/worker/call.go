package worker

import (
	"strings"

	"myfsio/query"
)

// call writes a function, operator or aggregate.
func (p *planner) call(n *node) (string, kind, error) {
	name := strings.ToLower(n.Function)
	if n.Schema != "" && n.Schema != "main" || n.Catalog != "" || n.Exported || len(n.OrderedBy.Orders) > 0 {
		return "", kOther, errFunction(name)
	}
	switch name {
	case "date_add", "date_diff", "date_sub", "to_timestamp", "to_string", "utcnow", "now", "current_timestamp":
		if n.Filter != nil || n.Distinct {
			return "", kOther, errFunction(name)
		}
		return p.timeFunction(name, n.Children)
	}
	if f, ok := aggregates[name]; ok {
		return p.aggregate(f, n)
	}
	f, isOp := operators[name]
	if !isOp {
		f = functions[name]
	}
	if f.name == "" || n.Filter != nil || n.Distinct {
		return "", kOther, errFunction(name)
	}
	args, k, err := p.arguments(f, name, n.Children)
	if err != nil {
		return "", kOther, err
	}
	switch {
	case isOp && len(args) == 1:
		return "(" + f.name + " " + args[0] + ")", k, nil
	case isOp:
		return "(" + args[0] + " " + f.name + " " + args[1] + ")", k, nil
	}
	return f.name + "(" + strings.Join(args, ", ") + ")", k, nil
}

func errFunction(name string) error {
	if len(name) > 100 {
		name = name[:100]
	}
	return query.Errorf("UnsupportedFunction", "The SQL expression contains an unsupported function: %s", name)
}

// arguments writes the arguments of f, and tells what f gives for them.
func (p *planner) arguments(f function, name string, list []*node) ([]string, kind, error) {
	if len(list) < f.min || len(list) > f.max {
		return nil, kOther, query.Errorf("EvaluatorInvalidArguments", "Incorrect number of arguments in the function call in the SQL expression: %s", name)
	}
	if f.result == kSame && f.args == kOther && len(list) > 1 {
		args, k, err := p.together(list...)
		return args, k, err
	}
	args, result := make([]string, len(list)), f.result
	for i, a := range list {
		s, k, err := p.expr(a)
		if err != nil {
			return nil, kOther, err
		}
		if k == kTime && (f.name == "+" || f.name == "-") {
			result = kOther // a time and an interval, or two times
		}
		if i == 0 && f.result == kSame {
			result = k
		}
		args[i] = convert(s, k, f.args, false)
		if f.args == kTime && k == kText && i == len(list)-1 {
			args[i] = timeOf(s, false)
		}
	}
	return args, result, nil
}

// aggregate writes an aggregate. Aggregates of aggregates are left to DuckDB to refuse.
func (p *planner) aggregate(f function, n *node) (string, kind, error) {
	args, k, err := p.arguments(f, f.name, n.Children)
	if err != nil {
		return "", kOther, err
	}
	if f.max == 0 {
		args = []string{"*"}
	}
	s := f.name + "("
	if n.Distinct {
		s += "DISTINCT "
	}
	s += strings.Join(args, ", ") + ")"
	if n.Filter != nil {
		where, err := p.condition(n.Filter)
		if err != nil {
			return "", kOther, err
		}
		s += " FILTER (WHERE " + where + ")"
	}
	return s, k, nil
}

// timeFunction writes the functions of S3 Select about times, which differ from those of DuckDB.
func (p *planner) timeFunction(name string, args []*node) (string, kind, error) {
	wrong := query.Errorf("EvaluatorInvalidArguments", "Incorrect arguments in the function call in the SQL expression: %s", name)
	switch {
	case (name == "utcnow" || name == "now" || name == "current_timestamp") && len(args) == 0:
		return p.now, kTime, nil
	case name == "to_timestamp" && len(args) == 1:
		s, k, err := p.expr(args[0])
		if err != nil || k == kTime {
			return s, k, err
		}
		return timeOf("CAST("+s+" AS VARCHAR)", false), kTime, nil
	case name == "to_string" && len(args) == 2:
		pattern, ok := constantText(args[1])
		if !ok {
			return "", kOther, wrong
		}
		format, err := strftime(pattern)
		if err != nil {
			return "", kOther, err
		}
		s, err := p.time(args[0])
		return "strftime(" + s + ", " + quote(format) + ")", kText, err
	case name == "date_add" && len(args) == 3:
		part, _ := constantText(args[0])
		interval := parts[strings.ToLower(part)]
		n, k, err := p.expr(args[1])
		if err != nil || interval == "" {
			return "", kOther, orElse(err, wrong)
		}
		s, err := p.time(args[2])
		return "(" + s + " + " + interval + "(CAST(" + convert(n, k, kNumber, false) + " AS INTEGER)))", kTime, err
	case (name == "date_diff" || name == "date_sub") && len(args) == 3:
		part, _ := constantText(args[0])
		if part = strings.ToLower(part); parts[part] == "" {
			return "", kOther, wrong
		}
		from, err := p.time(args[1])
		if err != nil {
			return "", kOther, err
		}
		to, err := p.time(args[2])
		return "date_sub(" + quote(part) + ", " + from + ", " + to + ")", kNumber, err
	}
	return "", kOther, wrong
}

// time writes an expression that is a time.
func (p *planner) time(n *node) (string, error) {
	s, k, err := p.expr(n)
	if k == kText || k == kUntyped {
		s = timeOf(s, false)
	}
	return s, err
}

// letters are the pieces of a pattern of TO_STRING, longest first, as strftime writes them.
var letters = []struct{ pattern, format string }{
	{"yyyy", "%Y"}, {"yy", "%y"}, {"y", "%Y"}, {"MMMM", "%B"}, {"MMM", "%b"}, {"MM", "%m"}, {"M", "%-m"}, {"dd", "%d"}, {"d", "%-d"},
	{"a", "%p"}, {"hh", "%I"}, {"h", "%-I"}, {"HH", "%H"}, {"H", "%-H"}, {"mm", "%M"}, {"m", "%-M"}, {"ss", "%S"}, {"s", "%-S"},
	{"SSSSSS", "%f"}, {"SSS", "%g"}, {"XXXXX", "Z"}, {"XXX", "Z"}, {"XX", "Z"}, {"X", "Z"}, {"xxxxx", "+00:00"}, {"xxx", "+00:00"}, {"xx", "+0000"}, {"x", "+00"},
}

// strftime turns a pattern of TO_STRING into one of DuckDB. Times are in UTC.
func strftime(pattern string) (string, error) {
	var b strings.Builder
next:
	for pattern != "" {
		for _, l := range letters {
			if strings.HasPrefix(pattern, l.pattern) {
				b.WriteString(l.format)
				pattern = pattern[len(l.pattern):]
				continue next
			}
		}
		switch c := pattern[0]; {
		case c == '\'':
			end := quotedLength(pattern, '\'')
			if end == 0 {
				return "", query.Errorf("EvaluatorInvalidTimestampFormatPattern", "The timestamp format string in the SQL expression is not valid.")
			}
			b.WriteString(strings.ReplaceAll(strings.ReplaceAll(pattern[1:end-1], "''", "'"), "%", "%%"))
			pattern = pattern[end:]
			continue next
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			return "", query.Errorf("EvaluatorInvalidTimestampFormatPatternSymbol", "The timestamp format string in the SQL expression contains an invalid symbol: %q", c)
		case c == '%':
			b.WriteString("%%")
		default:
			b.WriteByte(c)
		}
		pattern = pattern[1:]
	}
	return b.String(), nil
}
