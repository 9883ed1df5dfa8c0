package config

import (
	"bufio"
	"fmt"
	"io"
	"net/netip"
	"regexp"
	"strings"
)

func isEverywhere(p netip.Prefix) bool { return p.Bits() == 0 }

// Show writes every setting with its value and where it came from; secrets are masked. Settings that were given and
// do nothing say so.
func Show(w io.Writer, c *Config) error {
	b := bufio.NewWriter(w)
	section := ""
	for i := range Table {
		v := &Table[i]
		if v.Section != section {
			section = v.Section
			fmt.Fprintf(b, "\n%s\n", section)
		}
		fmt.Fprintf(b, "  %s=%s", v.Name, masked(v.text(c)))
		if c.IsSet(v.Name) {
			fmt.Fprintf(b, "  (%s)", c.From(v.Name))
			if v.Status != Works && !v.isDefault(c) {
				fmt.Fprintf(b, "  [%s]", v.Status)
			}
		}
		fmt.Fprintln(b)
	}
	return b.Flush()
}

// password is what a URL may hold of one, as a parameter.
var password = regexp.MustCompile(`(?i)([?&][a-z_-]*(?:password|secret|token)=)[^&]*`)

// masked hides who signs in by a URL, and his password, which may hold any character.
func masked(text string) string {
	if i := strings.Index(text, "://"); i >= 0 {
		if at := strings.LastIndexByte(text, '@'); at > i {
			text = text[:i+3] + "***" + text[at:]
		}
	}
	return password.ReplaceAllString(text, "$1***")
}

// Markdown writes doc/CONFIG.md.
func Markdown(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprint(b, `# Settings

Written from the table in package config; do not edit by hand.

A setting is an environment variable. Flags win over the environment, the environment wins over the env files
`+"`"+strings.Join(defaultFiles, "`, `")+"`"+` (the later file over the earlier), and these win over the default. An empty value
counts as not given. True is 1, true, yes or on; false is 0, false, no or off. Lists have commas between their items;
the word none is the empty list. Rates read "60 per minute" (second, minute, hour, day).

`+"`myfsio --show-config`"+` prints every setting with its value, `+"`myfsio --check-config`"+` what is wrong with them.
`)
	section := ""
	for i := range Table {
		v := &Table[i]
		if v.Section != section {
			section = v.Section
			fmt.Fprintf(b, "\n## %s\n\n| Setting | Default | Value | Meaning |\n|---|---|---|---|\n", section)
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", v.Name, code(v.Default), v.describeValue(), v.describe())
	}
	return b.Flush()
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + strings.ReplaceAll(s, ",", ", ") + "`"
}

func (v *Variable) describeValue() string {
	if len(v.OneOf) > 0 {
		return strings.Join(v.OneOf, ", ")
	}
	if b := v.Bounds(); b != "" {
		return b
	}
	return v.Kind()
}

func (v *Variable) describe() string {
	if v.Status == Works {
		return v.Doc
	}
	s := v.Status.String()
	return v.Doc + " *" + strings.ToUpper(s[:1]) + s[1:] + ".*"
}
