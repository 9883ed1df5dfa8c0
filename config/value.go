package config

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"myfsio/logs"
)

var rateUnits = []struct {
	name string
	d    time.Duration
}{{"second", time.Second}, {"minute", time.Minute}, {"hour", time.Hour}, {"day", 24 * time.Hour}}

var rateForm = regexp.MustCompile(`^(\d{1,9})\s+per\s+(second|minute|hour|day)$`)

// parseRate reads "60 per minute"; the units are second, minute, hour and day.
func parseRate(s string) (Rate, error) {
	m := rateForm.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return Rate{}, fmt.Errorf(`is not a rate such as "60 per minute"`)
	}
	n, _ := strconv.Atoi(m[1])
	for _, u := range rateUnits {
		if u.name == m[2] {
			return Rate{n, u.d}, nil
		}
	}
	return Rate{}, fmt.Errorf("has no unit")
}

// parseBool reads the words that have always been accepted.
func parseBool(s string) (bool, error) {
	switch strings.ToLower(s) {
	case "1", "true", "yes", "on":
		return true, nil
	case "0", "false", "no", "off":
		return false, nil
	}
	return false, fmt.Errorf("is neither true nor false")
}

// parseList splits at commas; "none" is the empty list.
func parseList(s string) []string {
	var list []string
	for item := range strings.SplitSeq(s, ",") {
		if item = strings.TrimSpace(item); item != "" && !(item == "none" && !strings.Contains(s, ",")) {
			list = append(list, item)
		}
	}
	return list
}

func parsePrefixes(s string) ([]netip.Prefix, error) {
	var list []netip.Prefix
	for _, item := range parseList(s) {
		p, err := netip.ParsePrefix(item)
		if err != nil {
			a, err := netip.ParseAddr(item)
			if err != nil {
				return nil, fmt.Errorf("%q is neither an address nor a range", item)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		list = append(list, p.Masked())
	}
	return list, nil
}

// boundsError is a value that can be read and is not allowed.
type boundsError struct{ msg string }

func (e boundsError) Error() string { return e.msg }

// set puts the text s in the field of v.
func (v *Variable) set(c *Config, s string) error {
	var err error
	switch p := v.field(c).(type) {
	case *string:
		*p, err = v.word(s)
	case *logs.Secret:
		*p = logs.Secret(s)
	case *[]string:
		*p = parseList(s)
	case *bool:
		*p, err = keep(*p)(parseBool(s))
	case *int:
		*p, err = number(v, s, *p, strconv.Atoi)
	case *int64:
		*p, err = number(v, s, *p, func(s string) (int64, error) { return strconv.ParseInt(s, 10, 64) })
	case *float64:
		*p, err = number(v, s, *p, func(s string) (float64, error) { return strconv.ParseFloat(s, 64) })
	case *Rate:
		*p, err = keep(*p)(parseRate(s))
	case *[]netip.Prefix:
		*p, err = keep(*p)(parsePrefixes(s))
	default:
		panic("config: the type of " + v.Name + " is not known")
	}
	return err
}

// keep returns old in place of a value that could not be read.
func keep[T any](old T) func(T, error) (T, error) {
	return func(v T, err error) (T, error) {
		if err != nil {
			return old, err
		}
		return v, nil
	}
}

// word checks s against OneOf, in any case, and returns it in the case of the table.
func (v *Variable) word(s string) (string, error) {
	if len(v.OneOf) == 0 {
		return s, nil
	}
	if i := slices.IndexFunc(v.OneOf, func(w string) bool { return strings.EqualFold(w, s) }); i >= 0 {
		return v.OneOf[i], nil
	}
	return v.Default, boundsError{"is not one of " + strings.Join(v.OneOf, ", ")}
}

func number[T int | int64 | float64](v *Variable, s string, old T, parse func(string) (T, error)) (T, error) {
	n, err := parse(strings.TrimSpace(s))
	if err != nil || n != n {
		return old, fmt.Errorf("is not a number")
	}
	if v.Auto && n == 0 {
		return n, nil
	}
	if float64(n) < v.Min || v.Max > 0 && float64(n) > v.Max {
		return old, boundsError{fmt.Sprintf("is not within %s", v.Bounds())}
	}
	return n, nil
}

// Bounds writes the allowed range of a number, "" where there is none.
func (v *Variable) Bounds() string {
	f := func(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }
	switch {
	case v.Kind() != "number":
		return ""
	case v.Max == 0:
		return "at least " + f(v.Min)
	case v.Auto:
		return f(v.Min) + " to " + f(v.Max) + ", or 0"
	}
	return f(v.Min) + " to " + f(v.Max)
}

func kindOf(field any) string {
	switch field.(type) {
	case *bool:
		return "true or false"
	case *int, *int64, *float64:
		return "number"
	case *Rate:
		return "rate"
	case *[]string, *[]netip.Prefix:
		return "list"
	case *logs.Secret:
		return "secret"
	}
	return "text"
}

// text writes the value of v in c as one would set it; a secret stays masked.
func (v *Variable) text(c *Config) string {
	switch p := v.field(c).(type) {
	case *string:
		return *p
	case *[]string:
		return strings.Join(*p, ",")
	case *[]netip.Prefix:
		var list []string
		for _, x := range *p {
			list = append(list, x.String())
		}
		return strings.Join(list, ",")
	case *bool:
		return strconv.FormatBool(*p)
	case *int:
		return strconv.Itoa(*p)
	case *int64:
		return strconv.FormatInt(*p, 10)
	case *float64:
		return strconv.FormatFloat(*p, 'f', -1, 64)
	case *Rate:
		return p.String()
	case *logs.Secret:
		return p.String()
	}
	return ""
}
