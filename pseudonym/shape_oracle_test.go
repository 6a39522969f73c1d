package pseudonym_test

import (
	"crypto/aes"
	"math"
	"math/big"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// This file writes shapes a second time, from docs/pseudonyms.md, SP 800-38G and
// draft-denis-ipcrypt, with large numbers and the AES block.

// shape returns "" where there is none.
func (o oracle) shape(scope, text string, keep int) string {
	national := ""
	if keep > 1 && keep < len(text) {
		national = text[keep:]
	}
	number := strings.TrimPrefix(text, "-")
	ip, err := netip.ParseAddr(text)
	switch {
	case regexp.MustCompile(`^\+[0-9]+$`).MatchString(text) && len(national) >= 6:
		return text[:keep] + oracleDigits(o.key("phone-shape", scope, 32), text[1:keep], national)
	case regexp.MustCompile(`^-?[0-9]{6,15}$`).MatchString(text):
		tweak := text[:len(text)-len(number)]
		out := oracleDigits(o.key("integer-shape", scope, 32), tweak, number)
		for (out[0] == '0') != (number[0] == '0') {
			out = oracleDigits(o.key("integer-shape", scope, 32), tweak, out)
		}
		return tweak + out
	case err == nil && ip.Zone() == "":
		return oraclePfx(o.key("ip-shape", scope, 32), ip).String()
	case err != nil && strings.Contains(text, "@"):
		return o.seal(scope, text, false) + "@pseudonym.invalid"
	}
	return ""
}

func oracleDigits(key []byte, tweak, digits string) string {
	numerals := make([]int, len(digits))
	for i := range digits {
		numerals[i] = int(digits[i] - '0')
	}
	var b strings.Builder
	for _, n := range oracleFF1(key, []byte(tweak), numerals, 10, true) {
		b.WriteString(strconv.Itoa(n))
	}
	return b.String()
}

// oracleFF1 is FF1.Encrypt and FF1.Decrypt of SP 800-38G, algorithms 7 and 8, step
// by step in their own letters.
func oracleFF1(key, T []byte, X []int, radix int64, forward bool) []int {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	ciph := func(in []byte) []byte {
		out := make([]byte, 16)
		block.Encrypt(out, in)
		return out
	}
	prf := func(in []byte) []byte { // algorithm 6
		y := make([]byte, 16)
		for i := 0; i < len(in); i += 16 {
			y = ciph(xor(y, in[i:i+16]))
		}
		return y
	}
	num := func(numerals []int) *big.Int {
		x := new(big.Int)
		for _, d := range numerals {
			x.Mul(x, big.NewInt(radix)).Add(x, big.NewInt(int64(d)))
		}
		return x
	}
	str := func(m int, x *big.Int) []int {
		out, rest := make([]int, m), new(big.Int).Set(x)
		for i := m - 1; i >= 0; i-- {
			_, d := rest.QuoRem(rest, big.NewInt(radix), new(big.Int))
			out[i] = int(d.Int64())
		}
		return out
	}
	n, t := len(X), len(T)
	u := n / 2
	v := n - u
	A, B := slices.Clone(X[:u]), slices.Clone(X[u:])
	b := int(math.Ceil(math.Ceil(float64(v)*math.Log2(float64(radix))) / 8))
	d := 4*int(math.Ceil(float64(b)/4)) + 4
	word := func(x, size int) []byte { return big.NewInt(int64(x)).FillBytes(make([]byte, size)) }
	P := slices.Concat([]byte{1, 2, 1}, word(int(radix), 3), []byte{10, byte(u % 256)}, word(n, 4), word(t, 4))
	for round := range 10 {
		i, from := round, B
		if !forward {
			i, from = 9-round, A
		}
		Q := slices.Concat(T, make([]byte, ((-t-b-1)%16+16)%16), []byte{byte(i)}, num(from).FillBytes(make([]byte, b)))
		R := prf(slices.Concat(P, Q))
		S := slices.Clone(R)
		for j := 1; len(S) < d; j++ {
			S = append(S, ciph(xor(R, word(j, 16)))...)
		}
		y := new(big.Int).SetBytes(S[:d])
		m := u
		if i%2 == 1 {
			m = v
		}
		mod := new(big.Int).Exp(big.NewInt(radix), big.NewInt(int64(m)), nil)
		if forward {
			c := new(big.Int).Mod(new(big.Int).Add(num(A), y), mod)
			A, B = B, str(m, c)
		} else {
			c := new(big.Int).Mod(new(big.Int).Sub(num(B), y), mod)
			A, B = str(m, c), A
		}
	}
	return slices.Concat(A, B)
}

// oraclePfx is ipcrypt-pfx with the prefix as one number.
func oraclePfx(key []byte, a netip.Addr) netip.Addr {
	one, err := aes.NewCipher(key[:16])
	if err != nil {
		panic(err)
	}
	two, err := aes.NewCipher(key[16:])
	if err != nil {
		panic(err)
	}
	a = a.Unmap()
	bits, prefix := a.BitLen(), big.NewInt(1)
	if bits == 32 {
		prefix.SetString("100000000000000000000ffff", 16)
	}
	in, out := new(big.Int).SetBytes(a.AsSlice()), new(big.Int)
	for i := bits - 1; i >= 0; i-- {
		padded := new(big.Int).Mod(prefix, new(big.Int).Lsh(big.NewInt(1), 128)).FillBytes(make([]byte, 16))
		e1, e2 := make([]byte, 16), make([]byte, 16)
		one.Encrypt(e1, padded)
		two.Encrypt(e2, padded)
		out.SetBit(out, i, uint(e1[15]^e2[15])&1^in.Bit(i))
		prefix.Lsh(prefix, 1).SetBit(prefix, 0, in.Bit(i))
	}
	shape, _ := netip.AddrFromSlice(out.FillBytes(make([]byte, bits/8)))
	return shape
}
