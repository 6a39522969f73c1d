package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/statveil/statveil/config"
	"github.com/statveil/statveil/rules"
	"go.uber.org/zap"
)

func runCommand() *cobra.Command {
	var f runFlags
	c := &cobra.Command{
		Use:   "run",
		Short: "Run the sidecar",
		Long: `Run the sidecar: listen for statistics, pseudonymize them by the rules, and send
them on to the collector. Settings come from statveil.yaml (or the file of -c)
where it exists; flags override it.

On SIGTERM or SIGINT it stops to be ready, finishes the requests under way, and
ends; a second signal ends it at once.`,
		Example: `  # A collector on port 9000, one rule file, keys that last until it ends:
  statveil run --upstream http://127.0.0.1:9000 --rules rules/packs/callstats.yaml --keys dev

  # Keys that outlive it, made by statveil keys init:
  statveil run --upstream http://127.0.0.1:9000 --rules rules/packs/callstats.yaml --keys file:keys.json

  # Everything from a file:
  statveil run -c statveil.yaml`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			signal.Ignore(syscall.SIGPIPE) // who reads the log may go; the requests stay
			f.settle()
			load := func() (*config.Config, error) { return f.config(c) }
			s, err := newSidecar(load, loadRules, c.ErrOrStderr())
			if err != nil {
				return err
			}
			defer s.log.Sync()
			s.warn(s.now.Load(), nil)
			if unknown, _ := config.Default().Environment(os.Environ()); len(unknown) > 0 { // the sidecar was built with the rest
				s.log.always("these environment variables are not known and change nothing", zap.Strings("variables", unknown))
			}
			return s.serve(c.Context(), nil)
		},
	}
	f.register(c)
	return c
}

// observing are the routes that forward unchanged what they should treat.
func observing(set *rules.Set) (names []string) {
	for _, r := range set.Routes() {
		if r.Observe {
			names = append(names, r.Name)
		}
	}
	return names
}

type runFlags struct {
	file, listen, upstream, keys, admin string
	rules                               []string
}

func (f *runFlags) register(c *cobra.Command) {
	flags := c.Flags()
	configFlag(c, &f.file)
	flags.StringVar(&f.listen, "listen", "", "`ADDRESS` for clients (default 127.0.0.1:8080)")
	flags.StringVar(&f.upstream, "upstream", "", "`URL` of the collector: scheme://host[:port]")
	rulesFlag(c, &f.rules)
	keysFlag(c, &f.keys, "where keys come from: file:`PATH`, or dev (random, in memory)", "file:", "dev")
	flags.StringVar(&f.admin, "admin", "", "`ADDRESS` for probes (default 127.0.0.1:9901)")
}

// configFlag is the flag -c of a command that reads a configuration.
func configFlag(c *cobra.Command, file *string) {
	c.Flags().StringVarP(file, "config", "c", "", "configuration `FILE` (default statveil.yaml where it exists)")
	_ = c.MarkFlagFilename("config", "yaml", "yml") // only for shell completion
}

// rulesFlag is the flag --rules of a command that reads rules.
func rulesFlag(c *cobra.Command, paths *[]string) {
	c.Flags().StringArrayVar(paths, "rules", nil, "rule file or folder; `PATH` may be given several times")
	_ = c.MarkFlagFilename("rules", "yaml") // only for shell completion
}

// settle decides which configuration file there is: one that disappears later is
// missed, and none that appears later is read.
func (f *runFlags) settle() {
	if _, err := os.Stat(defaultFile); f.file == "" && err == nil {
		f.file = defaultFile
	}
}

const defaultFile = "statveil.yaml"

// loadConfig reads the configuration file of -c or, where there is one,
// statveil.yaml, and lays the environment over it.
func loadConfig(file string) (*config.Config, error) {
	path := file
	if path == "" {
		path = defaultFile
	}
	cfg, err := config.Load(path)
	if file == "" && errors.Is(err, fs.ErrNotExist) {
		cfg, err = config.Default(), nil
	}
	if err != nil {
		return nil, err
	}
	_, err = cfg.Environment(os.Environ()) // run says what is unknown, once
	return cfg, err
}

// config is the file with the flags laid over it.
func (f *runFlags) config(c *cobra.Command) (*config.Config, error) {
	cfg, err := loadConfig(f.file)
	if err != nil {
		return nil, err
	}
	set := c.Flags().Changed
	if set("listen") {
		cfg.Listen = f.listen
	}
	if set("upstream") {
		cfg.Upstream, cfg.Collectors = f.upstream, nil
	}
	if set("rules") {
		cfg.Rules = f.rules
	}
	if set("admin") {
		cfg.Admin.Listen = f.admin
	}
	if set("keys") {
		if cfg.Keys, err = parseKeys(f.keys); err != nil {
			return nil, err
		}
	}
	return cfg, cfg.Validate()
}

func loadRules(paths []string) (*rules.Set, error) {
	set, err := rules.Load(paths...)
	var problems rules.Problems
	switch {
	case errors.As(err, &problems) && len(problems) == 1:
		return nil, fmt.Errorf("the rules have a mistake:\n%w", err)
	case errors.As(err, &problems):
		return nil, fmt.Errorf("the rules have %d mistakes:\n%w", len(problems), err)
	case errors.Is(err, os.ErrNotExist):
		return nil, &hintedError{err, "rules are named by --rules, or by rules: in the configuration"}
	}
	return set, err
}
