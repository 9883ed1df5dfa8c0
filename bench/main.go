//go:build linux

// Command bench measures S3 servers on this machine.
//
//	bench compare   MyFSIO beside MinIO, versitygw and nginx, with a report
//	bench features  what features of MyFSIO cost: encryption, a lifecycle run beside reads
//	bench load      the same work against one endpoint that runs already
//	bench install   only make the servers ready
//	bench items     list the items
//
// It makes load on loopback addresses alone, each turn is bounded in time and
// count, and it stops by itself. See "bench compare -h" for the flags.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"myfsio/bench/compare"
	"myfsio/bench/load"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second interrupt does not wait for the clearing up
	if err := run(ctx, os.Args[1:]); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New("want one of: compare, features, load, install, items")
	}
	switch args[0] {
	case "compare":
		return runCompare(ctx, args[1:], false)
	case "features":
		return runCompare(ctx, args[1:], true)
	case "load":
		return runLoad(ctx, args[1:])
	case "install":
		return runInstall(ctx, args[1:])
	case "items":
		for _, it := range append(load.Items(load.Full), load.Features(load.Full)...) {
			fmt.Printf("%-20s %2d clients  %-8s %s\n", it.Name, it.Clients, it.Unit, it.Note)
		}
		return nil
	}
	return fmt.Errorf("unknown command %q", args[0])
}

// common are the flags of compare and load alike.
type common struct {
	duration time.Duration
	items    string
	unsigned bool
	drop     bool
	short    bool
	limit    time.Duration
	lists    string
}

func (c *common) register(fs *flag.FlagSet) {
	fs.DurationVar(&c.duration, "duration", 5*time.Second, "of one turn of one item")
	fs.StringVar(&c.items, "items", "", "regular expression of the items to run; see bench items")
	fs.BoolVar(&c.unsigned, "unsigned-payload", false, "sign UNSIGNED-PAYLOAD in place of the SHA-256 of the body")
	fs.BoolVar(&c.drop, "drop", false, "let the kernel drop long bodies that are not compared: a cheaper client than any real one")
	fs.BoolVar(&c.short, "short", false, "a smoke run of about a minute: little data, turns of 1/2 s, 1 round")
	fs.StringVar(&c.lists, "lists", "", "keys of the buckets to list, ascending, 2 or more (default 1000,100000,1000000)")
	fs.DurationVar(&c.limit, "limit", 3*time.Hour, "stop after this time, whatever happens")
}

// maxListed bounds a bucket to list: beyond it the keys would no longer have one width.
const maxListed = 10_000_000

func (c *common) sizes() (load.Sizes, error) {
	s := load.Full
	if c.short {
		s = load.Short
	}
	if c.lists == "" {
		return s, nil
	}
	s.Lists = nil
	for text := range strings.SplitSeq(c.lists, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1000 || n > maxListed || len(s.Lists) > 0 && n <= s.Lists[len(s.Lists)-1] {
			return s, fmt.Errorf("-lists %q: want ascending numbers from 1000 to %d", c.lists, maxListed)
		}
		s.Lists = append(s.Lists, n)
	}
	if len(s.Lists) < 2 {
		return s, fmt.Errorf("-lists %q: want at least 2 numbers", c.lists)
	}
	return s, nil
}

func (c *common) match() (*regexp.Regexp, error) {
	if c.items == "" {
		return nil, nil
	}
	return regexp.Compile(c.items)
}

// given says whether a flag was set by hand.
func given(fs *flag.FlagSet, name string) bool {
	found := false
	fs.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
}

// runCompare compares servers, or the items of ours that tell what its features cost.
func runCompare(ctx context.Context, args []string, features bool) error {
	fs := flag.NewFlagSet("bench compare", flag.ContinueOnError)
	var c common
	c.register(fs)
	rounds := fs.Int("rounds", 3, "how often each item is measured")
	servers := fs.String("servers", "myfsio,minio,versitygw,nginx", "who takes part; the first is compared with the rest")
	dir := fs.String("dir", ".cache/bench/data", "where the servers keep their data during the run; 30 GB for a full one")
	bin := fs.String("bin", ".cache/bench/bin", "where installed servers are kept")
	source := fs.String("source", ".", "the directory of this module")
	out := fs.String("out", ".cache/bench/report", "the report is written to this name with .md and .json")
	strace := fs.Bool("strace", false, "count the syncs of each operation too, by strace")
	requests := fs.Bool("requests", false, "fill the buckets to list by requests for every server (slow: MinIO takes about 20 minutes for 10^6)")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if c.short {
		if !given(fs, "rounds") {
			*rounds = 1
		}
		if !given(fs, "duration") {
			c.duration = time.Second / 2
		}
	}
	if features && !given(fs, "servers") {
		*servers = "myfsio"
	}
	match, err := c.match()
	if err != nil {
		return err
	}
	sizes, err := c.sizes()
	if err != nil {
		return err
	}
	work, err := workDir(*dir)
	if err != nil {
		return err
	}
	defer func() {
		logf("removing %s", work) // millions of files after a full run
		os.RemoveAll(work)
	}()
	ctx, cancel := context.WithTimeout(ctx, c.limit)
	defer cancel()
	report, err := compare.Run(ctx, compare.Config{
		Servers: strings.Split(*servers, ","), Rounds: *rounds, Duration: c.duration, Items: match, Sizes: sizes, Features: features,
		Dir: work, Bin: *bin, Source: *source, Strace: *strace, Unsigned: c.unsigned, Drop: c.drop, Requests: *requests, Log: logf,
	})
	if report == nil {
		return err
	}
	report.Compare()
	return errors.Join(err, write(report, *out))
}

// workDir makes an empty directory below dir.
func workDir(dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	return os.MkdirTemp(dir, "run-")
}

func logf(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

// write puts the report into two files and on standard output.
func write(r *compare.Report, name string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := os.Create(name + ".md")
	if err != nil {
		return err
	}
	err = errors.Join(r.Markdown(io.MultiWriter(f, os.Stdout)), f.Close())
	b, jsonErr := json.MarshalIndent(r, "", "  ")
	if jsonErr == nil {
		jsonErr = os.WriteFile(name+".json", append(b, '\n'), 0o644)
	}
	return errors.Join(err, jsonErr)
}

func runLoad(ctx context.Context, args []string) error {
	fs := flag.NewFlagSet("bench load", flag.ContinueOnError)
	var c common
	c.register(fs)
	endpoint := fs.String("endpoint", "http://127.0.0.1:5000", "the server; loopback only")
	region := fs.String("region", "us-east-1", "")
	access := fs.String("access-key", os.Getenv("AWS_ACCESS_KEY_ID"), "default from AWS_ACCESS_KEY_ID")
	secret := os.Getenv("AWS_SECRET_ACCESS_KEY") // no flag: command lines are public
	ops := fs.Int64("ops", 0, "end each turn after so many operations")
	if err := fs.Parse(args); err != nil {
		return err
	}
	target, err := load.NewTarget(*endpoint, *region, load.Credentials{AccessKey: *access, SecretKey: secret})
	if err != nil {
		return err
	}
	target.UnsignedPayload, target.Drop = c.unsigned, c.drop
	match, err := c.match()
	if err != nil {
		return err
	}
	sizes, err := c.sizes()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.limit)
	defer cancel()
	env := &load.Env{Target: target, Sizes: sizes, Log: logf}
	failed := false
	for _, it := range load.Items(env.Sizes) {
		if match != nil && !match.MatchString(it.Name) {
			continue
		}
		res, err := load.Run(ctx, env, it, load.Bounds{Duration: c.duration, MaxOps: *ops}, load.Probe{})
		if errors.Is(err, load.ErrUnsupported) {
			continue
		}
		if err != nil {
			return err
		}
		fmt.Println(compare.Line(res))
		failed = failed || res.Errors > 0 || res.Ops == 0
	}
	if failed {
		return errors.New("operations failed")
	}
	return nil
}

func runInstall(ctx context.Context, args []string) error {
	fs := flag.NewFlagSet("bench install", flag.ContinueOnError)
	servers := fs.String("servers", "minio,versitygw,nginx", "which")
	bin := fs.String("bin", ".cache/bench/bin", "where to")
	source := fs.String("source", ".", "the directory of this module")
	if err := fs.Parse(args); err != nil {
		return err
	}
	for _, spec := range compare.Servers {
		if !strings.Contains(","+*servers+",", ","+spec.Name+",") {
			continue
		}
		p, err := compare.Install(ctx, spec, *bin, *source, logf)
		if err != nil {
			return err
		}
		fmt.Printf("%-10s %s %s\n", spec.Name, p.Version, p.Path)
	}
	return nil
}
