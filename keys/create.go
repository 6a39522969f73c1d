package keys

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/statveil/statveil/pseudonym"
)

// lastNumber is the highest that a key version can have.
const lastNumber = 1<<15 - 1

// Errors of [AddKeyring] and [Rotate].
var (
	// ErrHasKeyring means that the tenant has a keyring of its own already.
	ErrHasKeyring = errors.New("the tenant has a keyring of its own already")
	// ErrDerived means that the keys of the tenant are derived from those of Default.
	ErrDerived = errors.New("the keys of the tenant are derived from those of " + Default)
	// ErrNoKeyring means that the file has no keys for the tenant.
	ErrNoKeyring = errors.New("there is no keyring of the tenant, and none of " + Default + " to derive it from")
)

// CreateFile makes a key file with one new random keyring, that of [Default],
// readable by its owner alone. It never overwrites: where there is something at
// path, the error is fs.ErrExist. There is never half a file at path.
func CreateFile(path string) error {
	if err := create(path, Default); err != nil {
		return fmt.Errorf("making keys: %w", err)
	}
	return nil
}

// AddKeyring gives a tenant (or [pseudonym.Global]) a new random keyring of its own
// in a key file, which it makes where there is none. It is for a tenant that has no
// keys: the error is [ErrHasKeyring], or [ErrDerived] where the pseudonyms that the
// tenant has would change; there, [Rotate] begins a keyring that keeps them.
//
// AddKeyring, CreateFile and Rotate wait for each other. What they replace a file
// by is whole and on the disk before it takes its place, and has its owner and
// mode. Of a symbolic link, the file that it leads to is replaced.
func AddKeyring(path, tenant string) error {
	add := func(all keyrings) error {
		switch {
		case all[tenant] != nil:
			return ErrHasKeyring
		case all[Default] != nil:
			return ErrDerived
		}
		all[tenant] = []pseudonym.Version{newVersion(1, time.Now())}
		return nil
	}
	var err error
	for range 2 { // somebody else may make the file meanwhile
		if err = rewrite(path, tenant, add); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err = create(path, tenant); !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("making keys: %w", err)
	}
	return nil
}

// Rotate adds a version with a new random secret to the keyring of a tenant (or
// [pseudonym.Global]) in a key file, and returns its number, the next one. From is
// when it takes effect, to the second. All other versions stay, or nobody could
// turn their pseudonyms back.
//
// A tenant whose keys are derived from those of [Default] gets a keyring of its own:
// the derived versions, under which its pseudonyms stay what they are, and the new
// one. From then on, rotating Default is no matter to it. Where there are no keys to
// derive from either, the error is [ErrNoKeyring].
func Rotate(path, tenant string, from time.Time) (number uint16, err error) {
	err = rewrite(path, tenant, func(all keyrings) error {
		versions := all[tenant]
		if versions == nil {
			versions = deriveVersions(derivedLabel, tenant, all[Default])
		}
		if len(versions) == 0 {
			return ErrNoKeyring
		}
		for _, v := range versions {
			number = max(number, v.Number)
		}
		if number >= lastNumber {
			return fmt.Errorf("key version %d is the last that a keyring can have: give the tenant another name", number)
		}
		number++
		all[tenant] = append(versions, newVersion(number, from))
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("adding a key version: %w", err)
	}
	return number, nil
}

func newVersion(number uint16, from time.Time) pseudonym.Version {
	secret := make([]byte, secretSize)
	rand.Read(secret)
	return pseudonym.Version{Number: number, From: from.UTC().Truncate(time.Second), Secret: secret}
}
