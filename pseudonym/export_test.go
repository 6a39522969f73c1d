package pseudonym

import (
	"bytes"
	"net/netip"
)

// FF1 encrypts numerals of a radix in place.
func FF1(key, tweak, numerals []byte, radix uint64) bool {
	return ff1{newBlock(bytes.Clone(key)), radix}.encrypt(numerals, tweak)
}

// Pfx encrypts an address.
func Pfx(key [32]byte, a netip.Addr) netip.Addr { return newPfx(key).encrypt(a) }
