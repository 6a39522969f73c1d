package pseudonym

import (
	"cmp"
	"iter"
	"slices"
	"time"
)

// Versions returns the number and the time of every key version, in the order in
// which they take effect. Their secrets are not there: a keyring does not keep them.
func (k *Keyring) Versions() []Version {
	all := make([]Version, len(k.all))
	for i, v := range k.all {
		all[i] = Version{Number: v.number, From: v.from}
	}
	slices.SortFunc(all, func(a, b Version) int {
		return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.Number, b.Number))
	})
	return all
}

// Current returns the number of the version that [Keyring.Seal] uses at a time.
// The zero time means now.
func (k *Keyring) Current(t time.Time) uint16 { return k.at(t).number }

// SealAll yields the pseudonym that a text has under each key version, with the
// number of the version, in the order of [Keyring.Versions]. What [Keyring.Seal]
// says of texts holds here; c.Time does not matter.
func (k *Keyring) SealAll(c Context, text string) iter.Seq2[uint16, string] {
	return func(yield func(uint16, string) bool) {
		own := k.Own(text)
		for _, v := range k.Versions() {
			token := text
			if !own {
				token = k.find(v.Number).seal(c, text)
			}
			if !yield(v.Number, token) {
				return
			}
		}
	}
}
