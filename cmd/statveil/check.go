package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/statveil/statveil/config"
	"github.com/statveil/statveil/rules"
)

func checkCommand() *cobra.Command {
	var format, schema string
	c := &cobra.Command{
		Use:   "check [--format text|json] PATH...",
		Short: "Find every mistake in rule files and configurations",
		Long: `Read rule files and configurations, told apart by what is in them, and test files
(*_test.yaml), and show every mistake and lint finding as file:line:col: message.
A folder stands for the *.yaml files in it. Rule files given together are checked
as one set, in their order, as run would load them; the rules that a configuration
or a test names are checked too. It runs no test.

It ends with 0 where all is fine, 1 where there are mistakes, and 3 where there is
only lint: what is no mistake and may still not be meant.

With --schema it prints the JSON Schema of rule files, configurations or tests, for
editors, and checks nothing.`,
		Example: `  statveil check rules statveil.yaml
  statveil check --schema rules > rules.schema.json`,
		RunE: func(c *cobra.Command, args []string) error {
			if schema != "" {
				return printSchema(c.OutOrStdout(), schema, args)
			}
			if len(args) == 0 {
				return usage("name rule files, configurations or folders of them", "check needs a path")
			}
			if err := checkFormat(format); err != nil {
				return err
			}
			result, err := check(args)
			if err != nil {
				return err
			}
			if format == "json" {
				err = printJSON(c.OutOrStdout(), result)
			} else {
				err = result.print(c.OutOrStdout())
			}
			if err != nil {
				return err
			}
			return result.err()
		},
	}
	formatFlag(c, &format)
	c.Flags().StringVar(&schema, "schema", "", "print the JSON Schema of `rules`, config or tests instead")
	_ = c.RegisterFlagCompletionFunc("schema", cobra.FixedCompletions([]string{"rules", "config", "tests"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

func printSchema(w io.Writer, of string, args []string) error {
	schemas := map[string]func() []byte{"rules": rules.Schema, "config": config.Schema, "tests": rules.SchemaOfTests}
	schema, ok := schemas[of]
	switch {
	case !ok:
		return usage("--schema rules, --schema config, or --schema tests", "--schema %q is not known", of)
	case len(args) > 0:
		return usage("check the paths without --schema", "--schema checks nothing: %s is one path too many", args[0])
	}
	_, err := w.Write(schema())
	return err
}

// check reads everything that the paths name. The error is that of reading it.
func check(paths []string) (*checked, error) {
	c := &checked{Problems: []remark{}, files: map[string]bool{}, rules: map[string]bool{}, routes: map[string]bool{}, reported: map[remark]bool{}}
	var ruleFiles, configs []rules.File
	var tests []string
	for _, path := range paths {
		names, err := yamlFiles(path)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.yaml") {
				tests = append(tests, name)
				continue
			}
			data, err := readSome(name)
			if err != nil {
				return nil, err
			}
			if isConfig(data) {
				configs = append(configs, rules.File{Name: name, Data: data})
			} else {
				ruleFiles = append(ruleFiles, rules.File{Name: name, Data: data})
			}
		}
	}
	if len(ruleFiles) > 0 {
		c.checkRules(ruleFiles)
	}
	for _, file := range configs {
		c.checkConfig(file)
	}
	for _, name := range tests {
		if err := c.checkTests(name); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// yamlFiles is the file of a path, or the *.yaml files of a folder in byte order.
func yamlFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return []string{path}, reading(err)
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, reading(err)
	}
	var names []string
	for _, e := range entries { // in order already
		if n := e.Name(); strings.HasSuffix(n, ".yaml") && !strings.HasPrefix(n, ".") {
			names = append(names, filepath.Join(path, n))
		}
	}
	if len(names) == 0 {
		return nil, &hintedError{fmt.Errorf("the folder %s holds no *.yaml", path), "folders in it are not looked into: name them too"}
	}
	return names, nil
}

func reading(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("reading what to check: %w", err)
}

// readSome reads one byte more than any file may have: who parses it says so.
func readSome(name string) ([]byte, error) {
	const most = 1 << 20
	f, err := os.Open(name)
	if err != nil {
		return nil, reading(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	return data, reading(err)
}

func (c *checked) checkRules(files []rules.File) {
	set, problems := rules.Check(files...)
	for _, f := range files {
		c.files[filepath.Clean(f.Name)] = true
	}
	for _, route := range set.Routes() {
		c.routes[fmt.Sprintf("%s:%d", filepath.Clean(route.File), route.Line)] = true
	}
	for _, rule := range set.Rules() {
		c.rules[fmt.Sprintf("%s:%d", filepath.Clean(rule.File), rule.Line)] = true
	}
	// Mistakes and lint of one file belong together.
	var all []remark
	for _, p := range problems {
		all = append(all, remark{p.File, p.Line, p.Col, "error", p.Message, p.Hint})
	}
	for _, p := range set.Lint() {
		all = append(all, remark{p.File, p.Line, p.Col, "lint", p.Message, p.Hint})
	}
	order := func(f remark) int {
		return slices.IndexFunc(files, func(file rules.File) bool { return file.Name == f.File })
	}
	slices.SortStableFunc(all, func(a, b remark) int {
		return cmp.Or(cmp.Compare(order(a), order(b)), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	c.add(all...)
}

func (c *checked) checkConfig(file rules.File) {
	c.files[filepath.Clean(file.Name)] = true
	cfg, problems := config.Check(file.Name, file.Data)
	for _, p := range problems {
		c.add(remark{p.File, p.Line, p.Col, "error", p.Message, p.Hint})
	}
	if len(cfg.Rules) == 0 || slices.Contains(cfg.Rules, "") {
		return
	}
	files, err := rules.Files(cfg.Rules...)
	if err != nil {
		hint := ""
		if errors.Is(err, fs.ErrNotExist) {
			hint = "paths in a configuration are relative to its file"
		}
		c.add(remark{file.Name, 0, 0, "error", err.Error(), hint})
		return
	}
	c.checkRules(files)
}

// checkTests reads the tests of a file, and with them the rules that they name.
func (c *checked) checkTests(name string) error {
	c.files[filepath.Clean(name)] = true
	suites, err := rules.LoadTests(name)
	var problems rules.Problems
	if err != nil && !errors.As(err, &problems) {
		return err
	}
	for _, p := range problems {
		c.add(remark{p.File, p.Line, p.Col, "error", p.Message, p.Hint})
	}
	for _, s := range suites {
		c.tests += len(s.Tests)
	}
	return nil
}
