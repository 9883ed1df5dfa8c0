package gate

import (
	"fmt"
	"io"
	"strings"
)

// Markdown writes the table of operations of doc/S3.md.
func Markdown(w io.Writer) error {
	var b strings.Builder
	works, refused := 0, 0
	for i := range ops {
		switch {
		case ops[i].State.Refused():
			refused++
		case ops[i].State.Alias == "":
			works++
		}
	}
	fmt.Fprintf(&b, "%d operations are served, %d are refused with 501 NotImplemented; none is accepted and ignored.\n\n", works, refused)
	b.WriteString("| operation | right | user policy | state | differs from AWS |\n|---|---|---|---|---|\n")
	for i := range ops {
		o := &ops[i]
		right := o.Action
		if o.VersionAction != "" {
			right += ", " + o.VersionAction
		}
		fmt.Fprintf(&b, "| [%s](%s) | %s | %s | %s | %s |\n", o.Name, o.URL(), right, o.Short, o.state(), cell(o.Deviations))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (o *Op) state() string {
	switch {
	case o.State.Refused():
		return "501, " + cell(o.State.Why)
	case o.State.Alias != "":
		return "older name of " + o.State.Alias
	}
	return "works"
}

// cell makes s fit into a cell of a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
