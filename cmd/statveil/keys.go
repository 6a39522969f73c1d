package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"
	"github.com/statveil/statveil/config"
	"github.com/statveil/statveil/keys"
	"github.com/statveil/statveil/pseudonym"
)

func keysCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "keys",
		Short:   "Make the keys that pseudonyms are made with",
		Example: "  statveil keys init --keys file:keys.json",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(keysInitCommand())
	return c
}

func keysInitCommand() *cobra.Command {
	var spec string
	c := &cobra.Command{
		Use:   "init --keys file:PATH",
		Short: "Make a new key file",
		Long: `Make a key file with one random keyring, named default, that only its owner can
read. The keys of every other tenant are derived from it. A file that exists is
never overwritten.`,
		Example: `  statveil keys init --keys file:keys.json
  statveil run --upstream http://127.0.0.1:9000 --rules rules/packs/callstats.yaml --keys file:keys.json`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			k, err := parseKeys(spec)
			if err != nil {
				return err
			}
			if k.Dev {
				return usage("--keys file:PATH names the file to make", "keys init makes a file; dev keys are made by each process for itself")
			}
			err = keys.CreateFile(k.File)
			if errors.Is(err, fs.ErrExist) {
				return &hintedError{fmt.Errorf("making keys: %s is there already", k.File),
					"it is never overwritten: without its keys no pseudonym can be computed again; name another file"}
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), `made %[1]s: one keyring, %[2]s, from which the keys of every tenant are derived
next: back it up where only you can read it: without it no pseudonym can be computed again or turned back
next: statveil run --keys file:%[1]s, or keys: {file: %[1]s} in statveil.yaml
`, k.File, keys.Default)
			return err
		},
	}
	keysFlag(c, &spec, "the key file to make, as in file:`PATH`", "file:")
	return c
}

// keysFlag is the flag --keys of a command that takes these values.
func keysFlag(c *cobra.Command, spec *string, what string, values ...string) {
	c.Flags().StringVar(spec, "keys", "", what)
	_ = c.RegisterFlagCompletionFunc("keys", cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveNoSpace)) // only for shell completion
}

// parseKeys reads the value of --keys.
func parseKeys(spec string) (config.Keys, error) {
	path, file := strings.CutPrefix(spec, "file:")
	switch {
	case spec == "dev":
		return config.Keys{Dev: true}, nil
	case file && path != "":
		return config.Keys{File: path}, nil
	case file:
		return config.Keys{}, usage("as in --keys file:keys.json", "--keys file: names no file")
	case spec == "":
		return config.Keys{}, usage("as in --keys file:keys.json", "--keys is missing")
	}
	return config.Keys{}, usage("--keys file:PATH is a file that statveil keys init makes; --keys dev makes random keys that last until the process ends",
		"--keys %q is not known", spec)
}

// A keySource is where keyrings come from, and what metrics say of it.
type keySource struct {
	keyring func(tenant string) *pseudonym.Keyring
	tenants int           // that have a keyring of their own
	newest  func() uint16 // the highest key version in effect
}

// openKeys opens the one source that k names.
func openKeys(k config.Keys) (keySource, error) {
	if k.Dev {
		return keySource{keys.NewDev().Keyring, 0, func() uint16 { return 1 }}, nil
	}
	store, err := keys.OpenFile(k.File)
	if errors.Is(err, fs.ErrNotExist) {
		return keySource{}, &hintedError{err, "statveil keys init --keys file:" + k.File + " makes it"}
	}
	if err != nil {
		return keySource{}, err
	}
	return keySource{store.Keyring, 0, func() uint16 { return 1 }}, nil
}
