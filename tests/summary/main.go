// Command summary reads what "go test -json" prints and tells it in short: the line of each package, the output of
// what failed, and each test that was skipped without leave.
//
//	go test -json ./... | go run ./tests/summary -log FILE -skips FILE
//
// The whole output goes to the log file in the form of "go test -v". The skips file has a line for each test that may
// be skipped: a pattern of path.Match for PACKAGE.TEST, then the reason. Without it every skip is allowed.
// The exit status is 1 when a test failed, was skipped without leave, or nothing was tested.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
)

// event is a line of "go test -json".
type event struct {
	Action, Package, Test, Output, ImportPath string
}

// tail is how many lines of a failed test's output are shown.
const tail = 40

// maxShown bounds the failed tests whose output is shown.
const maxShown = 20

func main() {
	log := flag.String("log", os.DevNull, "file for the whole output")
	skips := flag.String("skips", "", "file with the tests that may be skipped")
	flag.Parse()
	ok, err := run(os.Stdin, os.Stdout, *log, *skips)
	if err != nil {
		fmt.Fprintln(os.Stderr, "summary:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer, log, skips string) (ok bool, err error) {
	s := &summary{out: out, output: map[string][]string{}}
	if skips != "" {
		if s.leave, err = readLeave(skips); err != nil {
			return false, err
		}
	}
	f, err := os.Create(log)
	if err != nil {
		return false, err
	}
	defer f.Close()
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			s.line(line, f)
		}
		if err == io.EOF {
			return s.close(), f.Close()
		}
		if err != nil {
			return false, err
		}
	}
}

// readLeave reads the patterns of tests that may be skipped. A line needs a reason.
func readLeave(name string) ([]string, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	leave := []string{}
	for i, line := range strings.Split(string(b), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		pattern, reason, _ := strings.Cut(line, " ")
		if _, err := path.Match(pattern, ""); err != nil || strings.TrimSpace(reason) == "" {
			return nil, fmt.Errorf("%s:%d: want a pattern and a reason", name, i+1)
		}
		leave = append(leave, pattern)
	}
	return leave, nil
}

// summary is what was seen so far.
type summary struct {
	out     io.Writer
	leave   []string            // nil: any test may be skipped
	output  map[string][]string // lines of the tests that run
	passed  int
	allowed int
	failed  []string
	skipped []string // without leave
	shown   int
}

func (s *summary) line(line string, log io.Writer) {
	var e event
	if err := json.Unmarshal([]byte(line), &e); err != nil {
		fmt.Fprint(log, line) // of a tool that does not speak JSON
		fmt.Fprint(s.out, line)
		return
	}
	if e.Output != "" {
		fmt.Fprint(log, e.Output)
	}
	id := e.Package + "." + e.Test
	switch e.Action {
	case "output":
		s.keep(&e, id)
	case "build-output":
		fmt.Fprint(s.out, e.Output)
	case "pass", "skip", "fail":
		s.end(&e, id)
		delete(s.output, id)
	}
}

// keep notes a line of a test; lines of packages are shown when they sum up.
func (s *summary) keep(e *event, id string) {
	if e.Test == "" && (strings.HasPrefix(e.Output, "ok  \t") || strings.HasPrefix(e.Output, "FAIL\t")) {
		fmt.Fprint(s.out, e.Output)
		return
	}
	s.output[id] = append(s.output[id], e.Output)
}

func (s *summary) end(e *event, id string) {
	switch {
	case e.Action == "fail":
		s.failed = append(s.failed, id)
		s.show(id)
	case e.Test == "": // of a package: its tests were counted
	case e.Action == "pass":
		s.passed++
	case s.may(id):
		s.allowed++
	default:
		s.skipped = append(s.skipped, id)
		fmt.Fprintf(s.out, "--- SKIP without leave: %s\n%s", id, strings.Join(last(s.output[id]), ""))
	}
}

func (s *summary) show(id string) {
	if s.shown++; s.shown <= maxShown {
		fmt.Fprintf(s.out, "--- FAIL: %s\n%s", id, strings.Join(last(s.output[id]), ""))
	}
}

func last(lines []string) []string { return lines[max(0, len(lines)-tail):] }

func (s *summary) may(id string) bool {
	return s.leave == nil || slices.ContainsFunc(s.leave, func(p string) bool {
		ok, _ := path.Match(p, id) // patterns were checked when they were read
		return ok
	})
}

// close writes the last lines, and reports whether all is well.
func (s *summary) close() bool {
	fmt.Fprintf(s.out, "%d tests passed, %d failed, %d skipped with leave, %d without\n", s.passed, len(s.failed), s.allowed, len(s.skipped))
	return s.passed > 0 && len(s.failed) == 0 && len(s.skipped) == 0
}
