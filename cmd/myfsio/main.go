// Command myfsio is an S3-compatible object store in one binary. Without a subcommand it serves; see
// usage for the rest. Settings come from flags, the environment and env files; doc/CONFIG.md lists them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"myfsio/config"
	"myfsio/query"
	"myfsio/query/worker"
	"myfsio/server"
)

// Version is the release. It follows semantic versioning; the build may set it.
var version = "1.0.0-dev"

// Exit codes.
const (
	exitOK       = 0
	exitFailed   = 1 // also: fsck found problems that remain, --check-config found a critical one
	exitUsage    = 2
	exitInternal = 3
)

const usage = `MyFSIO, an S3-compatible object store. Objects stay plain files under STORAGE_ROOT/<bucket>/<key>.

Usage:
  myfsio [flags]                    serve the API
  myfsio fsck [--repair] [--deep]   verify the data directory (with the server stopped)
  myfsio adopt                      take files put into STORAGE_ROOT/<bucket>/ by hand in as objects (with the server stopped)
  myfsio rebuild-view               make the plain files anew from the objects (with the server stopped)
  myfsio rekey                      make a new master key of encryption; restart the server afterwards
  myfsio new-key KEYFILE            make a key for encryption by the client
  myfsio encrypt-file KEYFILE IN OUT  encrypt a file before its upload; its metadata goes to OUT.meta.json (--meta FILE before the files)
  myfsio decrypt-file KEYFILE IN OUT  decrypt a download; its metadata, or the answer of head-object, is in IN.meta.json
  myfsio docs DIR                   write CONFIG.md and S3.md into DIR
  myfsio version                    print the version

Flags:
  --mode api|ui|both    what to serve (default both; the console is not built yet)
  --api-port N          port of the API (default 5000, also APP_PORT)
  --ui-port N           port of the console (default 5100, also UI_PORT)
  --prod, --dev         accepted; one server does for both
  --show-config         print all settings and where they come from, and exit
  --check-config        check the settings and exit: 1 when something is critical
  --reset-cred          give the administrator new keys, print them once, and exit
  --version             print the version and exit

Settings are environment variables; myfsio --show-config lists them. The first start prints the administrator's keys once.
`

func main() {
	if len(os.Args) == 2 && os.Args[1] == selectWorker {
		os.Exit(worker.Main(os.Stdin, os.Stdout))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// selectWorker is how the server calls this program to run one SQL query. It is of no use to a person.
const selectWorker = "select-worker"

// queries is the command for that; none in a build without SQL.
func queries() []string {
	self, err := query.Self()
	if err != nil || !worker.Built {
		return nil
	}
	return []string{self, selectWorker}
}

// flags are the parsed command line.
type flags struct {
	mode                                 string
	apiPort, uiPort                      string
	show, check, resetCred, printVersion bool
	prod, dev                            bool
	repair, deep                         bool
	meta                                 string
	rest                                 []string
}

// commands are the subcommands; "" is to serve.
var commands = map[string]func(context.Context, *flags, *config.Config, io.Writer, io.Writer) int{
	"": serve, "serve": serve, "fsck": fsck, "adopt": adopt, "rebuild-view": rebuildView, "rekey": rekey,
}

func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	name := ""
	if len(args) > 0 && args[0] != "" && args[0][0] != '-' {
		name, args = args[0], args[1:]
	}
	f, err := parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp) || name == "help":
		fmt.Fprint(out, usage)
		return exitOK
	case err != nil:
		fmt.Fprintf(errOut, "myfsio: %v\n\n%s", err, usage)
		return exitUsage
	case f.printVersion || name == "version":
		fmt.Fprintln(out, "myfsio", version)
		return exitOK
	case name == "docs":
		return docs(f, errOut)
	}
	if tool, ok := clientSide[name]; ok {
		if len(f.rest) != tool.args {
			fmt.Fprintf(errOut, "myfsio: %s takes %d arguments\n\n%s", name, tool.args, usage)
			return exitUsage
		}
		return done(tool.run(f, out), errOut)
	}
	cmd, ok := commands[name]
	if !ok {
		fmt.Fprintf(errOut, "myfsio: there is no command %q\n\n%s", name, usage)
		return exitUsage
	}
	if len(f.rest) > 0 {
		fmt.Fprintf(errOut, "myfsio: unexpected argument %q\n\n%s", f.rest[0], usage)
		return exitUsage
	}
	cfg, problems := config.Load(config.Source{Flags: f.settings()})
	return configured(ctx, cmd, f, cfg, problems, out, errOut)
}

// configured reports the problems of the configuration and runs the command unless one is critical.
func configured(ctx context.Context, cmd func(context.Context, *flags, *config.Config, io.Writer, io.Writer) int, f *flags, cfg *config.Config, problems []config.Problem, out, errOut io.Writer) int {
	if f.show {
		if err := config.Show(out, cfg); err != nil {
			return exitFailed
		}
		return exitOK
	}
	problems = append(problems, cfg.Check()...)
	critical := slices.ContainsFunc(problems, func(p config.Problem) bool { return p.Severity == config.Critical })
	if f.check {
		for _, p := range problems {
			fmt.Fprintln(out, p)
		}
		if critical {
			return exitFailed
		}
		fmt.Fprintln(out, "The configuration can be used.")
		return exitOK
	}
	for _, p := range problems {
		if p.Severity == config.Critical {
			fmt.Fprintln(errOut, p)
		}
	}
	if critical {
		return exitFailed
	}
	return cmd(ctx, f, cfg, out, errOut)
}

func parse(args []string) (*flags, error) {
	f := &flags{}
	fs := flag.NewFlagSet("myfsio", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.StringVar(&f.mode, "mode", "both", "")
	fs.StringVar(&f.apiPort, "api-port", "", "")
	fs.StringVar(&f.uiPort, "ui-port", "", "")
	fs.BoolVar(&f.show, "show-config", false, "")
	fs.BoolVar(&f.check, "check-config", false, "")
	fs.BoolVar(&f.resetCred, "reset-cred", false, "")
	fs.BoolVar(&f.printVersion, "version", false, "")
	fs.BoolVar(&f.prod, "prod", false, "")
	fs.BoolVar(&f.dev, "dev", false, "")
	fs.BoolVar(&f.repair, "repair", false, "")
	fs.BoolVar(&f.deep, "deep", false, "")
	fs.StringVar(&f.meta, "meta", "", "")
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	f.rest = fs.Args()
	switch f.mode {
	case "api", "ui", "both":
		return f, nil
	case "reset-cred":
		f.resetCred = true
		return f, nil
	}
	return nil, fmt.Errorf("--mode is api, ui or both, not %q", f.mode)
}

// settings returns the settings that flags give.
func (f *flags) settings() map[string]string {
	m := map[string]string{}
	if f.apiPort != "" {
		m["APP_PORT"] = f.apiPort
	}
	if f.uiPort != "" {
		m["UI_PORT"] = f.uiPort
	}
	return m
}

func serve(ctx context.Context, f *flags, cfg *config.Config, out, errOut io.Writer) int {
	if f.resetCred {
		return resetCred(cfg, out, errOut)
	}
	if f.mode == "ui" {
		fmt.Fprintln(errOut, "myfsio: the console is not built yet; --mode api serves the API")
		return exitFailed
	}
	if err := server.Run(ctx, cfg, version, out, queries()...); err != nil {
		fmt.Fprintf(errOut, "myfsio: %v\n", err)
		return exitFailed
	}
	return exitOK
}
