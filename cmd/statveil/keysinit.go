package main

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"
	"github.com/statveil/statveil/keys"
)

func keysInitCommand() *cobra.Command {
	var kept keptKeys
	var tenant string
	c := &cobra.Command{
		Use:   "init --keys file:PATH [--tenant T]",
		Short: "Make a new key file, or a keyring in one",
		Long: `Make a key file with one random keyring, named default, that only its owner can
read. The keys of every other tenant are derived from it. A file that exists is
never overwritten.

With --tenant, give one tenant a random keyring of its own, in a file that is there
or in a new one. Without default in the file, tenants that it does not name have no
keys, and their requests are refused.`,
		Example: `  statveil keys init --keys file:keys.json
  statveil run --upstream http://127.0.0.1:9000 --rules rules/packs/callstats.yaml --keys file:keys.json

  # Only for these two tenants:
  statveil keys init --keys file:tenants.json --tenant acme
  statveil keys init --keys file:tenants.json --tenant globex`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			k, err := kept.source(c)
			if err != nil {
				return err
			}
			text := "made %[1]s: one keyring, %[2]s, from which the keys of every tenant are derived\n"
			if !c.Flags().Changed("tenant") {
				tenant, err = keys.Default, createKeys(k.File)
			} else {
				text = "%[1]s has a new keyring, of %[2]s\n"
				err = addKeyring(k.File, tenant)
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), text+`next: back it up where only you can read it: without it no pseudonym can be computed again or turned back
next: statveil run --keys file:%[1]s, or keys: {file: %[1]s} in statveil.yaml
`, k.File, tenant)
			return err
		},
	}
	kept.register(c)
	c.Flags().StringVar(&tenant, "tenant", "", "the `TENANT` that gets a keyring of its own")
	return c
}

func createKeys(path string) error {
	err := keys.CreateFile(path)
	if errors.Is(err, fs.ErrExist) {
		return &hintedError{fmt.Errorf("making keys: %s is there already", path),
			"it is never overwritten: without its keys no pseudonym can be computed again; name another file"}
	}
	return err
}

func addKeyring(path, tenant string) error {
	if err := checkTenant(tenant); err != nil {
		return err
	}
	err := keys.AddKeyring(path, tenant)
	rotate := fmt.Sprintf("statveil keys rotate --keys file:%s --tenant %s", path, tenant)
	switch {
	case errors.Is(err, keys.ErrHasKeyring):
		return &hintedError{err, rotate + " adds a key version to it"}
	case errors.Is(err, keys.ErrDerived):
		return &hintedError{err, "a new keyring would change all its pseudonyms, and none could be turned back; " + rotate + " begins one that keeps them"}
	}
	return err
}
