package pseudonym_test

import (
	"net/netip"
	"testing"

	"github.com/statveil/statveil/pseudonym"
)

// pfxVectors are those of draft-denis-ipcrypt, all that it has for ipcrypt-pfx.
var pfxVectors = []struct{ key, plain, cipher string }{
	{pfxFirst, "0.0.0.0", "151.82.155.134"},
	{pfxFirst, "255.255.255.255", "94.185.169.89"},
	{pfxFirst, "192.0.2.1", "100.115.72.131"},
	{pfxFirst, "2001:db8::1", "c180:5dd4:2587:3524:30ab:fa65:6ab6:f88"},
	{pfxSecond, "10.0.0.47", "19.214.210.244"},
	{pfxSecond, "10.0.0.129", "19.214.210.80"},
	{pfxSecond, "10.0.0.234", "19.214.210.30"},
	{pfxSecond, "172.16.5.193", "210.78.229.136"},
	{pfxSecond, "172.16.97.42", "210.78.179.241"},
	{pfxSecond, "172.16.248.177", "210.78.121.215"},
	{pfxSecond, "2001:db8::a5c9:4e2f:bb91:5a7d", "7cec:702c:1243:f70:1956:125:b9bd:1aba"},
	{pfxSecond, "2001:db8::7234:d8f1:3c6e:9a52", "7cec:702c:1243:f70:a3ef:c8e:95c1:cd0d"},
	{pfxSecond, "2001:db8::f1e0:937b:26d4:8c1a", "7cec:702c:1243:f70:443c:c8e:6a62:b64d"},
	{pfxSecond, "2001:db8:3a5c:0:e7d1:4b9f:2c8a:f673", "7cec:702c:3503:bef:e616:96bd:be33:a9b9"},
	{pfxSecond, "2001:db8:9f27:0:b4e2:7a3d:5f91:c8e6", "7cec:702c:a504:b74e:194a:3d90:b047:2d1a"},
	{pfxSecond, "2001:db8:d8b4:0:193c:a5e7:8b2f:46d1", "7cec:702c:f840:aa67:1b8:e84f:ac9d:77fb"},
}

const (
	pfxFirst  = "0123456789abcdeffedcba98765432101032547698badcfeefcdab8967452301"
	pfxSecond = "2b7e151628aed2a6abf7158809cf4f3ca9f5ba40db214c3798f2e1c23456789a"
)

func TestPfxAgainstDraft(t *testing.T) {
	t.Parallel()
	for _, v := range pfxVectors {
		key, a := [32]byte(unhex(t, v.key)), netip.MustParseAddr(v.plain)
		if got := pseudonym.Pfx(key, a).String(); got != v.cipher {
			t.Errorf("%s: got %s, want %s", v.plain, got, v.cipher)
		}
		if got := oraclePfx(key[:], a).String(); got != v.cipher {
			t.Errorf("%s: the oracle makes %s, want %s", v.plain, got, v.cipher)
		}
	}
}

func TestPfxAgainstOracle(t *testing.T) {
	t.Parallel()
	random := newRandom(3)
	for range 500 {
		key := [32]byte(random.bytes(32))
		a, _ := netip.AddrFromSlice(random.bytes([]int{4, 16}[random.IntN(2)]))
		if got, want := pseudonym.Pfx(key, a), oraclePfx(key[:], a); got != want {
			t.Fatalf("%s: got %s, want %s", a, got, want)
		}
	}
}

// common returns how many first bits two addresses have in common.
func common(a, b netip.Addr) (n int) {
	x, y := a.AsSlice(), b.AsSlice()
	for n < a.BitLen() && x[n/8]>>(7-n%8)&1 == y[n/8]>>(7-n%8)&1 {
		n++
	}
	return n
}

// Two addresses have exactly as many first bits in common as their encryptions: so
// they stay different, and networks stay networks.
func TestPfxPreservesPrefixes(t *testing.T) {
	t.Parallel()
	random := newRandom(4)
	for range 2000 {
		key := [32]byte(random.bytes(32))
		b := random.bytes([]int{4, 16}[random.IntN(2)])
		a, _ := netip.AddrFromSlice(b)
		from := random.IntN(8 * len(b))
		for i := from; i < 8*len(b); i++ { // from there on, another address
			if i == from || random.IntN(2) == 0 {
				b[i/8] ^= 1 << (7 - i%8)
			}
		}
		other, _ := netip.AddrFromSlice(b)
		if a.Is4In6() || other.Is4In6() {
			continue
		}
		x, y := pseudonym.Pfx(key, a), pseudonym.Pfx(key, other)
		if x.BitLen() != a.BitLen() || common(a, other) != from || common(x, y) != from {
			t.Fatalf("%s and %s have %d bits in common, their encryptions %s and %s %d", a, other, from, x, y, common(x, y))
		}
	}
}

// A mapped address is the IPv4 address, and no IPv6 address with its bits.
func TestPfxMapped(t *testing.T) {
	t.Parallel()
	key := [32]byte(unhex(t, pfxFirst))
	if got := pseudonym.Pfx(key, netip.MustParseAddr("::ffff:192.0.2.1")).String(); got != "100.115.72.131" {
		t.Errorf("got %s, want that of 192.0.2.1", got)
	}
	six := pseudonym.Pfx(key, netip.MustParseAddr("c000:201::")).As16()
	if four := pseudonym.Pfx(key, netip.MustParseAddr("192.0.2.1")).As4(); [4]byte(six[:4]) == four {
		t.Errorf("an IPv4 address and an IPv6 address that begins like it are both %v", four)
	}
}
