package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/statveil/statveil/keys"
	"github.com/statveil/statveil/pseudonym"
	"github.com/statveil/statveil/rules"
	"github.com/statveil/statveil/rules/detect"
)

// longestValue is more than any value has that a rule is about.
const longestValue = 1 << 20

func lookupCommand() *cobra.Command {
	var kept keptKeys
	var l lookup
	var regions, linkable []string
	var format string
	c := &cobra.Command{
		Use:   "lookup --keys file:PATH --tenant T VALUE|-",
		Short: "Print every pseudonym that a value has",
		Long: `Print every pseudonym that a value has for a tenant, one a line: under each key
version, the one-way token, the shape (of rules with as: shape, and in place of JSON
numbers) where the value has one, and the reversible token; and, from the keyring ` + pseudonym.Global + `,
those of rules with linkable: global. To find a person's data, look for each of them.

Of rules with a narrower linkable say which: --linkable day=2026-11-24, week= and
month= (a day in it, or as in 2026-W48 and 2026-11), or an address and the value
that stood there: path.confID=room17. It may be given several times. Pseudonyms of
linkable: request are found by nobody.

The one-way pseudonym is the same for all spellings: write a phone number with + or
00, or its national form with --regions. (statveil scan --show prints what a value is
taken for.) A reversible pseudonym is that of the exact text. Where a client sent the
digits of a phone number alone, its shape stands there without the +.

With - the value is read from standard input, and so kept out of the history of the
shell and the list of processes; the line end is none of it.`,
		Example: `  statveil lookup --keys file:keys.json --tenant acme '+358 40 1234567'
  statveil lookup --keys file:keys.json --tenant acme --linkable day=2026-11-24 - < value.txt`,
		RunE: func(c *cobra.Command, args []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
			switch {
			case l.tenant == "":
				return usage("--tenant says whose it is: "+keys.Default+" where the rules name nobody, "+pseudonym.Global+" for linkable: global alone", "lookup needs --tenant")
			case len(args) != 1:
				return usage("VALUE, in quotes where it has spaces; - reads it from standard input", "lookup needs one value, and got %d", len(args))
			}
			if err := checkTenant(l.tenant); err != nil {
				return err
			}
			finder, err := newFinder([]string{"any"}, regions)
			if err != nil {
				return err
			}
			if l.scopes, err = scopes(linkable, l.tenant, finder); err != nil {
				return err
			}
			if l.value, err = readValue(args[0], c.InOrStdin()); err != nil {
				return err
			}
			l.canonical = rules.Canonical(l.value, finder)
			store, err := kept.open(c)
			if err != nil {
				return err
			}
			all, err := l.all(store)
			if err != nil {
				return err
			}
			if format == "json" {
				lines := jsonLines(c.OutOrStdout())
				for _, p := range all {
					if err := lines.Encode(p); err != nil {
						return err
					}
				}
				return nil
			}
			return printPseudonyms(c.OutOrStdout(), all)
		},
	}
	kept.register(c)
	c.Flags().StringVar(&l.tenant, "tenant", "", "whose value it is: the `TENANT`")
	c.Flags().StringArrayVar(&linkable, "linkable", nil, "`WHAT=WHICH`: the scope of a rule whose linkable says so, such as day=2026-11-24")
	regionsFlag(c, &regions)
	formatFlag(c, &format)
	return c
}

// readValue returns the value of a command line, or that of standard input.
func readValue(arg string, stdin io.Reader) (string, error) {
	if arg == "-" {
		data, err := io.ReadAll(io.LimitReader(stdin, longestValue+1))
		if err != nil {
			return "", fmt.Errorf("reading the value: %w", err)
		}
		if len(data) > longestValue {
			return "", errors.New("reading the value: it is longer than 1 MiB")
		}
		arg = strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	}
	if arg == "" {
		return "", usage("the empty text is never replaced", "the value is empty")
	}
	return arg, nil
}

// A lookup is a value, and where it is looked up.
type lookup struct {
	tenant           string
	value, canonical string
	scopes           []scope
}

// A scope is what pseudonyms are linkable across, as the command line says it and
// as it goes into them.
type scope struct{ linkable, text string }

// scopes reads the values of --linkable, after what holds always.
func scopes(linkable []string, tenant string, f *detect.Finder) ([]scope, error) {
	if tenant == pseudonym.Global {
		if len(linkable) > 0 {
			return nil, usage("leave --linkable out", "--linkable is for rules that are not linkable: global, and the tenant is %s", tenant)
		}
		return nil, nil
	}
	all := []scope{{"tenant", ""}}
	for _, l := range linkable {
		text, err := scopeText(l, f)
		if err != nil {
			return nil, err
		}
		all = append(all, scope{l, text})
	}
	return all, nil
}

func scopeText(linkable string, f *detect.Finder) (string, error) {
	const example = "as in --linkable day=2026-11-24, week=2026-W48, month=2026-11, path.confID=room17"
	what, which, given := strings.Cut(linkable, "=")
	switch {
	case what == "tenant" || what == "global":
		return "", usage("leave it out", "--linkable %s is printed always", what)
	case what == "request":
		return "", usage("they can only be turned back, where they are reversible: statveil reveal",
			"pseudonyms of linkable: request depend on a random text that nobody keeps, so none can be looked up")
	case !given || which == "":
		return "", usage(example, "--linkable does not say which")
	case what == "day" || what == "week" || what == "month":
		if text := periodScope(what, which); text != "" {
			return text, nil
		}
		return "", usage(example, "--linkable %s= is followed by no %s", what, what)
	case strings.Contains(what, "("): // an = may stand in the address
		return "", usage("only the value counts: give the address without its condition, as in body.room=room17", "--linkable has an address with a condition")
	case strings.Contains(what, "."):
		return pseudonym.ValueScope(rules.Canonical(which, f)), nil
	}
	return "", usage(rules.Suggest(what, []string{"day", "week", "month", "an address such as path.confID"}), "--linkable %q is nothing to be linkable across", what)
}

// periodScope returns the scope of a day, week or month (UTC), which is named by a day
// in it or by its own name, or "".
func periodScope(what, which string) string {
	scopeOf := pseudonym.DayScope
	switch what {
	case "week":
		scopeOf = pseudonym.WeekScope
	case "month":
		scopeOf = pseudonym.MonthScope
	}
	if day, err := time.Parse(time.DateOnly, which); err == nil {
		return scopeOf(day)
	}
	day, err := time.Parse("2006-01", which)
	if err != nil {
		var year, week int
		fmt.Sscanf(which, "%d-W%d", &year, &week)                    // what it cannot read is no week
		day = time.Date(year, 1, 4+7*(week-1), 0, 0, 0, 0, time.UTC) // January 4 is in the first week
	}
	if text := what + ":" + which; scopeOf(day) == text {
		return text
	}
	return ""
}

// A foundPseudonym is one of those that a value has.
type foundPseudonym struct {
	Pseudonym  string `json:"pseudonym"`
	Version    uint16 `json:"version"`
	Reversible bool   `json:"reversible"`
	Shape      bool   `json:"shape"`
	Linkable   string `json:"linkable"` // tenant, global, or what --linkable says
}

// all returns every pseudonym of the value.
func (l *lookup) all(store *keys.File) (all []foundPseudonym, err error) {
	if len(l.scopes) > 0 {
		ring, err := keyringOf(store, l.tenant)
		if err != nil {
			return nil, err
		}
		for _, s := range l.scopes {
			if all, err = l.under(all, ring, s); err != nil {
				return nil, err
			}
		}
	}
	ring := store.Keyring(pseudonym.Global)
	if ring == nil && len(all) > 0 {
		return all, nil // nothing is linkable: global
	}
	if ring, err = keyringOf(store, pseudonym.Global); err != nil {
		return nil, err
	}
	return l.under(all, ring, scope{"global", ""})
}

// under appends the pseudonyms of the value under a keyring.
func (l *lookup) under(all []foundPseudonym, ring *pseudonym.Keyring, s scope) ([]foundPseudonym, error) {
	if ring.Own(l.value) {
		return nil, &hintedError{errors.New("the value is a pseudonym already, which no other takes the place of"), "statveil reveal turns it back, if it is reversible"}
	}
	for version, token := range ring.SealAll(pseudonym.Context{Scope: s.text}, l.canonical) {
		all = append(all, foundPseudonym{token, version, false, false, s.linkable})
	}
	if keep, ok := rules.ShapeOf(l.canonical); ok {
		for version, shape := range ring.ShapeAll(pseudonym.Context{Scope: s.text}, l.canonical, keep) {
			all = append(all, foundPseudonym{shape, version, false, true, s.linkable})
		}
	}
	for version, token := range ring.SealAll(pseudonym.Context{Scope: s.text, Reversible: true}, l.value) {
		all = append(all, foundPseudonym{token, version, true, false, s.linkable})
	}
	return all, nil
}

func printPseudonyms(w io.Writer, all []foundPseudonym) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for _, p := range all {
		kind := "one-way"
		switch {
		case p.Shape:
			kind = "shape"
		case p.Reversible:
			kind = "reversible"
		}
		fmt.Fprintf(t, "%s\tversion %d\t%s\t%s\n", p.Pseudonym, p.Version, kind, onOneLine(p.Linkable))
	}
	return t.Flush()
}

// jsonLines prints one JSON object a line.
func jsonLines(w io.Writer) *json.Encoder {
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false)
	return lines
}
