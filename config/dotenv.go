package config

import "strings"

// parseEnv reads the text of an env file: lines NAME=value, with an optional "export " before them. A value may stand
// in single quotes (taken as it is) or double quotes (\n, \t, \", \\ and \$ mean what they do elsewhere). Outside quotes
// a blank and "#" begin a comment. It returns the pairs in their order, and the numbers of lines it cannot read.
func parseEnv(text string) (pairs [][2]string, bad []int) {
	text = strings.TrimPrefix(text, "\ufeff")
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if rest, ok := strings.CutPrefix(line, "export "); ok {
			line = strings.TrimSpace(rest)
		}
		name, value, ok := strings.Cut(line, "=")
		name = strings.TrimSpace(name)
		if ok = ok && envName(name); ok {
			value, ok = envValue(strings.TrimSpace(value))
		}
		if !ok {
			bad = append(bad, n)
			continue
		}
		pairs = append(pairs, [2]string{name, value})
	}
	return pairs, bad
}

func envName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c != '_' && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

func envValue(s string) (string, bool) {
	if s == "" || s[0] == '#' {
		return "", true
	}
	var value string
	var end int
	switch s[0] {
	case '\'':
		end = strings.IndexByte(s[1:], '\'') + 1
		if end == 0 {
			return "", false
		}
		value = s[1:end]
	case '"':
		value, end = unquote(s)
		if end < 0 {
			return "", false
		}
	default:
		for i := 1; i < len(s); i++ {
			if s[i] == '#' && (s[i-1] == ' ' || s[i-1] == '\t') {
				s = s[:i]
				break
			}
		}
		return strings.TrimSpace(s), true
	}
	rest := strings.TrimSpace(s[end+1:])
	return value, rest == "" || rest[0] == '#'
}

// unquote reads a value in double quotes and returns the index of the closing one, -1 for none.
func unquote(s string) (string, int) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return b.String(), i
		case c == '\\' && i+1 < len(s):
			i++
			switch s[i] {
			case 'n':
				b.WriteByte('\n')
			case 't':
				b.WriteByte('\t')
			case '"', '\\', '$':
				b.WriteByte(s[i])
			default:
				b.WriteString(s[i-1 : i+1])
			}
		default:
			b.WriteByte(c)
		}
	}
	return "", -1
}
