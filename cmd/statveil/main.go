// Statveil is a sidecar proxy that stands between programs that report
// statistics and the collectors that receive them. It replaces personal data by
// keyed pseudonyms and forwards the rest byte for byte.
//
// This package parses flags, wires the other packages together, logs and
// handles signals; nothing else does. One file holds one command.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
)

const (
	exitOK     = 0
	exitFailed = 1 // something was found wrong, or failed
	exitUsage  = 2
	exitLint   = 3 // nothing but lint was found
)

func main() {
	dumpOnQuit()
	os.Exit(execute(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// execute runs one command line and returns the exit code.
func execute(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := &cobra.Command{
		Use:   "statveil",
		Short: "Pseudonymize statistics on their way to the collector",
		Long: `statveil stands between programs that report statistics and the collectors
that receive them. Rules say where to look, detectors find personal data, keyed
pseudonyms take its place, and the rest goes on byte for byte.`,
		Example: `  statveil demo
  statveil run --upstream http://127.0.0.1:9000 --rules rules/packs/callstats.yaml --keys dev`,
		Version:       version,
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	// Whatever goes wrong before a command begins is the fault of its line.
	began := false
	root.PersistentPreRun = func(*cobra.Command, []string) { began = true }
	root.AddCommand(runCommand(), demoCommand(), initCommand(), checkCommand(), testCommand(), explainCommand(), scanCommand(), applyCommand(), keysCommand(), lookupCommand(), revealCommand(), doctorCommand(), versionCommand())
	root.InitDefaultCompletionCmd()
	if c, _, err := root.Find([]string{"completion"}); err == nil {
		c.Example = "  source <(statveil completion bash)"
		c.Args, c.RunE = cobra.ArbitraryArgs, func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage("bash, zsh and fish have completion", "%q is no shell that is known", args[0])
			}
			return c.Help()
		}
	}

	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	var hinted *hintedError
	var usage *usageError
	if !errors.Is(err, errReported) && !errors.Is(err, errOnlyLint) {
		printError(stderr, err)
	}
	if !began && !errors.As(err, &hinted) {
		fmt.Fprintln(stderr, "hint: statveil --help lists the commands, and each has a --help with an example")
	}
	if !began || errors.As(err, &usage) {
		return exitUsage
	}
	if errors.Is(err, errOnlyLint) {
		return exitLint
	}
	return exitFailed
}

// What the command has shown already: a failure, or nothing but lint.
var (
	errReported = errors.New("reported")
	errOnlyLint = errors.New("only lint")
)

// A hintedError says what to do about it.
type hintedError struct {
	error
	hint string
}

func (e *hintedError) Unwrap() error { return e.error }

// printError prints an error and, where it has one, its hint: in one piece, so that
// no line of the log comes between.
func printError(w io.Writer, err error) {
	text := fmt.Sprintf("error: %v\n", err)
	if h := (*hintedError)(nil); errors.As(err, &h) {
		text += fmt.Sprintf("hint: %s\n", h.hint)
	}
	io.WriteString(w, text)
}

// A usageError is a wrong command line that only the command could notice.
type usageError struct{ error }

func usage(hint, format string, args ...any) error {
	return &hintedError{&usageError{fmt.Errorf(format, args...)}, hint}
}
