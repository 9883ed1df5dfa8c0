package worker

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"myfsio/query"
)

// lexed is a statement with the words of S3 Select replaced.
type lexed struct {
	sql  string
	from []step // the path behind s3object in FROM
}

// step is one step into a nested value: a name, an index, or [*].
type step struct {
	name  string
	index int // used when name is "" and not all
	all   bool
}

// token kinds.
const (
	tWord = iota
	tQuoted
	tString
	tBacktick
	tSpace // and comments
	tOther
)

type token struct {
	kind int
	text string // as written
}

// word reports whether the token is that keyword or name, in any case.
func (t token) word(w string) bool { return t.kind == tWord && strings.EqualFold(t.text, w) }

// lex splits a statement and replaces what DuckDB's parser does not know. What it gets wrong the parser refuses; no
// rule of safety rests on it.
func lex(sql string) (lexed, error) {
	l := &lexer{}
	if err := l.split(sql); err != nil {
		return lexed{}, err
	}
	for l.i < len(l.in) {
		if err := l.replace(); err != nil {
			return lexed{}, err
		}
	}
	return lexed{strings.TrimRight(l.out.String(), "; \t\r\n"), l.from}, nil
}

type lexer struct {
	in     []token
	i      int
	out    strings.Builder
	from   []step
	inFrom bool // the last word was FROM
}

// split cuts a statement into tokens.
func (l *lexer) split(s string) error {
	for s != "" {
		kind, n := tOther, 1
		switch c := s[0]; {
		case c == '\'':
			kind, n = tString, quotedLength(s, '\'')
		case c == '"':
			kind, n = tQuoted, quotedLength(s, '"')
		case c == '`':
			kind, n = tBacktick, quotedLength(s, '`')
		case strings.HasPrefix(s, "--"):
			kind, n = tSpace, len(s)
			if i := strings.IndexByte(s, '\n'); i >= 0 {
				n = i + 1
			}
		case strings.HasPrefix(s, "/*"):
			i := strings.Index(s[2:], "*/")
			kind, n = tSpace, i+4
			if i < 0 {
				n = 0
			}
		case unicode.IsSpace(rune(c)):
			kind = tSpace
		case wordByte(c):
			kind = tWord
			for n < len(s) && (wordByte(s[n]) || s[n] == '$') {
				n++
			}
		default:
			_, n = utf8.DecodeRuneInString(s)
		}
		if n <= 0 {
			return query.Errorf("LexerInvalidLiteral", "A literal, name or comment in the SQL is not closed.")
		}
		l.in = append(l.in, token{kind, s[:n]})
		s = s[n:]
	}
	return nil
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c >= 0x80
}

// quotedLength is the length of what begins with a quote; a doubled quote is part of it. 0 when it does not end.
func quotedLength(s string, q byte) int {
	for i := 1; i < len(s); i++ {
		if s[i] != q {
			continue
		}
		if i+1 < len(s) && s[i+1] == q {
			i++
			continue
		}
		return i + 1
	}
	return 0
}

// next returns the index of the first token from i that is not space.
func (l *lexer) next(i int) int {
	for i < len(l.in) && l.in[i].kind == tSpace {
		i++
	}
	return i
}

// at returns the token at i, and an empty one behind the end.
func (l *lexer) at(i int) token {
	if i >= len(l.in) {
		return token{kind: tSpace}
	}
	return l.in[i]
}

// replace writes the token at i, or what takes its place.
func (l *lexer) replace() error {
	t := l.in[l.i]
	if t.kind == tSpace {
		l.out.WriteByte(' ')
		l.i++
		return nil
	}
	afterFrom := l.inFrom
	l.inFrom = t.word("FROM")
	switch {
	case afterFrom && isTable(t):
		return l.table()
	case t.kind == tBacktick:
		l.out.WriteString("to_timestamp('" + strings.ReplaceAll(strings.Trim(t.text, "`"), "'", "''") + "')")
	case t.word("MISSING") && l.afterIs():
		l.out.WriteString("NULL")
	case t.word("DATE_ADD") || t.word("DATE_DIFF"):
		l.datePart(t)
		return nil
	case t.word("AS"):
		l.castType(t)
		return nil
	default:
		l.out.WriteString(t.text)
	}
	l.i++
	return nil
}

func isTable(t token) bool {
	return t.word("s3object") || t.kind == tQuoted && strings.EqualFold(t.text, `"s3object"`)
}

// afterIs reports whether IS or IS NOT stands before the token.
func (l *lexer) afterIs() bool {
	for i := l.i - 1; i >= 0; i-- {
		switch t := l.in[i]; {
		case t.kind == tSpace, t.word("NOT"):
		default:
			return t.word("IS")
		}
	}
	return false
}

// datePart puts the first argument of DATE_ADD and DATE_DIFF in quotes.
func (l *lexer) datePart(t token) {
	l.out.WriteString(t.text)
	l.i++
	open := l.next(l.i)
	part := l.next(open + 1)
	if l.at(open).text != "(" || l.at(part).kind != tWord || l.at(l.next(part+1)).text != "," {
		return
	}
	l.out.WriteString("('" + l.in[part].text + "'")
	l.i = part + 1
}

// castType gives DECIMAL without parameters room for digits behind the point, where DuckDB would keep three.
func (l *lexer) castType(t token) {
	l.out.WriteString(t.text)
	l.i++
	name := l.next(l.i)
	n := l.at(name)
	if (n.word("DECIMAL") || n.word("NUMERIC") || n.word("DEC")) && l.at(l.next(name+1)).text == ")" {
		l.out.WriteString(" DECIMAL(38,10)")
		l.i = name + 1
	}
}

// table reads s3object with the path behind it.
func (l *lexer) table() error {
	l.out.WriteString("s3object")
	l.i++
	for {
		switch t := l.at(l.i); {
		case t.text == "[":
			star, end := l.next(l.i+1), 0
			if end = l.next(star + 1); l.at(star).text != "*" || l.at(end).text != "]" {
				return query.Errorf("InvalidKeyPath", "Key path in the SQL expression is not valid: only [*] and names may follow S3Object.")
			}
			l.from = append(l.from, step{all: true})
			l.i = end + 1
		case t.text == ".":
			n := l.at(l.i + 1)
			switch n.kind {
			case tWord:
				l.from = append(l.from, step{name: n.text})
			case tQuoted:
				l.from = append(l.from, step{name: strings.ReplaceAll(n.text[1:len(n.text)-1], `""`, `"`)})
			default:
				return query.Errorf("InvalidKeyPath", "Key path in the SQL expression is not valid.")
			}
			l.i += 2
		default:
			if len(l.from) > 64 {
				return query.Errorf("InvalidKeyPath", "Key path in the SQL expression is too long.")
			}
			return nil
		}
	}
}
