package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/statveil/statveil/keys"
	"github.com/statveil/statveil/pseudonym"
)

const (
	// activateIn is longer than the 90 seconds that a Secret takes to a pod.
	activateIn = 2 * time.Minute
	// tooSoon is what not even a sidecar that sees the file itself can be relied on for.
	tooSoon = 10 * time.Second
)

func keysRotateCommand() *cobra.Command {
	var kept keptKeys
	var tenant string
	var in time.Duration
	c := &cobra.Command{
		Use:   "rotate --keys file:PATH [--tenant T] [--activate-in D]",
		Short: "Add a key version that takes effect soon",
		Long: `Add a key version with a new random secret to a keyring. From the moment on at which
it takes effect, every value of the tenant has another pseudonym: who has no key
cannot link the new ones to those before. These can still be turned back and looked
up, because no version is ever taken away.

Without --tenant the keyring is default: that of the tenant of this name, and of
all whose keys are derived from it. A tenant without a keyring of its own gets one,
which begins with the versions that it had.

All sidecars must have the file before the version takes effect, or they give
different pseudonyms to one value until they do. --activate-in gives them time: one
that sees the file takes it up within seconds, a Kubernetes Secret takes up to 90
seconds to get to a pod.

The file is replaced as a whole and keeps owner and mode; none but its owner may read
it. Of a symbolic link the file is replaced that it leads to.`,
		Example: `  statveil keys rotate --keys file:keys.json
  statveil keys rotate --keys file:keys.json --tenant acme --activate-in 1h`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if in < 0 {
				return usage("--activate-in 0 is now", "--activate-in %v is in the past: a version begins when it is made, or later", in)
			}
			if err := checkTenant(tenant); err != nil {
				return err
			}
			k, err := kept.source(c)
			if err != nil {
				return err
			}
			before, err := openKeyFile(k.File)
			if err != nil {
				return err
			}
			number, err := rotate(k.File, tenant, time.Now().Add(in))
			if err != nil {
				return err
			}
			after, err := openKeyFile(k.File)
			if err != nil {
				return err
			}
			r := rotation{k.File, tenant, number, in, after.Keyring(tenant).Versions(), !slices.Contains(before.Names(), tenant)}
			r.warn(c.ErrOrStderr())
			return r.print(c.OutOrStdout())
		},
	}
	kept.register(c)
	c.Flags().StringVar(&tenant, "tenant", keys.Default, "the `TENANT` whose keyring gets a version")
	c.Flags().DurationVar(&in, "activate-in", activateIn, "how long from now it takes effect, such as 30s or 1h")
	return c
}

func rotate(path, tenant string, from time.Time) (uint16, error) {
	number, err := keys.Rotate(path, tenant, from)
	switch {
	case errors.Is(err, keys.ErrNoKeyring):
		return 0, &hintedError{err, fmt.Sprintf("statveil keys init --keys file:%s --tenant %s adds one", path, tenant)}
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS), errors.Is(err, syscall.EBUSY):
		return 0, &hintedError{err, "the file is replaced by another one, so its folder must be writable; what is mounted is rotated where it comes from"}
	}
	return number, err
}

// A rotation is what was done.
type rotation struct {
	path, tenant string
	number       uint16
	in           time.Duration
	versions     []pseudonym.Version // with the new one
	separated    bool                // from default
}

// warn says what may go on otherwise than one thinks.
func (r *rotation) warn(w io.Writer) {
	if r.in < tooSoon {
		fmt.Fprintln(w, "warning: sidecars that have not read the file by then go on with the version before, and one value has two pseudonyms until they have")
	}
	if last := r.versions[len(r.versions)-1]; last.Number != r.number {
		fmt.Fprintf(w, "warning: version %d, which was there before, takes its place at %s\n", last.Number, last.From.Format(time.RFC3339))
	}
}

func (r *rotation) print(w io.Writer) error {
	from := r.versions[slices.IndexFunc(r.versions, func(v pseudonym.Version) bool { return v.Number == r.number })].From
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s has key version %d, in effect from %s on\n", r.path, r.tenant, r.number, from.Format(time.RFC3339))
	if r.separated {
		fmt.Fprintf(&b, "%s has a keyring of its own now: rotating %s changes its pseudonyms no more\n", r.tenant, keys.Default)
	}
	fmt.Fprintf(&b, `next: back %[1]s up again, where only you can read it: no older copy has the new version
next: bring it to every sidecar that has a copy of it, before it takes effect; one that sees the file itself needs nothing
`, r.path)
	_, err := io.WriteString(w, b.String())
	return err
}
