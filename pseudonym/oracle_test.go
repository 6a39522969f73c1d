package pseudonym_test

import (
	"bytes"
	"crypto/aes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/tink-crypto/tink-go/v2/daead/subtle"
)

// This file writes the construction a second time, from docs/pseudonyms.md and
// the RFCs, with nothing but HMAC, SHA-256 and the AES block. It is slow and
// plain; the package is measured against it, and it against the RFCs.

// oracle is one key version of one tenant.
type oracle struct {
	secret []byte
	tenant string
	number int
}

func (o oracle) seal(scope, text string, reversible bool) string {
	head := []byte{byte(o.number >> 8), byte(o.number)}
	if !reversible {
		b := slices.Concat(head, oracleHMAC(o.key("one-way", scope, 32), []byte(text))[:14])
		b = slices.Concat(b, oracleHMAC(o.key("tag", "", 32), b)[:4])
		return "psn_" + oracleBase32(b)
	}
	head[0] |= 0x80
	scopeTag := oracleHMAC(o.key("scope", "", 32), []byte(scope))[:6]
	plain := slices.Concat(scopeTag, []byte(text))
	sealed := oracleSIV(o.key("reversible", "", 64), plain, slices.Concat([]byte("statveil/1"), head))
	return "psn_" + oracleBase32(slices.Concat(head, sealed))
}

func (o oracle) key(use, scope string, size int) []byte {
	prk := oracleHMAC([]byte("statveil/1"), o.secret)
	var info []byte
	for _, field := range []string{"statveil/1", use, o.tenant, scope} {
		n := len(field)
		info = append(info, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
		info = append(info, field...)
	}
	return oracleExpand(prk, info, size)
}

func oracleHMAC(key, message []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(message)
	return h.Sum(nil)
}

// oracleExpand is HKDF-Expand, RFC 5869 section 2.3.
func oracleExpand(prk, info []byte, size int) []byte {
	var okm, t []byte
	for i := byte(1); len(okm) < size; i++ {
		t = oracleHMAC(prk, slices.Concat(t, info, []byte{i}))
		okm = append(okm, t...)
	}
	return okm[:size]
}

// oracleBase32 takes five bits at a time from one large number.
func oracleBase32(b []byte) string {
	n := new(big.Int).SetBytes(b)
	bits := len(b) * 8
	for ; bits%5 != 0; bits++ {
		n.Lsh(n, 1)
	}
	var out strings.Builder
	for at := bits - 5; at >= 0; at -= 5 {
		five := new(big.Int).Rsh(n, uint(at))
		out.WriteByte("abcdefghijklmnopqrstuvwxyz234567"[five.Uint64()&31])
	}
	return out.String()
}

// oracleSIV is AES-SIV, RFC 5297 section 2.6: V | C.
func oracleSIV(key, plain []byte, associated ...[]byte) []byte {
	half := len(key) / 2
	v := oracleS2V(key[:half], plain, associated...)
	q := slices.Clone(v)
	q[8] &= 0x7f
	q[12] &= 0x7f
	block, err := aes.NewCipher(key[half:])
	if err != nil {
		panic(err)
	}
	counter := new(big.Int).SetBytes(q)
	out := slices.Clone(v)
	for i := 0; i < len(plain); i += 16 {
		stream := make([]byte, 16)
		block.Encrypt(stream, new(big.Int).Mod(counter, new(big.Int).Lsh(big.NewInt(1), 128)).FillBytes(make([]byte, 16)))
		for j := i; j < min(i+16, len(plain)); j++ {
			out = append(out, plain[j]^stream[j-i])
		}
		counter.Add(counter, big.NewInt(1))
	}
	return out
}

// oracleS2V is RFC 5297 section 2.4.
func oracleS2V(key, plain []byte, associated ...[]byte) []byte {
	d := oracleCMAC(key, make([]byte, 16))
	for _, a := range associated {
		d = xor(double(d), oracleCMAC(key, a))
	}
	var t []byte
	if len(plain) >= 16 {
		end := len(plain) - 16
		t = slices.Concat(plain[:end], xor(plain[end:], d))
	} else {
		padded := make([]byte, 16)
		copy(padded, plain)
		padded[len(plain)] = 0x80
		t = xor(double(d), padded)
	}
	return oracleCMAC(key, t)
}

// oracleCMAC is RFC 4493 section 2.4, with AES of any key size.
func oracleCMAC(key, message []byte) []byte {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	l := make([]byte, 16)
	block.Encrypt(l, l)
	k1 := double(l)
	n := max(1, (len(message)+15)/16)
	last := slices.Clone(message[(n-1)*16:])
	if len(last) == 16 {
		last = xor(last, k1)
	} else {
		last = append(last, 0x80)
		last = xor(append(last, make([]byte, 16-len(last))...), double(k1))
	}
	x := make([]byte, 16)
	for i := range n - 1 {
		block.Encrypt(x, xor(x, message[i*16:i*16+16]))
	}
	block.Encrypt(x, xor(x, last))
	return x
}

func xor(a, b []byte) []byte {
	out := make([]byte, len(a))
	for i := range a {
		out[i] = a[i] ^ b[i]
	}
	return out
}

func double(b []byte) []byte {
	n := new(big.Int).Lsh(new(big.Int).SetBytes(b), 1)
	if n.Bit(128) == 1 {
		n.SetBit(n, 128, 0)
		n.Xor(n, big.NewInt(0x87))
	}
	return n.FillBytes(make([]byte, 16))
}

func TestOracleSIVAgainstRFC5297(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, key, plain string
		associated       []string
		want             string
	}{{
		name:       "A.1 deterministic",
		key:        "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
		plain:      "112233445566778899aabbccddee",
		associated: []string{"101112131415161718191a1b1c1d1e1f2021222324252627"},
		want:       "85632d07c6e8f37f950acd320a2ecc9340c02b9690c4dc04daef7f6afe5c",
	}, {
		name:  "A.2 nonce-based",
		key:   "7f7e7d7c7b7a79787776757473727170404142434445464748494a4b4c4d4e4f",
		plain: "7468697320697320736f6d6520706c61696e7465787420746f20656e6372797074207573696e67205349562d414553",
		associated: []string{
			"00112233445566778899aabbccddeeffdeaddadadeaddadaffeeddccbbaa99887766554433221100",
			"102030405060708090a0",
			"09f911029d74e35bd84156c5635688c0",
		},
		want: "7bdb6e3b432667eb06f4d14bff2fbd0fcb900f2fddbe404326601965c889bf17" +
			"dba77ceb094fa663b7a3f748ba8af829ea64ad544a272e9c485b62a3fd5c0d",
	}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var associated [][]byte
			for _, a := range tt.associated {
				associated = append(associated, unhex(t, a))
			}
			got := hex.EncodeToString(oracleSIV(unhex(t, tt.key), unhex(t, tt.plain), associated...))
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestOracleHKDFAgainstRFC5869(t *testing.T) {
	t.Parallel()
	// Test case 1 of appendix A.
	prk := oracleHMAC(unhex(t, "000102030405060708090a0b0c"), bytes.Repeat([]byte{0x0b}, 22))
	if got, want := hex.EncodeToString(prk), "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"; got != want {
		t.Errorf("extract: got %s, want %s", got, want)
	}
	okm := oracleExpand(prk, unhex(t, "f0f1f2f3f4f5f6f7f8f9"), 42)
	if got, want := hex.EncodeToString(okm), "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"; got != want {
		t.Errorf("expand: got %s, want %s", got, want)
	}
}

func TestOracleBase32AgainstRFC4648(t *testing.T) {
	t.Parallel()
	// Section 10, without padding and in lower case.
	for in, want := range map[string]string{
		"": "", "f": "my", "fo": "mzxq", "foo": "mzxw6", "foob": "mzxw6yq", "fooba": "mzxw6ytb", "foobar": "mzxw6ytboi",
	} {
		if got := oracleBase32([]byte(in)); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
}

// The library's keys have 512 bits, for which the RFC has no example.
func TestLibrarySIVAgainstOracle(t *testing.T) {
	t.Parallel()
	key := oracleExpand([]byte("any key"), nil, 64)
	library, err := subtle.NewAESSIV(key)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 130 {
		plain, associated := oracleExpand([]byte("plain"), nil, n), oracleExpand([]byte("associated"), nil, n)
		got, err := library.EncryptDeterministically(plain, associated)
		if err != nil {
			t.Fatal(err)
		}
		if want := oracleSIV(key, plain, associated); !bytes.Equal(got, want) {
			t.Errorf("%d bytes: got %x, want %x", n, got, want)
		}
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
