package worker

// kind is what is known of the type of an expression.
type kind uint8

const (
	kOther   kind = iota // nothing is known: it is left to DuckDB
	kUntyped             // text of the object that may mean anything
	kText
	kNumber
	kBool
	kTime // a date or time
	kNull
	kSame // of a function: as its first argument
)

// function is a function that a query may use.
type function struct {
	name     string // in DuckDB
	min, max int    // arguments
	result   kind
	args     kind // what untyped arguments are converted to; kOther leaves them text
}

const many = 64 // arguments of a function with any number of them

// functions are the scalar functions by name. None of them reads anything but its arguments, and none makes a long
// text of a short one.
var functions = map[string]function{
	"upper": {"upper", 1, 1, kText, kOther}, "lower": {"lower", 1, 1, kText, kOther},
	"char_length": {"length", 1, 1, kNumber, kOther}, "character_length": {"length", 1, 1, kNumber, kOther},
	"length": {"length", 1, 1, kNumber, kOther}, "len": {"length", 1, 1, kNumber, kOther}, "strlen": {"strlen", 1, 1, kNumber, kOther},
	"substring": {"substring", 2, 3, kText, kOther}, "substr": {"substring", 2, 3, kText, kOther},
	"left": {"left", 2, 2, kText, kOther}, "right": {"right", 2, 2, kText, kOther},
	"trim": {"trim", 1, 2, kText, kOther}, "ltrim": {"ltrim", 1, 2, kText, kOther}, "rtrim": {"rtrim", 1, 2, kText, kOther},
	"replace": {"replace", 3, 3, kText, kOther}, "reverse": {"reverse", 1, 1, kText, kOther},
	"concat": {"concat", 1, many, kText, kOther}, "position": {"instr", 2, 2, kNumber, kOther},
	"instr": {"instr", 2, 2, kNumber, kOther}, "strpos": {"instr", 2, 2, kNumber, kOther}, "ascii": {"ascii", 1, 1, kNumber, kOther},
	"starts_with": {"starts_with", 2, 2, kBool, kOther}, "prefix": {"prefix", 2, 2, kBool, kOther},
	"ends_with": {"suffix", 2, 2, kBool, kOther}, "suffix": {"suffix", 2, 2, kBool, kOther}, "contains": {"contains", 2, 2, kBool, kOther},
	"regexp_matches": {"regexp_matches", 2, 2, kBool, kOther}, "regexp_full_match": {"regexp_full_match", 2, 2, kBool, kOther},
	"regexp_extract": {"regexp_extract", 2, 3, kText, kOther},
	"like_escape":    {"like_escape", 3, 3, kBool, kOther}, "not_like_escape": {"not_like_escape", 3, 3, kBool, kOther},
	"ilike_escape": {"ilike_escape", 3, 3, kBool, kOther}, "not_ilike_escape": {"not_ilike_escape", 3, 3, kBool, kOther},
	"nullif": {"nullif", 2, 2, kSame, kOther}, "ifnull": {"ifnull", 2, 2, kSame, kOther},
	"greatest": {"greatest", 1, many, kSame, kOther}, "least": {"least", 1, many, kSame, kOther},
	"abs": {"abs", 1, 1, kNumber, kNumber}, "sign": {"sign", 1, 1, kNumber, kNumber},
	"ceil": {"ceil", 1, 1, kNumber, kNumber}, "ceiling": {"ceil", 1, 1, kNumber, kNumber}, "floor": {"floor", 1, 1, kNumber, kNumber},
	"round": {"round", 1, 2, kNumber, kNumber}, "trunc": {"trunc", 1, 1, kNumber, kNumber}, "mod": {"mod", 2, 2, kNumber, kNumber},
	"sqrt": {"sqrt", 1, 1, kNumber, kNumber}, "power": {"pow", 2, 2, kNumber, kNumber}, "pow": {"pow", 2, 2, kNumber, kNumber},
	"exp": {"exp", 1, 1, kNumber, kNumber}, "ln": {"ln", 1, 1, kNumber, kNumber}, "log": {"log10", 1, 1, kNumber, kNumber},
	"log10": {"log10", 1, 1, kNumber, kNumber}, "log2": {"log2", 1, 1, kNumber, kNumber},
	"date_part": {"date_part", 2, 2, kNumber, kTime}, "date_trunc": {"date_trunc", 2, 2, kTime, kTime},
	"year": {"year", 1, 1, kNumber, kTime}, "month": {"month", 1, 1, kNumber, kTime}, "day": {"day", 1, 1, kNumber, kTime},
	"hour": {"hour", 1, 1, kNumber, kTime}, "minute": {"minute", 1, 1, kNumber, kTime}, "second": {"second", 1, 1, kNumber, kTime},
	"to_years": {"to_years", 1, 1, kOther, kNumber}, "to_months": {"to_months", 1, 1, kOther, kNumber}, "to_days": {"to_days", 1, 1, kOther, kNumber},
	"to_hours": {"to_hours", 1, 1, kOther, kNumber}, "to_minutes": {"to_minutes", 1, 1, kOther, kNumber}, "to_seconds": {"to_seconds", 1, 1, kOther, kNumber},
}

// operators are the functions that are written between or before their arguments.
var operators = map[string]function{
	"+": {"+", 1, 2, kNumber, kNumber}, "-": {"-", 1, 2, kNumber, kNumber}, "*": {"*", 2, 2, kNumber, kNumber},
	"/": {"/", 2, 2, kNumber, kNumber}, "%": {"%", 2, 2, kNumber, kNumber}, "//": {"//", 2, 2, kNumber, kNumber},
	"||": {"||", 2, 2, kText, kOther},
	"~~": {"LIKE", 2, 2, kBool, kOther}, "!~~": {"NOT LIKE", 2, 2, kBool, kOther},
	"~~*": {"ILIKE", 2, 2, kBool, kOther}, "!~~*": {"NOT ILIKE", 2, 2, kBool, kOther},
}

// aggregates are the functions over all records. None keeps what it was given, but for DISTINCT.
var aggregates = map[string]function{
	"count": {"count", 1, 1, kNumber, kOther}, "count_star": {"count", 0, 0, kNumber, kOther},
	"sum": {"sum", 1, 1, kNumber, kNumber}, "avg": {"avg", 1, 1, kNumber, kNumber}, "mean": {"avg", 1, 1, kNumber, kNumber},
	"min": {"min", 1, 1, kSame, kOther}, "max": {"max", 1, 1, kSame, kOther},
	"stddev": {"stddev", 1, 1, kNumber, kNumber}, "variance": {"variance", 1, 1, kNumber, kNumber},
}

// types are those a value may be cast to, by DuckDB's name, with the name they are written as. FLOAT has eight bytes in S3
// Select.
var types = map[string]struct {
	name string
	kind kind
}{
	"BOOLEAN": {"BOOLEAN", kBool}, "TINYINT": {"TINYINT", kNumber}, "SMALLINT": {"SMALLINT", kNumber}, "INTEGER": {"BIGINT", kNumber},
	"BIGINT": {"BIGINT", kNumber}, "HUGEINT": {"HUGEINT", kNumber}, "UINTEGER": {"UBIGINT", kNumber}, "UBIGINT": {"UBIGINT", kNumber},
	"FLOAT": {"DOUBLE", kNumber}, "DOUBLE": {"DOUBLE", kNumber}, "DECIMAL": {"DECIMAL", kNumber}, "VARCHAR": {"VARCHAR", kText},
	"TIMESTAMP": {"TIMESTAMP", kTime}, "TIMESTAMP WITH TIME ZONE": {"TIMESTAMP", kTime}, "DATE": {"DATE", kTime}, "TIME": {"TIME", kOther},
}

// comparisons are the operators between two values.
var comparisons = map[string]string{
	"COMPARE_EQUAL": "=", "COMPARE_NOTEQUAL": "<>", "COMPARE_LESSTHAN": "<", "COMPARE_GREATERTHAN": ">",
	"COMPARE_LESSTHANOREQUALTO": "<=", "COMPARE_GREATERTHANOREQUALTO": ">=",
	"COMPARE_DISTINCT_FROM": "IS DISTINCT FROM", "COMPARE_NOT_DISTINCT_FROM": "IS NOT DISTINCT FROM",
}

// parts are what DATE_ADD adds, with the function that makes an interval of a number.
var parts = map[string]string{
	"year": "to_years", "month": "to_months", "day": "to_days", "hour": "to_hours", "minute": "to_minutes", "second": "to_seconds",
}
