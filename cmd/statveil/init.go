package main

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/statveil/statveil/rules/packs"
)

// starting holds the files that init writes where no pack is asked for.
//
//go:embed start
var starting embed.FS

func initCommand() *cobra.Command {
	var pack string
	c := &cobra.Command{
		Use:   "init [--pack NAME] [DIR]",
		Short: "Write files to start from",
		Long: `Write a configuration, a rule file with a commented route, and a test of it, into
a folder (without DIR, this one). With --pack the rules are those of a known
protocol. Nothing is ever overwritten.`,
		Example: `  statveil init --pack callstats sidecar`,
		Args:    cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			files, err := startingFiles(dir, pack)
			if err != nil {
				return err
			}
			if err := writeNew(files); err != nil {
				return err
			}
			return nextSteps(c.OutOrStdout(), files)
		},
	}
	c.Flags().StringVar(&pack, "pack", "", "start from the rules for this protocol: "+strings.Join(packNames(), ", "))
	_ = c.RegisterFlagCompletionFunc("pack", cobra.FixedCompletions(packNames(), cobra.ShellCompDirectiveNoFileComp))
	return c
}

// packNames are the rule files of package packs without their ending.
func packNames() (names []string) {
	entries, err := packs.FS.ReadDir(".")
	if err != nil {
		panic("statveil: internal error: " + err.Error())
	}
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".yaml"); ok && !strings.HasSuffix(name, "_test") {
			names = append(names, name)
		}
	}
	return names
}

// A startingFile is a file that init writes.
type startingFile struct {
	path string
	data []byte
}

// startingFiles returns the configuration, the rules and their test, in this order.
func startingFiles(dir, pack string) ([]startingFile, error) {
	from, name := fs.FS(packs.FS), pack
	if pack == "" {
		from, name = starting, "example"
	} else if !slices.Contains(packNames(), pack) {
		return nil, usage("packs are: "+strings.Join(packNames(), ", "), "--pack %q is not known", pack)
	}
	at := func(base string) string {
		if pack == "" {
			return "start/" + base
		}
		return base
	}
	var files []startingFile
	for _, f := range []struct {
		from       fs.FS
		name, path string
	}{
		{starting, "start/statveil.yaml", "statveil.yaml"},
		{from, at(name + ".yaml"), "rules/" + name + ".yaml"},
		{from, at(name + "_test.yaml"), "rules/" + name + "_test.yaml"},
	} {
		data, err := fs.ReadFile(f.from, f.name)
		if err != nil {
			panic("statveil: internal error: " + err.Error())
		}
		files = append(files, startingFile{filepath.Join(dir, filepath.FromSlash(f.path)), data})
	}
	return files, nil
}

// writeNew writes files that do not exist. If one does, it writes none.
func writeNew(files []startingFile) error {
	var there []string
	for _, f := range files {
		if _, err := os.Lstat(f.path); !errors.Is(err, fs.ErrNotExist) {
			there = append(there, f.path)
		}
	}
	if len(there) > 0 {
		return &hintedError{fmt.Errorf("already there: %s", strings.Join(there, ", ")), "init overwrites nothing: move them away, or name another folder"}
	}
	for _, f := range files {
		if err := os.MkdirAll(filepath.Dir(f.path), 0o777); err != nil {
			return fmt.Errorf("writing files to start from: %w", err)
		}
		file, err := os.OpenFile(f.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if err == nil {
			_, err = file.Write(f.data)
			err = errors.Join(err, file.Close())
		}
		if err != nil {
			return fmt.Errorf("writing files to start from: %w", err)
		}
	}
	return nil
}

func nextSteps(w io.Writer, files []startingFile) error {
	for _, f := range files {
		if _, err := fmt.Fprintln(w, "wrote", f.path); err != nil {
			return err
		}
	}
	config, rules := files[0].path, files[1].path
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintf(t, "\nSay in %s where the collector is, and in %s where personal data stands. Then:\n", config, rules)
	for _, step := range [][2]string{
		{"statveil check " + config, "every mistake, with its place"},
		{"statveil test " + filepath.Dir(rules), "do the rules what their test says?"},
		{"statveil run -c " + config, "the sidecar"},
	} {
		fmt.Fprintf(t, "  %s\t# %s\n", step[0], step[1])
	}
	return t.Flush()
}
