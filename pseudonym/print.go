package pseudonym

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// Format prints the number and time of a version and never its secret, for
// every verb of package fmt.
func (v Version) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "key version %d from %s", v.Number, v.From.UTC().Format(time.RFC3339))
}

// MarshalJSON always fails: a logger must not write the secret down, and a store
// must not lose it without noticing. Store the fields on their own.
func (v Version) MarshalJSON() ([]byte, error) {
	return nil, errors.New("a key version is not written as JSON: it holds a secret")
}

// Format prints that this is a keyring and nothing of what it holds, for every
// verb of package fmt.
func (k *Keyring) Format(f fmt.State, _ rune) {
	io.WriteString(f, "pseudonym.Keyring")
}
