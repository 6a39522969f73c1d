package pseudonym

import (
	"crypto/cipher"
	"net/netip"
)

// ipcryptPfx is ipcrypt-pfx (draft-denis-ipcrypt), which encrypts IP addresses and
// preserves prefixes: two addresses have as many first bits in common as theirs
// have. IPv4 and IPv6 addresses stay what they are. The keys of the two AES-128
// differ, or nothing would be encrypted.
type ipcryptPfx [2]cipher.Block

// encrypt encrypts an address without a zone. One that is mapped into IPv6 (RFC
// 4291, section 2.5.5.2) counts as the IPv4 address that it is.
func (e ipcryptPfx) encrypt(a netip.Addr) netip.Addr {
	in := a.As16()
	out, at := [16]byte{}, 0
	var s struct {
		prefix, one, two [16]byte
	}
	s.prefix[15] = 1 // a 1 stands before the bits that have been read
	if a.Is4() || a.Is4In6() {
		at = 96
		copy(out[:12], in[:12])
		s.prefix = [16]byte{3: 1, 14: 0xff, 15: 0xff}
	}
	for ; at < 128; at++ {
		e[0].Encrypt(s.one[:], s.prefix[:])
		e[1].Encrypt(s.two[:], s.prefix[:])
		bit := in[at/8] >> (7 - at%8) & 1
		out[at/8] |= (bit ^ (s.one[15]^s.two[15])&1) << (7 - at%8)
		for i := range 15 {
			s.prefix[i] = s.prefix[i]<<1 | s.prefix[i+1]>>7
		}
		s.prefix[15] = s.prefix[15]<<1 | bit
	}
	if a.Is4() || a.Is4In6() {
		return netip.AddrFrom16(out).Unmap()
	}
	return netip.AddrFrom16(out)
}
