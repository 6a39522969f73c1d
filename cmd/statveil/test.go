package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/statveil/statveil/rules"
)

func testCommand() *cobra.Command {
	var cover bool
	var format string
	c := &cobra.Command{
		Use:   "test PATH...",
		Short: "Run the tests of rule files",
		Long: `Run test files: requests, and what must become of them under the rules that the
file names. A folder stands for its *_test.yaml files. Each request goes through
the proxy that serves, to a collector that compares what arrives, byte for byte,
with what was sent and what the test says is changed. Nothing leaves this machine.`,
		Example: `  statveil test --cover rules`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("name test files, or the folder that they are in: statveil test rules", "test needs a path")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
			suites, err := loadTests(args)
			if err != nil {
				return err
			}
			r := runTests(suites)
			r.cover = cover
			if err := r.write(c.OutOrStdout(), format); err != nil {
				return err
			}
			if r.Failed > 0 || cover && len(r.bare()) > 0 {
				return errReported
			}
			return nil
		},
	}
	c.Flags().BoolVar(&cover, "cover", false, "fail too if no test exercises a rule, and list these rules")
	formatFlag(c, &format)
	c.ValidArgsFunction = cobra.FixedCompletions([]string{"yaml"}, cobra.ShellCompDirectiveFilterFileExt)
	return c
}

func loadTests(paths []string) ([]*rules.Suite, error) {
	suites, err := rules.LoadTests(paths...)
	var problems rules.Problems
	switch {
	case errors.As(err, &problems) && len(problems) == 1:
		return nil, fmt.Errorf("the tests or their rules have a mistake:\n%w", err)
	case errors.As(err, &problems):
		return nil, fmt.Errorf("the tests or their rules have %d mistakes:\n%w", len(problems), err)
	case errors.Is(err, fs.ErrNotExist):
		return nil, &hintedError{err, "name test files, or the folder that they are in"}
	}
	return suites, err
}

// testReport is what test prints.
type testReport struct {
	Tests  []testResult `json:"tests"`
	Rules  []ruleCover  `json:"rules"`
	Passed int          `json:"passed"`
	Failed int          `json:"failed"`
	cover  bool
}

type testResult struct {
	File     string          `json:"file"`
	Line     int             `json:"line"`
	Name     string          `json:"name"`
	Passed   bool            `json:"passed"`
	AsText   bool            `json:"as_text,omitempty"` // the body was broken, and was searched as a text
	Failures []rules.Failure `json:"failures,omitempty"`
	Findings []finding       `json:"findings,omitempty"` // of a test that failed
}

// ruleCover says how many tests exercise a rule.
type ruleCover struct {
	File  string `json:"file"`
	Line  int    `json:"line"`
	Name  string `json:"name"`
	Tests int    `json:"tests"`
}

func runTests(suites []*rules.Suite) *testReport {
	r := &testReport{Tests: []testResult{}, Rules: []ruleCover{}}
	var results []rules.Result
	for _, s := range suites {
		results = append(results, s.Run(try)...)
	}
	for _, result := range results {
		t := testResult{File: result.Test.File, Line: result.Test.Line, Name: result.Test.Name, Passed: len(result.Failures) == 0, AsText: result.Outcome.AsText}
		if t.Passed {
			r.Passed++
		} else {
			r.Failed++
			t.Failures, t.Findings = result.Failures, findings(result.Outcome.Seen)
		}
		r.Tests = append(r.Tests, t)
	}
	for _, c := range rules.Cover(suites, results) {
		r.Rules = append(r.Rules, ruleCover{c.Rule.File, c.Rule.Line, c.Rule.Name, c.Tests})
	}
	return r
}

// bare returns the rules that no test exercises.
func (r *testReport) bare() (all []ruleCover) {
	for _, c := range r.Rules {
		if c.Tests == 0 {
			all = append(all, c)
		}
	}
	return all
}

func (r *testReport) write(w io.Writer, format string) error {
	if format == "json" {
		return printJSON(w, r)
	}
	var b strings.Builder
	for _, t := range r.Tests {
		if !t.Passed {
			t.print(&b)
		}
	}
	if bare := r.bare(); r.cover && len(bare) > 0 {
		fmt.Fprintf(&b, "exercised by no test: %d of %d rules\n", len(bare), len(r.Rules))
		for _, c := range bare {
			fmt.Fprintf(&b, "  %s:%d %s\n", c.File, c.Line, c.Name)
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "%d passed, %d failed\n", r.Passed, r.Failed)
	_, err := io.WriteString(w, b.String())
	return err
}

// print shows a test that failed: what is wrong, then what was found.
func (t testResult) print(b *strings.Builder) {
	fmt.Fprintf(b, "%s:%d: %s\n", t.File, t.Line, t.Name)
	for _, f := range t.Failures {
		b.WriteString("  ")
		if f.Place != "" {
			b.WriteString(f.Place + ": ")
		}
		b.WriteString(f.Message + "\n")
		for _, line := range []struct{ name, text string }{{"sent", f.Sent}, {"wanted", f.Wanted}, {"arrived", f.Arrived}} {
			if line.text != "" {
				fmt.Fprintf(b, "    %-7s  %s\n", line.name, line.text)
			}
		}
		if f.Mark > 0 {
			fmt.Fprintf(b, "    %-7s  %s^\n", "", strings.Repeat(" ", f.Mark))
		}
	}
	if t.AsText {
		b.WriteString("  body: " + readAsText + "\n")
	}
	if len(t.Findings) > 0 {
		b.WriteString("  found\n")
		w := tabwriter.NewWriter(b, 0, 8, 2, ' ', 0)
		for _, f := range t.Findings {
			at := f.At
			if at == "" {
				at = unruled(f.Rule)
			}
			fmt.Fprintf(w, "    %s\t%s\t%s\t%s\n", f.Address, f.Kind, f.Action, at)
		}
		w.Flush()
	}
	b.WriteByte('\n')
}
