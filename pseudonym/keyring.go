package pseudonym

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Global is the tenant name of the keyring for values that are linkable across
// all tenants. No tenant can have this name.
const Global = "_global"

const (
	maxNumber  = 1<<15 - 1
	secretSize = 32
)

// Errors of [Keyring.Open]. They never contain the token.
var (
	// ErrNotToken means that the text does not have the form of a token.
	ErrNotToken = errors.New("not a pseudonym token")
	// ErrAltered means that the token does not verify: it was altered, made up, or
	// made under another tenant or secret. Which of these cannot be told.
	ErrAltered = errors.New("token was altered or is not of this tenant")
	// ErrOneWay means that the token is genuine and cannot be turned back by anyone.
	ErrOneWay = errors.New("token is one-way and cannot be turned back")
	// ErrVersion means that the token names a key version that the keyring does not
	// have. Without that key nobody can say whether the token is genuine.
	ErrVersion = errors.New("token names a key version that the keyring does not have")
)

// Version is one secret of a tenant with the time it takes effect.
type Version struct {
	// Number is 1 to 32767 and stands in every token. It must never be used for
	// another secret of the same tenant.
	Number uint16
	// Secret is 32 uniformly random bytes. It is key material: see [Version.Format].
	Secret []byte
	// From is when new tokens begin to use the version. The zero time means always.
	From time.Time
}

// Context says what kind of pseudonym is wanted.
type Context struct {
	// Scope is across what two pseudonyms of the same text are equal, such as
	// "day:2026-11-24". Empty means the whole tenant. It is compared byte for byte.
	Scope string
	// Reversible asks for a token that [Keyring.Open] turns back.
	Reversible bool
	// Time chooses the key version: the one in effect then. The zero time means now.
	Time time.Time
}

// Keyring holds every key version of one tenant. It is immutable and safe for
// concurrent use. The zero Keyring holds no key and must not be used.
type Keyring struct {
	all    []*version
	byTime []*version // those that are ever in effect, strictly ascending
}

// NewKeyring derives the keys of a tenant from its secrets, which are copied.
//
// The tenant is [Global] or 1 to 64 ASCII letters, digits, dots and hyphens, the
// first a letter or digit. At least one version is needed, numbers must be in
// range and unique, secrets must have 32 bytes, not all zero, and no two versions
// may share one: that would be a rotation that rotates nothing. Of versions with
// one From the highest number is used for new tokens. Errors name versions by
// number and never contain the tenant, which may come from traffic, nor a secret.
func NewKeyring(tenant string, versions ...Version) (*Keyring, error) {
	if tenant != Global && !ValidTenant(tenant) {
		return nil, errors.New("making keyring: malformed tenant name")
	}
	if len(versions) == 0 {
		return nil, errors.New("making keyring: no key version")
	}
	k := &Keyring{}
	for i, v := range versions {
		if v.Number == 0 || v.Number > maxNumber {
			return nil, fmt.Errorf("making keyring: key version %d: number is not in 1 to %d", v.Number, maxNumber)
		}
		if len(v.Secret) != secretSize {
			return nil, fmt.Errorf("making keyring: key version %d: secret has %d bytes, not %d", v.Number, len(v.Secret), secretSize)
		}
		if k.find(v.Number) != nil {
			return nil, fmt.Errorf("making keyring: key version %d: number is given twice", v.Number)
		}
		if bytes.Equal(v.Secret, make([]byte, secretSize)) {
			return nil, fmt.Errorf("making keyring: key version %d: secret is all zero", v.Number)
		}
		for _, w := range versions[:i] {
			if bytes.Equal(v.Secret, w.Secret) {
				return nil, fmt.Errorf("making keyring: key version %d: secret is that of version %d", v.Number, w.Number)
			}
		}
		d, err := derive(tenant, v)
		if err != nil {
			return nil, fmt.Errorf("making keyring: key version %d: %v", v.Number, err)
		}
		k.all = append(k.all, d)
	}
	k.byTime = slices.Clone(k.all)
	slices.SortFunc(k.byTime, func(a, b *version) int {
		return cmp.Or(a.from.Compare(b.from), cmp.Compare(a.number, b.number))
	})
	// One version a moment: the last of those that share it, which has the highest number.
	one := k.byTime[:0]
	for i, v := range k.byTime {
		if i+1 == len(k.byTime) || !k.byTime[i+1].from.Equal(v.from) {
			one = append(one, v)
		}
	}
	k.byTime = one
	return k, nil
}

// ValidTenant reports whether name can be the name of a tenant:
// ^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$. [Global] is not one.
func ValidTenant(name string) bool {
	if name == "" || len(name) > 64 {
		return false
	}
	for i := range len(name) {
		c := name[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case i > 0 && (c == '.' || c == '-'):
		default:
			return false
		}
	}
	return true
}

// Seal returns the pseudonym of a text: its canonical form for a one-way
// pseudonym, its exact bytes for a reversible one; both may be any bytes.
//
// It uses the version with the latest From that is not after c.Time, or the
// earliest version while none is in effect. A text that is itself a token of
// this keyring, of either kind and any version, is returned as it is written,
// whatever the context.
func (k *Keyring) Seal(c Context, text string) string {
	if k.Own(text) {
		return text
	}
	return k.at(c.Time).seal(c, text)
}

func (v *version) seal(c Context, text string) string {
	if c.Reversible {
		return v.sealReversible(c.Scope, text)
	}
	return v.sealOneWay(c.Scope, text)
}

// Open returns the text of a reversible token, of any version and scope, exactly
// as it was sealed. The case of the token's letters does not matter. Every other
// string gives [ErrNotToken], [ErrVersion], [ErrAltered] or [ErrOneWay].
func (k *Keyring) Open(token string) (string, error) {
	var space [maxInline]byte
	raw, ok := parse(space[:0], token)
	if !ok {
		return "", ErrNotToken
	}
	number, reversible := header(raw)
	v := k.find(number)
	switch {
	case v == nil:
		return "", ErrVersion
	case reversible:
		return v.openReversible(raw)
	case !v.verifyOneWay(raw):
		return "", ErrAltered
	}
	return "", ErrOneWay
}

// Own reports whether token is exactly a token made with this keyring, of either
// kind and any version, in letters of any case, or one at [EmailDomain]: the shape
// of an e-mail address. The time it takes does not depend on how much of a forged
// tag is right.
func (k *Keyring) Own(token string) bool {
	if user, ok := emailShape(token); ok {
		token = user
	}
	_, err := k.Open(token)
	return err == nil || err == ErrOneWay
}

// find returns the version with a number, or nil.
func (k *Keyring) find(number uint16) *version {
	for _, v := range k.all {
		if v.number == number {
			return v
		}
	}
	return nil
}

// at returns the version in effect at a time.
func (k *Keyring) at(t time.Time) *version {
	if len(k.byTime) == 1 {
		return k.byTime[0] // the usual case, without asking for the time
	}
	if t.IsZero() {
		t = time.Now()
	}
	for i := len(k.byTime) - 1; i > 0; i-- {
		if !k.byTime[i].from.After(t) {
			return k.byTime[i]
		}
	}
	return k.byTime[0]
}
