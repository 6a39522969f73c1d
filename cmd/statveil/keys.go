package main

import (
	"errors"
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
		Short:   "Make, list and rotate the keys that pseudonyms are made with",
		Example: "  statveil keys init --keys file:keys.json",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(keysInitCommand(), keysListCommand(), keysRotateCommand())
	return c
}

// keptKeys are the flags of a command that is about keys which are kept somewhere.
type keptKeys struct{ config, spec string }

func (f *keptKeys) register(c *cobra.Command) {
	configFlag(c, &f.config)
	keysFlag(c, &f.spec, "where the keys are: file:`PATH` (default: where the configuration says)", "file:")
}

// source is where the keys are: what --keys says or, without it, the configuration.
func (f *keptKeys) source(c *cobra.Command) (config.Keys, error) {
	var k config.Keys
	if c.Flags().Changed("keys") {
		var err error
		if k, err = parseKeys(f.spec); err != nil {
			return k, err
		}
	} else {
		cfg, err := loadConfig(f.config)
		if err != nil {
			return k, err
		}
		k = cfg.Keys
	}
	switch {
	case k.Dev:
		return k, usage("--keys file:PATH names a key file", "%s is about keys that are kept; dev keys are made by each process for itself", strings.TrimPrefix(c.CommandPath(), "statveil "))
	case k.File == "":
		return parseKeys("")
	}
	return k, nil
}

// open opens the key file.
func (f *keptKeys) open(c *cobra.Command) (*keys.File, error) {
	k, err := f.source(c)
	if err != nil {
		return nil, err
	}
	return openKeyFile(k.File)
}

// checkTenant says whether a keyring can have this name.
func checkTenant(name string) error {
	if name != pseudonym.Global && !pseudonym.ValidTenant(name) {
		return usage("a tenant is 1 to 64 letters, digits, . and -, and begins with a letter or digit; linkable: global has the keyring "+pseudonym.Global, "--tenant %q is no tenant", name)
	}
	return nil
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
	file    *keys.File    // or nil
}

// openKeys opens the one source that k names.
func openKeys(k config.Keys) (keySource, error) {
	if k.Dev {
		return keySource{keys.NewDev().Keyring, 0, func() uint16 { return 1 }, nil}, nil
	}
	store, err := openKeyFile(k.File)
	if err != nil {
		return keySource{}, err
	}
	return keySource{store.Keyring, store.Tenants(), store.MaxVersion, store}, nil
}

func openKeyFile(path string) (*keys.File, error) {
	store, err := keys.OpenFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &hintedError{err, "statveil keys init --keys file:" + path + " makes it"}
	}
	return store, err
}
