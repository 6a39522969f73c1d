package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/statveil/statveil/keys"
	"github.com/statveil/statveil/pseudonym"
)

func keysListCommand() *cobra.Command {
	var kept keptKeys
	var tenant, format string
	c := &cobra.Command{
		Use:   "list --keys file:PATH [--tenant T]",
		Short: "List keyrings and their key versions",
		Long: `List the keyrings of a key file, or that of one tenant: each key version, when it
takes effect, and whether new pseudonyms are made with it now (current), will be
(next), or are no more (old). Old versions are needed to turn back and to look up
what was made with them. No secret is printed.`,
		Example: `  statveil keys list --keys file:keys.json
  statveil keys list --keys file:keys.json --tenant acme --format json`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
			store, err := kept.open(c)
			if err != nil {
				return err
			}
			names := store.Names()
			l := listing{Others: "none"}
			if slices.Contains(names, keys.Default) {
				l.Others = "derived"
			}
			if c.Flags().Changed("tenant") {
				if err := checkTenant(tenant); err != nil {
					return err
				}
				names = []string{tenant}
			}
			now := time.Now()
			for _, name := range names {
				ring, err := keyringOf(store, name)
				if err != nil {
					return err
				}
				l.Keyrings = append(l.Keyrings, listed(name, ring, now, !slices.Contains(store.Names(), name)))
			}
			if format == "json" {
				return printJSON(c.OutOrStdout(), l)
			}
			return l.print(c.OutOrStdout(), c.Flags().Changed("tenant"))
		},
	}
	kept.register(c)
	c.Flags().StringVar(&tenant, "tenant", "", "list the keyring of this `TENANT` only, derived or its own")
	formatFlag(c, &format)
	return c
}

// keyringOf returns the keyring of a tenant, or says that there is none.
func keyringOf(store *keys.File, tenant string) (*pseudonym.Keyring, error) {
	ring := store.Keyring(tenant)
	if ring == nil {
		return nil, &hintedError{fmt.Errorf("the key file has no keys for tenant %s", tenant),
			"statveil keys list says for whom it has; statveil keys init --tenant " + tenant + " adds them"}
	}
	return ring, nil
}

type listing struct {
	Keyrings []listedKeyring `json:"keyrings"`
	Others   string          `json:"others"` // tenants that the file does not name: their keys are "derived", or "none"
}

type listedKeyring struct {
	Tenant   string          `json:"tenant"`
	Derived  bool            `json:"derived"` // from default: it does not stand in the file
	Versions []listedVersion `json:"versions"`
}

type listedVersion struct {
	Number uint16    `json:"number"`
	From   time.Time `json:"from"`
	State  string    `json:"state"` // old, current or next
}

func listed(tenant string, ring *pseudonym.Keyring, now time.Time, derived bool) listedKeyring {
	l := listedKeyring{Tenant: tenant, Derived: derived}
	for _, v := range ring.Versions() {
		state := "old"
		switch {
		case v.Number == ring.Current(now):
			state = "current"
		case v.From.After(now) && v.Number == ring.Current(v.From): // or another one takes its place at once
			state = "next"
		}
		l.Versions = append(l.Versions, listedVersion{v.Number, v.From, state})
	}
	return l
}

func (l *listing) print(w io.Writer, one bool) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "TENANT\tVERSION\tFROM\tSTATE")
	global := false
	for _, k := range l.Keyrings {
		global = global || k.Tenant == pseudonym.Global
		for _, v := range k.Versions {
			fmt.Fprintf(t, "%s\t%d\t%s\t%s\n", k.Tenant, v.Number, v.From.Format(time.RFC3339), v.State)
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	others := "all others"
	if !global {
		others += ", " + pseudonym.Global + " too,"
	}
	switch {
	case one && !l.Keyrings[0].Derived:
		return nil
	case one:
		others = "its keys are derived from those of " + keys.Default
	case l.Others == "derived":
		others += " have keys that are derived from those of " + keys.Default
	default:
		others += " have no keys: their requests are refused"
	}
	_, err := fmt.Fprintln(w, others)
	return err
}
