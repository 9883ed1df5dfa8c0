package worker

import (
	"encoding/json"
	"strings"

	"myfsio/query"
)

// tree is what DuckDB's json_serialize_sql says of a text.
type tree struct {
	Error        bool   `json:"error"`
	ErrorType    string `json:"error_type"`
	ErrorMessage string `json:"error_message"`
	Statements   []struct {
		Node *selectNode `json:"node"`
	} `json:"statements"`
}

// selectNode is a SELECT. Fields of other nodes, such as set operations, are not here: Type tells them.
type selectNode struct {
	Type      string     `json:"type"`
	Modifiers []modifier `json:"modifiers"`
	CTE       struct {
		Map []json.RawMessage `json:"map"`
	} `json:"cte_map"`
	Select     []*node         `json:"select_list"`
	From       tableNode       `json:"from_table"`
	Where      *node           `json:"where_clause"`
	Groups     []*node         `json:"group_expressions"`
	Sets       [][]int         `json:"group_sets"`
	Aggregates string          `json:"aggregate_handling"`
	Having     *node           `json:"having"`
	Sample     json.RawMessage `json:"sample"`
	Qualify    *node           `json:"qualify"`
}

type modifier struct {
	Type     string  `json:"type"`
	Limit    *node   `json:"limit"`
	Offset   *node   `json:"offset"`
	Distinct []*node `json:"distinct_on_targets"`
	Orders   []order `json:"orders"`
}

type order struct {
	Type  string `json:"type"`
	Nulls string `json:"null_order"`
	Expr  *node  `json:"expression"`
}

type tableNode struct {
	Type    string          `json:"type"`
	Alias   string          `json:"alias"`
	Sample  json.RawMessage `json:"sample"`
	Schema  string          `json:"schema_name"`
	Table   string          `json:"table_name"`
	Columns []string        `json:"column_name_alias"`
	Catalog string          `json:"catalog_name"`
	At      json.RawMessage `json:"at_clause"`
}

// node is an expression. Which fields mean something depends on Class.
type node struct {
	Class string   `json:"class"`
	Type  string   `json:"type"`
	Alias string   `json:"alias"`
	Names []string `json:"column_names"`

	Function  string  `json:"function_name"`
	Schema    string  `json:"schema"`
	Catalog   string  `json:"catalog"`
	Children  []*node `json:"children"`
	Filter    *node   `json:"filter"`
	Distinct  bool    `json:"distinct"`
	Exported  bool    `json:"export_state"`
	OrderedBy struct {
		Orders []order `json:"orders"`
	} `json:"order_bys"`

	Left  *node `json:"left"`
	Right *node `json:"right"`
	Input *node `json:"input"`
	Lower *node `json:"lower"`
	Upper *node `json:"upper"`

	Child    *node     `json:"child"`
	CastType *typeNode `json:"cast_type"`
	Try      bool      `json:"try_cast"`

	Value *struct {
		Type  typeNode        `json:"type"`
		Null  bool            `json:"is_null"`
		Value json.RawMessage `json:"value"`
	} `json:"value"`

	Checks []struct {
		When *node `json:"when_expr"`
		Then *node `json:"then_expr"`
	} `json:"case_checks"`
	Else *node `json:"else_expr"`

	Relation  string            `json:"relation_name"`
	Exclude   []json.RawMessage `json:"exclude_list"`
	Replace   []json.RawMessage `json:"replace_list"`
	Excluded  []json.RawMessage `json:"qualified_exclude_list"`
	Rename    []json.RawMessage `json:"rename_list"`
	IsColumns bool              `json:"columns"`
	Expr      *node             `json:"expr"`
}

type typeNode struct {
	ID   string `json:"id"`
	Info *struct {
		Type  string `json:"type"`
		Width int    `json:"width"`
		Scale int    `json:"scale"`
	} `json:"type_info"`
}

// statement takes the one SELECT over s3object out of a parsed text, and refuses every other structure.
func statement(doc []byte) (*selectNode, error) {
	var t tree
	if err := json.Unmarshal(doc, &t); err != nil {
		return nil, err
	}
	if t.Error {
		if t.ErrorType == "parser" {
			return nil, query.Errorf("ParseUnexpectedToken", "The SQL expression cannot be parsed: %s", t.ErrorMessage)
		}
		return nil, query.Errorf("ParseUnsupportedSyntax", "The SQL expression contains unsupported syntax: one SELECT is what can be run.")
	}
	if len(t.Statements) != 1 || t.Statements[0].Node == nil {
		return nil, query.Errorf("ParseUnsupportedSyntax", "The SQL expression must be one SELECT.")
	}
	s := t.Statements[0].Node
	switch {
	case s.Type != "SELECT_NODE", len(s.CTE.Map) > 0:
		return nil, unsupported("set operations and common table expressions")
	case s.From.Type == "EMPTY":
		return nil, query.Errorf("ParseSelectMissingFrom", "The FROM clause is missing after the SELECT list.")
	case s.From.Type != "BASE_TABLE", given(s.From.At), given(s.From.Sample), given(s.Sample), s.Qualify != nil, len(s.From.Columns) > 0:
		return nil, unsupported("joins, subqueries, table functions and samples")
	case !strings.EqualFold(s.From.Table, "s3object"), s.From.Schema != "", s.From.Catalog != "":
		return nil, query.Errorf("InvalidDataSource", "The only table in the SQL expression is S3Object.")
	case len(s.Sets) > 1, s.Aggregates != "STANDARD_HANDLING":
		return nil, unsupported("grouping sets and GROUP BY ALL")
	}
	return s, nil
}

func given(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

func unsupported(what string) error {
	return query.Errorf("UnsupportedSqlStructure", "The SQL expression has an unsupported structure: %s are not supported.", what)
}
