package pseudonym

import (
	"crypto/cipher"
	"encoding/binary"
	"math/bits"
)

// ff1Rounds is the number of rounds of the Feistel network.
const ff1Rounds = 10

// ff1 is the format-preserving encryption FF1 (NIST SP 800-38G, algorithm 7; the
// draft of its revision 1 asks in addition for ff1Domain): a permutation of all
// texts of n numerals, for each key, tweak and n another one. Half a text must fit
// into 64 bits.
type ff1 struct {
	block cipher.Block // AES; with a key of any size
	radix uint64       // how many numerals there are: 2 to 36
}

// ff1Domain is the least number of texts of one length that there must be. In a
// smaller one a few known pairs give the others away (SP 800-38G Rev. 1, draft of
// February 2019).
const ff1Domain = 1_000_000

// encrypt replaces numerals, each of them below the radix, the first the highest.
// It reports whether there are enough of them, and not too many.
func (f ff1) encrypt(numerals, tweak []byte) bool {
	n := len(numerals)
	u := n / 2
	v := n - u
	mod := [2]uint64{f.power(u), f.power(v)} // of the halves that rounds make, in turns
	if mod[0] == 0 || mod[1] == 0 {
		return false
	}
	if high, low := bits.Mul64(mod[0], mod[1]); high == 0 && low < ff1Domain {
		return false
	}
	a, b := f.number(numerals[:u]), f.number(numerals[u:])
	size := (bits.Len64(mod[1]-1) + 7) / 8 // of a half, in bytes: b of the standard
	length := 4*((size+3)/4) + 4           // of what is added to it: d, 8 or 12

	var s struct {
		p, r, x [16]byte
	}
	s.p = [16]byte{1, 2, 1, 0, 0, byte(f.radix), ff1Rounds, byte(u)}
	binary.BigEndian.PutUint32(s.p[8:], uint32(n))
	binary.BigEndian.PutUint32(s.p[12:], uint32(len(tweak)))
	f.block.Encrypt(s.p[:], s.p[:])

	q := make([]byte, (len(tweak)+1+size+15)/16*16)
	copy(q, tweak)
	for i := range ff1Rounds {
		tail := q[len(q)-size-1:]
		tail[0] = byte(i)
		for at, rest := size, b; at > 0; at, rest = at-1, rest>>8 {
			tail[at] = byte(rest)
		}
		s.r = s.p
		for at := 0; at < len(q); at += 16 {
			for j := range s.r {
				s.r[j] ^= q[at+j]
			}
			f.block.Encrypt(s.r[:], s.r[:])
		}
		// Of at most 12 bytes, so the first block is all that the standard's S needs.
		s.x = [16]byte{}
		copy(s.x[16-length:], s.r[:length])
		m := mod[i%2]
		y := bits.Rem64(binary.BigEndian.Uint64(s.x[:8]), binary.BigEndian.Uint64(s.x[8:]), m)
		sum, carry := bits.Add64(a, y, 0)
		a, b = b, bits.Rem64(carry, sum, m)
	}
	f.spell(numerals[:u], a)
	f.spell(numerals[u:], b)
	return true
}

// power returns the radix to the power of n, 0 where it has no room in 64 bits.
func (f ff1) power(n int) uint64 {
	p := uint64(1)
	for range n {
		high, low := bits.Mul64(p, f.radix)
		if high > 0 {
			return 0
		}
		p = low
	}
	return p
}

// number is NUM of the standard.
func (f ff1) number(numerals []byte) (n uint64) {
	for _, d := range numerals {
		n = n*f.radix + uint64(d)
	}
	return n
}

// spell is STR of the standard: n in as many numerals as there is room for.
func (f ff1) spell(numerals []byte, n uint64) {
	for i := len(numerals) - 1; i >= 0; i-- {
		numerals[i] = byte(n % f.radix)
		n /= f.radix
	}
}
