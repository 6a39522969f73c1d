package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/statveil/statveil/keys"
	"github.com/statveil/statveil/pseudonym"
)

func revealCommand() *cobra.Command {
	var kept keptKeys
	var tenant, format string
	c := &cobra.Command{
		Use:   "reveal --keys file:PATH --tenant T PSEUDONYM...",
		Short: "Turn reversible pseudonyms back",
		Long: `Print the value of each reversible pseudonym of a tenant, one a line, in their order.
What cannot be turned back is named on standard error by its place among them, with
the reason, and the exit code is 1; the others are turned back all the same. Letters
may be of any case.

A value that is empty, begins with ", or holds control characters, line ends or
others that cannot be seen is printed as a string in quotes. --format json prints one
object a line, {"pseudonym", "value"} or {"pseudonym", "error"}, with the exact value.

Pseudonyms of rules with linkable: global are of the tenant ` + pseudonym.Global + `.`,
		Example: `  statveil reveal --keys file:keys.json --tenant acme psn_qaaws4hq4runjumnvip6ctmhh7oxfv4pqoqfdcziq4vlutv2czlqaf64h2yq`,
		RunE: func(c *cobra.Command, args []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
			switch {
			case tenant == "":
				return usage("--tenant says whose they are: "+keys.Default+" where the rules name nobody, "+pseudonym.Global+" for linkable: global", "reveal needs --tenant")
			case len(args) == 0:
				return usage("statveil reveal --tenant T PSEUDONYM...", "reveal needs a pseudonym")
			}
			if err := checkTenant(tenant); err != nil {
				return err
			}
			store, err := kept.open(c)
			if err != nil {
				return err
			}
			ring, err := keyringOf(store, tenant)
			if err != nil {
				return err
			}
			failed := false
			lines := jsonLines(c.OutOrStdout())
			for i, token := range args {
				value, wrong := reveal(ring, tenant, token)
				if wrong == nil && format == "json" && !utf8.ValidString(value) {
					wrong = &hintedError{error: errors.New("its value is no UTF-8, which JSON cannot hold: --format text prints it")}
				}
				failed = failed || wrong != nil
				switch {
				case format == "json" && wrong != nil:
					err = lines.Encode(revealed{Pseudonym: token, Error: wrong.Error()})
				case format == "json":
					err = lines.Encode(revealed{Pseudonym: token, Value: &value})
				case wrong != nil:
					wrong.error = fmt.Errorf("pseudonym %d of %d: %w", i+1, len(args), wrong.error)
					printError(c.ErrOrStderr(), wrong)
				default:
					_, err = fmt.Fprintln(c.OutOrStdout(), onOneLine(value))
				}
				if err != nil {
					return fmt.Errorf("writing: %w", err)
				}
			}
			if failed {
				return errReported
			}
			return nil
		},
	}
	kept.register(c)
	c.Flags().StringVar(&tenant, "tenant", "", "whose pseudonyms they are: the `TENANT`")
	formatFlag(c, &format)
	return c
}

type revealed struct {
	Pseudonym string  `json:"pseudonym"`
	Value     *string `json:"value,omitempty"`
	Error     string  `json:"error,omitempty"`
}

// reveal turns one pseudonym back, or says why nobody can. It names neither: what was
// given may be something personal instead.
func reveal(ring *pseudonym.Keyring, tenant, token string) (string, *hintedError) {
	value, err := ring.Open(token)
	switch {
	case err == nil:
		return value, nil
	case errors.Is(err, pseudonym.ErrOneWay):
		return "", &hintedError{errors.New("it is one-way, and nobody can turn it back"), "statveil lookup prints the pseudonyms of a value, to compare"}
	case errors.Is(err, pseudonym.ErrVersion):
		return "", &hintedError{fmt.Errorf("tenant %s has no key version of this number", tenant), "it is another tenant's, or was made with other keys"}
	case errors.Is(err, pseudonym.ErrAltered):
		return "", &hintedError{fmt.Errorf("it was altered, or is not of tenant %s", tenant), "those of rules with linkable: global are of --tenant " + pseudonym.Global}
	}
	return "", &hintedError{errors.New("it is no pseudonym"), "a pseudonym begins with psn_, and only the whole of it can be turned back"}
}

// onOneLine is a value as a terminal may have it: in quotes where it holds something
// that would not be seen, or act, or where nobody could tell it from one in quotes.
func onOneLine(value string) string {
	unseen := func(r rune) bool { return !unicode.IsPrint(r) }
	if value == "" || value[0] == '"' || !utf8.ValidString(value) || strings.ContainsFunc(value, unseen) {
		return strconv.Quote(value)
	}
	return value
}
