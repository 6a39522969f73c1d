package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/statveil/statveil/config"
	"github.com/statveil/statveil/proxy"
	"github.com/statveil/statveil/rules"
)

func applyCommand() *cobra.Command {
	var f applyFlags
	c := &cobra.Command{
		Use:   "apply --rules PATH --route NAME --keys SPEC [FILE...]",
		Short: "Rewrite stored records as the sidecar would",
		Long: `Read records, one JSON text a line, from files or standard input, gzip and zstd
too, and write them, rewritten as the body of a request of the route would be:
the same rules, the same pseudonyms. Lines keep their order and their ends, empty
lines stay.

Rules, keys and limits come from statveil.yaml (or the file of -c) where it
exists; flags override it. With keys from a file, the same input gives the same
output each time, but for rules that are linkable across a request (one record
here), or across a day, week or month (those of the run).

A line that cannot be treated ends it, or goes with --rejects FILE to that file:
its number and what was wrong with it, but not its text.`,
		Example: `  statveil keys init --keys file:keys.json
  statveil apply --rules rules/packs/callstats.yaml --route stats --tenant 7 --keys file:keys.json < in.ndjson > out.ndjson
  statveil apply -c statveil.yaml --route stats --tenant 7 --rejects rejects.ndjson old/*.ndjson.gz | gzip > out.ndjson.gz`,
		RunE: func(c *cobra.Command, args []string) error { return f.apply(c, args) },
	}
	f.register(c)
	return c
}

// maxJobs bounds the memory that a slip of the finger takes.
const maxJobs = 1024

type applyFlags struct {
	file, route, tenant, keys, rejects string
	rules                              []string
	jobs                               int
}

func (f *applyFlags) register(c *cobra.Command) {
	flags := c.Flags()
	configFlag(c, &f.file)
	rulesFlag(c, &f.rules)
	flags.StringVar(&f.route, "route", "", "`NAME` of the route that the records came by")
	flags.StringVar(&f.tenant, "tenant", "", "whose records they are: the `TENANT`, where the route does not say it")
	keysFlag(c, &f.keys, "where keys come from: file:`PATH`, or dev (random, in memory)", "file:", "dev")
	flags.IntVar(&f.jobs, "jobs", runtime.GOMAXPROCS(0), "how many `N` records are rewritten at once")
	flags.StringVar(&f.rejects, "rejects", "", "`FILE` for the numbers of lines that cannot be treated")
}

func (f *applyFlags) apply(c *cobra.Command, names []string) error {
	cfg, err := f.config(c)
	if err != nil {
		return err
	}
	set, err := loadRules(cfg.Rules)
	if err != nil {
		return err
	}
	route, err := f.findRoute(set)
	if err != nil {
		return err
	}
	keyring, err := openKeys(cfg.Keys)
	if err != nil {
		return err
	}
	if cfg.Keys.Dev {
		fmt.Fprintln(c.ErrOrStderr(), "warning: keys are random and in memory: another run gives other pseudonyms")
	}
	in, err := openStored(names, c.InOrStdin())
	if err != nil {
		return err
	}
	began := time.Now() // for all records: none is cut off from the others by midnight
	a := &applying{
		sanitizer: &proxy.Sanitizer{
			Keys:   keyring.keyring,
			Limits: proxy.Limits{Body: int64(cfg.Limits.Body), Depth: cfg.Limits.Depth},
			Now:    func() time.Time { return began },
		},
		route: route, tenant: f.tenant, out: c.OutOrStdout(), rejectsName: f.rejects,
	}
	if f.rejects == "" {
		return a.run(c.Context(), in, f.jobs, c.ErrOrStderr())
	}
	if err := in.spare(f.rejects, a.out); err != nil {
		return err
	}
	file, err := os.Create(f.rejects)
	if err != nil {
		return fmt.Errorf("making the file of rejects: %w", err)
	}
	a.rejects = file
	err = a.run(c.Context(), in, f.jobs, c.ErrOrStderr())
	if lost := file.Close(); lost != nil && err == nil {
		err = fmt.Errorf("writing the rejects: %w", lost)
	}
	return err
}

// config is the file with the flags laid over it. Nothing but rules, keys and
// limits matters here, so Validate, which asks for all that run needs, is not
// asked.
func (f *applyFlags) config(c *cobra.Command) (*config.Config, error) {
	cfg, err := loadConfig(f.file)
	if err != nil {
		return nil, err
	}
	set := c.Flags().Changed
	if set("rules") {
		cfg.Rules = f.rules
	}
	if set("keys") {
		if cfg.Keys, err = parseKeys(f.keys); err != nil {
			return nil, err
		}
	}
	switch {
	case f.jobs < 1 || f.jobs > maxJobs:
		return nil, usage(fmt.Sprintf("--jobs 1 to %d", maxJobs), "--jobs %d is not possible", f.jobs)
	case len(cfg.Rules) == 0:
		return nil, usage("--rules names a rule file or a folder of them", "apply needs --rules")
	case !cfg.Keys.Dev && cfg.Keys.File == "":
		return nil, usage("statveil keys init --keys file:keys.json makes them, --keys file:keys.json uses them", "apply needs --keys")
	}
	return cfg, nil
}

// findRoute returns the route that the flags name. A record does not say by
// itself what the path, the query and the headers of its request said.
func (f *applyFlags) findRoute(set *rules.Set) (*rules.Route, error) {
	var known []string
	for _, r := range set.Routes() {
		known = append(known, r.Name)
	}
	route := set.Route(f.route)
	switch {
	case f.route == "":
		return nil, usage("routes are: "+strings.Join(known, ", "), "apply needs --route")
	case route == nil:
		return nil, usage(rules.Suggest(f.route, known), "there is no route %q", f.route)
	case route.Pass || route.Observe:
		return nil, usage("a route with pass: true or mode: observe forwards what comes as it is", "route %q changes nothing", f.route)
	}
	name, address := route.Tenant()
	inRecord := address == "body" || strings.HasPrefix(address, "body.")
	switch {
	case f.tenant != "" && !rules.TenantName(f.tenant):
		return nil, usage("a tenant is 1 to 64 letters, digits, . and -, and begins with a letter or digit", "--tenant %q is no tenant", f.tenant)
	case f.tenant == "" && address != "" && !inRecord:
		return nil, usage("--tenant says whose records they are", "route %q reads its tenant from %s, which a record does not have", f.route, address)
	case f.tenant != "" && inRecord:
		return nil, usage("leave --tenant out", "route %q reads the tenant of each record from %s", f.route, address)
	case f.tenant != "" && address == "" && f.tenant != name:
		return nil, usage("leave --tenant out, or let the rules say another tenant", "the records of route %q are of tenant %s", f.route, name)
	}
	return route, nil
}

// applying is one run: what is done to each line, and where it goes.
type applying struct {
	sanitizer   *proxy.Sanitizer
	route       *rules.Route
	tenant      string // "": the route says it
	out         io.Writer
	rejects     io.Writer // nil: the first line that cannot be treated ends the run
	rejectsName string

	lines, rejected int
	line            bytes.Buffer // of rejects
}

// A reject is a line that cannot be treated: where it stands and what is wrong
// with it. It holds nothing of its text.
type reject struct {
	File   string       `json:"file,omitempty"` // "" is standard input
	Line   int          `json:"line"`           // of the file, from 1
	Reason proxy.Reason `json:"reason"`
	Detail string       `json:"detail"`
}

func (a *applying) run(ctx context.Context, in *stored, jobs int, stderr io.Writer) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	// Or a reader of the output that has gone ends the process without a word.
	signal.Ignore(syscall.SIGPIPE)
	defer signal.Reset(syscall.SIGPIPE)

	var done func()
	in.read, done = progress(stderr, in.size)
	err := inOrder(ctx, jobs, in.cutter(int(a.sanitizer.Limits.Body)).next, a.rewrite, a.write)
	done()
	switch {
	case errors.Is(err, syscall.EPIPE):
		return errReported // nobody reads the output: nobody is to be told
	case errors.Is(err, context.Canceled):
		return &hintedError{errors.New("stopped by a signal: the output is not complete; its last line is whole"), "run it again from the beginning"}
	case err != nil:
		return err
	case a.rejected > 0:
		return &hintedError{fmt.Errorf("%d of %d lines were rejected", a.rejected, a.lines), a.rejectsName + " says which, and why"}
	}
	return nil
}

// rewrite does the work of one chunk: all its lines or, where there is no file
// for rejects, those before the first that cannot be treated.
func (a *applying) rewrite(c *chunk) {
	if c.tooLong {
		c.lines = 1
		c.rejects = append(c.rejects, reject{c.name, c.first, proxy.Oversize,
			fmt.Sprintf("the record is larger than %d bytes", a.sanitizer.Limits.Body)})
		return
	}
	for rest := c.in; len(rest) > 0; {
		line := rest
		if i := bytes.IndexByte(rest, '\n'); i >= 0 {
			line = rest[:i+1]
		}
		rest = rest[len(line):]
		c.lines++
		record := bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		if blank(record) {
			c.out = append(c.out, line...)
			continue
		}
		out, err := a.sanitizer.Record(c.out, record, a.route, a.tenant)
		if err != nil {
			r := reject{File: c.name, Line: c.first + c.lines - 1}
			var refusal *proxy.Refusal
			if errors.As(err, &refusal) {
				r.Reason, r.Detail = refusal.Reason, refusal.Detail
			}
			c.rejects = append(c.rejects, r)
			if a.rejects == nil {
				return
			}
			continue
		}
		c.out = append(out, line[len(record):]...)
	}
}

// blank says whether a line has nothing but white space.
func blank(line []byte) bool { return len(bytes.Trim(line, " \t\r")) == 0 }

func (a *applying) write(c *chunk) error {
	if len(c.out) > 0 {
		if _, err := a.out.Write(c.out); err != nil {
			return fmt.Errorf("writing the output: %w", err)
		}
	}
	a.lines += c.lines
	a.rejected += len(c.rejects)
	if len(c.rejects) == 0 {
		return nil
	}
	if a.rejects == nil {
		r := c.rejects[0]
		where := fmt.Sprintf("line %d", r.Line)
		if r.File != "" {
			where = r.File + ": " + where
		}
		return &hintedError{fmt.Errorf("%s: %s: %s", where, r.Reason, r.Detail),
			"--rejects FILE takes the numbers of such lines, and the rest goes on"}
	}
	a.line.Reset()
	for _, r := range c.rejects {
		if err := json.NewEncoder(&a.line).Encode(r); err != nil {
			return err
		}
	}
	if _, err := a.rejects.Write(a.line.Bytes()); err != nil {
		return fmt.Errorf("writing the rejects: %w", err)
	}
	return nil
}
