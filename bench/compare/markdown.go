//go:build linux

package compare

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"myfsio/bench/load"
)

// Markdown writes the report for people. Compare must have been called.
func (r *Report) Markdown(w io.Writer) error {
	p := &printer{w: w}
	p.line("# Benchmark, %s", r.Date.Format("2006-01-02 15:04 MST"))
	p.line("")
	p.line("%s, %d cores, Linux %s, %s; client and servers on the same cores. %d rounds of %.3g s a turn; payload signed as %s; long bodies are %s.",
		r.Machine.CPU, r.Machine.Cores, r.Machine.Kernel, r.Machine.FS, r.Rounds, r.Seconds, r.Payload, r.Bodies)
	p.line("")
	p.row("server", "version", "durable when answered", "set-up", "idle RSS")
	p.rule(5)
	for _, s := range r.Servers {
		p.row(s.Name, s.Version, s.Durability, s.Setup, mebi(float64(s.IdleRSS)))
	}
	r.values(p)
	r.latencies(p)
	r.costs(p)
	r.syncs(p)
	for i, n := range r.Notes {
		if i == 0 {
			p.heading("Notes")
		}
		p.line("- %s", n)
	}
	return p.err
}

func (r *Report) values(p *printer) {
	p.heading("Results")
	p.line("Medians (lowest to highest over rounds). Ratios say how many times better %s is: above 1 it leads, for latencies too.", r.Servers[0].Name)
	p.line("")
	head := []string{"item", "unit"}
	for _, s := range r.Servers {
		head = append(head, s.Name)
	}
	head = append(head, r.Servers[0].Name+" / best peer")
	for _, s := range r.Servers[1:] {
		head = append(head, "/ "+s.Name)
	}
	p.row(head...)
	p.rule(len(head))
	for _, row := range r.Compared {
		cells := []string{row.Item, string(row.Unit)}
		for _, s := range r.Servers {
			cells = append(cells, row.cell(s.Name, r.Rounds))
		}
		cells = append(cells, times(row.Best))
		for _, s := range r.Servers[1:] {
			cells = append(cells, times(row.Ratio[s.Name]))
		}
		p.row(cells...)
	}
}

func (row Row) cell(server string, rounds int) string {
	m, ok := row.Medians[server]
	switch {
	case !ok:
		return ""
	case rounds == 1:
		return number(m.Value)
	}
	return fmt.Sprintf("%s (%s–%s)", number(m.Value), number(m.Low), number(m.High))
}

func (r *Report) latencies(p *printer) {
	p.heading("Latency, p50 / p99 in ms")
	r.table(p, func(_ Row, m Median) string { return fmt.Sprintf("%.2f / %.2f", m.P50, m.P99) })
}

func (r *Report) costs(p *printer) {
	p.heading("Server processor time per operation, ms")
	p.line("Until the server has come to rest. Of complete it includes sending the parts, of startup it is the new process alone.")
	p.line("")
	r.table(p, func(_ Row, m Median) string { return number(m.CPUPerOp) })
	p.heading("Peak RSS in the turn")
	r.table(p, func(_ Row, m Median) string { return mebi(m.PeakRSS) })
	p.heading("Bytes written to the disk per byte stored")
	p.line("By /proc/pid/io, counted when a page becomes dirty, without the journal of the file system.")
	p.line("")
	r.table(p, func(_ Row, m Median) string {
		if m.Written == 0 {
			return ""
		}
		return fmt.Sprintf("%.2f", m.Written)
	})
}

// table prints one cell for each item and server; rows with nothing in them are left out.
func (r *Report) table(p *printer, cell func(Row, Median) string) {
	head := []string{"item"}
	for _, s := range r.Servers {
		head = append(head, s.Name)
	}
	p.row(head...)
	p.rule(len(head))
	for _, row := range r.Compared {
		cells := []string{row.Item}
		for _, s := range r.Servers {
			text := ""
			if m, ok := row.Medians[s.Name]; ok {
				text = cell(row, m)
			}
			cells = append(cells, text)
		}
		if strings.Join(cells[1:], "") != "" {
			p.row(cells...)
		}
	}
}

func (r *Report) syncs(p *printer) {
	if len(r.Syncs) == 0 {
		return
	}
	p.heading("Syncs per operation (strace, a slow turn of its own)")
	p.row("item", "server", "calls per operation")
	p.rule(3)
	for _, s := range r.Syncs {
		var parts []string
		for name, n := range s.PerOp {
			parts = append(parts, fmt.Sprintf("%s %.2f", name, n))
		}
		slices.Sort(parts)
		if len(parts) == 0 {
			parts = []string{"none"}
		}
		p.row(s.Item, s.Server, strings.Join(parts, ", "))
	}
}

// Line is a Result in one line, for the load command.
func Line(r load.Result) string {
	text := fmt.Sprintf("%-20s %10s %-7s  %d ops, %d clients, p50 %.2f ms, p99 %.2f ms, max %.2f ms", r.Item, number(r.Value), r.Unit, r.Ops, r.Clients, r.P50, r.P99, r.Max)
	if r.Errors > 0 {
		text += fmt.Sprintf("  %d ERRORS: %s", r.Errors, r.Error)
	}
	return text
}

func number(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 1:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.3f", v)
}

func times(v float64) string {
	if v == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", v)
}

func mebi(v float64) string { return fmt.Sprintf("%.0f MiB", v/(1<<20)) }

// printer writes lines and keeps the first error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

func (p *printer) heading(text string) { p.line("\n## %s\n", text) }

func (p *printer) row(cells ...string) { p.line("| %s |", strings.Join(cells, " | ")) }

func (p *printer) rule(n int) { p.line("|%s", strings.Repeat(" --- |", n)) }
