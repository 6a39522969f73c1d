package keys

import (
	"crypto/rand"
	"fmt"
	"io"

	"github.com/statveil/statveil/pseudonym"
)

// devLabel separates the secrets of tenants from every other use of the master.
const devLabel = "statveil/1 dev tenant "

// Dev makes the keys of every tenant from one random master, which is never
// written anywhere and dies with the process. It is safe for concurrent use.
// The zero Dev must not be used; see [NewDev].
type Dev struct{ tenants derived }

// NewDev returns development keys with a new random master. It cannot fail:
// crypto/rand ends the process rather than give bytes that are not random.
func NewDev() *Dev {
	master := make([]byte, 32)
	rand.Read(master)
	d := &Dev{}
	d.tenants.init(map[string]*pseudonym.Keyring{}, devLabel, []pseudonym.Version{{Number: 1, Secret: master}})
	return d
}

// Keyring returns the keyring of a tenant or of [pseudonym.Global], with one
// version, number 1, in effect always. It returns nil for a malformed name.
//
// The keyrings of the first [MaxDerived] names are kept and cost a map look-up;
// those of all later names are derived anew in each call, some microseconds,
// and are just as good: one name has one secret.
func (d *Dev) Keyring(tenant string) *pseudonym.Keyring { return d.tenants.keyring(tenant) }

// Format prints that these are development keys and nothing of them, for every
// verb of package fmt.
func (d *Dev) Format(f fmt.State, _ rune) {
	io.WriteString(f, "keys.Dev")
}
