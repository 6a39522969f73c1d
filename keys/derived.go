package keys

import (
	"crypto/hkdf"
	"crypto/sha256"
	"maps"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/statveil/statveil/pseudonym"
)

// MaxDerived is how many derived keyrings are kept ready. Tenant names come from
// traffic, so somebody can send as many of them as he likes.
const MaxDerived = 1024

// derived gives keyrings: those that it was given, and for all other names ones
// that it derives from one list of versions. It is safe for concurrent use.
type derived struct {
	from  []pseudonym.Version // none: there are only the keyrings that were given
	label string              // separates the derived secrets from every other use of from
	most  int                 // how many keyrings ready may hold

	// ready is replaced, never changed, so that reading it needs no lock.
	ready atomic.Pointer[map[string]*pseudonym.Keyring]
	grow  sync.Mutex // held while ready is replaced
}

// init begins with these keyrings and derives from these versions, which were
// checked by making a keyring of them.
func (d *derived) init(given map[string]*pseudonym.Keyring, label string, from []pseudonym.Version) {
	d.from, d.label, d.most = from, label, len(given)+MaxDerived
	// The global keyring is ready from the start, so that no flood of tenant
	// names takes its place.
	if given[pseudonym.Global] == nil && len(from) > 0 {
		given[pseudonym.Global] = d.derive(pseudonym.Global)
	}
	d.ready.Store(&given)
}

// keyring returns the keyring of a name, or nil where the name is malformed or
// nothing can be derived.
func (d *derived) keyring(name string) *pseudonym.Keyring {
	ready := *d.ready.Load()
	if k := ready[name]; k != nil {
		return k
	}
	if len(d.from) == 0 || !pseudonym.ValidTenant(name) {
		return nil
	}
	k := d.derive(name)
	if len(ready) >= d.most {
		return k
	}
	d.grow.Lock()
	defer d.grow.Unlock()
	ready = *d.ready.Load() // another call may have been first
	if first := ready[name]; first != nil {
		return first
	}
	if len(ready) < d.most {
		more := maps.Clone(ready)
		more[strings.Clone(name)] = k // not the request that it was cut from
		d.ready.Store(&more)
	}
	return k
}

// derive makes the keyring of a valid name.
func (d *derived) derive(name string) *pseudonym.Keyring {
	k, err := pseudonym.NewKeyring(name, deriveVersions(d.label, name, d.from)...)
	if err != nil {
		panic("keys: internal error: " + err.Error())
	}
	return k
}

// deriveVersions gives each version a secret that is the name's own, under the
// number and from the time of the version it is derived from.
func deriveVersions(label, name string, from []pseudonym.Version) []pseudonym.Version {
	versions := make([]pseudonym.Version, len(from))
	for i, v := range from {
		secret, err := hkdf.Key(sha256.New, v.Secret, nil, label+name, secretSize)
		if err != nil {
			panic("keys: internal error: " + err.Error())
		}
		versions[i] = pseudonym.Version{Number: v.Number, Secret: secret, From: v.From}
	}
	return versions
}
