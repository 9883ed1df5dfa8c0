package ident

import (
	"regexp"
	"testing"
)

func TestForms(t *testing.T) {
	for _, c := range []struct {
		name string
		make func() string
		form string
	}{
		{"Hex", Hex, `^[0-9A-F]{16}$`},
		{"UUID", UUID, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`},
	} {
		form, seen := regexp.MustCompile(c.form), map[string]bool{}
		for range 1000 {
			id := c.make()
			if !form.MatchString(id) || seen[id] {
				t.Fatalf("%s: %q is not well formed or came twice", c.name, id)
			}
			seen[id] = true
		}
	}
}
