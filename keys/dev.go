package keys

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/statveil/statveil/pseudonym"
)

// MaxDevKeyrings is how many keyrings [Dev] keeps ready. Tenant names come from
// traffic, so somebody can send as many of them as he likes.
const MaxDevKeyrings = 1024

// devLabel separates the secrets of tenants from every other use of the master.
const devLabel = "statveil/1 dev tenant "

// Dev makes the keys of every tenant from one random master, which is never
// written anywhere and dies with the process. It is safe for concurrent use.
// The zero Dev must not be used; see [NewDev].
type Dev struct {
	master [32]byte

	// ready is replaced, never changed, so that reading it needs no lock.
	ready atomic.Pointer[map[string]*pseudonym.Keyring]
	grow  sync.Mutex // held while ready is replaced
}

// NewDev returns development keys with a new random master. It cannot fail:
// crypto/rand ends the process rather than give bytes that are not random.
func NewDev() *Dev {
	d := &Dev{}
	rand.Read(d.master[:])
	// The global keyring is ready from the start, so that no flood of tenant
	// names takes its place.
	d.ready.Store(&map[string]*pseudonym.Keyring{pseudonym.Global: d.derive(pseudonym.Global)})
	return d
}

// Keyring returns the keyring of a tenant or of [pseudonym.Global], with one
// version, number 1, in effect always. It returns nil for a malformed name.
//
// The keyrings of the first [MaxDevKeyrings] names are kept and cost a map
// look-up; those of all later names are derived anew in each call, some
// microseconds, and are just as good: one name has one secret.
func (d *Dev) Keyring(tenant string) *pseudonym.Keyring {
	ready := *d.ready.Load()
	if k := ready[tenant]; k != nil {
		return k
	}
	if !pseudonym.ValidTenant(tenant) {
		return nil
	}
	k := d.derive(tenant)
	if len(ready) >= MaxDevKeyrings {
		return k
	}
	d.grow.Lock()
	defer d.grow.Unlock()
	ready = *d.ready.Load() // another call may have been first
	if first := ready[tenant]; first != nil {
		return first
	}
	if len(ready) < MaxDevKeyrings {
		more := maps.Clone(ready)
		more[strings.Clone(tenant)] = k // not the request that it was cut from
		d.ready.Store(&more)
	}
	return k
}

// derive makes the keyring of a valid name.
func (d *Dev) derive(tenant string) *pseudonym.Keyring {
	secret, err := hkdf.Key(sha256.New, d.master[:], nil, devLabel+tenant, 32)
	if err != nil {
		panic("keys: internal error: " + err.Error())
	}
	k, err := pseudonym.NewKeyring(tenant, pseudonym.Version{Number: 1, Secret: secret})
	if err != nil {
		panic("keys: internal error: " + err.Error())
	}
	return k
}

// Format prints that these are development keys and nothing of them, for every
// verb of package fmt.
func (d *Dev) Format(f fmt.State, _ rune) {
	io.WriteString(f, "keys.Dev")
}
