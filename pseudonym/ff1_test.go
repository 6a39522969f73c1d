package pseudonym_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/statveil/statveil/pseudonym"
)

const numeralLetters = "0123456789abcdefghijklmnopqrstuvwxyz"

func numerals(text string) (out []byte) {
	for _, c := range text {
		out = append(out, byte(strings.IndexRune(numeralLetters, c)))
	}
	return out
}

func ints(numerals []byte) (out []int) {
	for _, n := range numerals {
		out = append(out, int(n))
	}
	return out
}

// ff1Samples are the sample vectors that NIST publishes beside SP 800-38G
// ("Cryptographic Standards and Guidelines: Examples with Intermediate Values",
// FF1samples.pdf), all nine of them.
var ff1Samples = []struct {
	name, key, tweak string
	radix            uint64
	plain, cipher    string
}{
	{"1, AES-128", "2b7e151628aed2a6abf7158809cf4f3c", "", 10, "0123456789", "2433477484"},
	{"2, AES-128", "2b7e151628aed2a6abf7158809cf4f3c", "39383736353433323130", 10, "0123456789", "6124200773"},
	{"3, AES-128", "2b7e151628aed2a6abf7158809cf4f3c", "3737373770717273373737", 36, "0123456789abcdefghi", "a9tv40mll9kdu509eum"},
	{"4, AES-192", "2b7e151628aed2a6abf7158809cf4f3cef4359d8d580aa4f", "", 10, "0123456789", "2830668132"},
	{"5, AES-192", "2b7e151628aed2a6abf7158809cf4f3cef4359d8d580aa4f", "39383736353433323130", 10, "0123456789", "2496655549"},
	{"6, AES-192", "2b7e151628aed2a6abf7158809cf4f3cef4359d8d580aa4f", "3737373770717273373737", 36, "0123456789abcdefghi", "xbj3kv35jrawxv32ysr"},
	{"7, AES-256", "2b7e151628aed2a6abf7158809cf4f3cef4359d8d580aa4f7f036d6f04fc6a94", "", 10, "0123456789", "6657667009"},
	{"8, AES-256", "2b7e151628aed2a6abf7158809cf4f3cef4359d8d580aa4f7f036d6f04fc6a94", "39383736353433323130", 10, "0123456789", "1001623463"},
	{"9, AES-256", "2b7e151628aed2a6abf7158809cf4f3cef4359d8d580aa4f7f036d6f04fc6a94", "3737373770717273373737", 36, "0123456789abcdefghi", "xs8a0azh2avyalyzuwd"},
}

func TestFF1AgainstNIST(t *testing.T) {
	t.Parallel()
	for _, tt := range ff1Samples {
		t.Run(tt.name, func(t *testing.T) {
			key, tweak := unhex(t, tt.key), unhex(t, tt.tweak)
			got := numerals(tt.plain)
			if ok := pseudonym.FF1(key, tweak, got, tt.radix); !ok || !slices.Equal(got, numerals(tt.cipher)) {
				t.Errorf("got %d, %v, want %d", got, ok, numerals(tt.cipher))
			}
			oracle := oracleFF1(key, tweak, ints(numerals(tt.plain)), int64(tt.radix), true)
			if !slices.Equal(oracle, ints(numerals(tt.cipher))) {
				t.Errorf("the oracle makes %d, want %d", oracle, numerals(tt.cipher))
			}
			if back := oracleFF1(key, tweak, oracle, int64(tt.radix), false); !slices.Equal(back, ints(numerals(tt.plain))) {
				t.Errorf("the oracle turns it back to %d", back)
			}
		})
	}
}

// Every length and radix that fits, and tweaks over several blocks.
func TestFF1AgainstOracle(t *testing.T) {
	t.Parallel()
	random := newRandom(2)
	for range 3000 {
		key, tweak := random.bytes([]int{16, 24, 32}[random.IntN(3)]), random.bytes(random.IntN(50))
		radix, n := uint64(2+random.IntN(35)), 2+random.IntN(40)
		text := make([]byte, n)
		for i := range text {
			text[i] = byte(random.IntN(int(radix)))
		}
		got := slices.Clone(text)
		if !pseudonym.FF1(key, tweak, got, radix) {
			if !slices.Equal(got, text) {
				t.Fatalf("radix %d: refused %d, and changed it to %d", radix, text, got)
			}
			continue
		}
		if want := oracleFF1(key, tweak, ints(text), int64(radix), true); !slices.Equal(ints(got), want) {
			t.Fatalf("radix %d, tweak %x, %d: got %d, want %d", radix, tweak, text, got, want)
		}
	}
}

// What the standard does not allow, and what does not fit, is refused.
func TestFF1Domain(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		radix uint64
		n     int
		want  bool
	}{
		{10, 0, false}, {10, 1, false}, {10, 5, false}, {10, 6, true}, {10, 38, true}, {10, 39, false},
		{2, 19, false}, {2, 20, true}, {2, 126, true}, {2, 127, false}, {36, 3, false}, {36, 4, true}, {36, 24, true}, {36, 25, false},
	} {
		if got := pseudonym.FF1(secret(1), nil, make([]byte, tt.n), tt.radix); got != tt.want {
			t.Errorf("%d numerals of radix %d: got %v, want %v", tt.n, tt.radix, got, tt.want)
		}
	}
}

// All texts of six digits: each is the encryption of one other.
func TestFF1IsAPermutation(t *testing.T) {
	t.Parallel()
	seen := make([]bool, 1_000_000)
	text := make([]byte, 6)
	for i := range seen {
		for at, rest := 5, i; at >= 0; at, rest = at-1, rest/10 {
			text[at] = byte(rest % 10)
		}
		if !pseudonym.FF1(secret(1), []byte("358"), text, 10) {
			t.Fatal("refused")
		}
		n := 0
		for _, d := range text {
			n = n*10 + int(d)
		}
		if seen[n] {
			t.Fatalf("%06d is the encryption of two texts", n)
		}
		seen[n] = true
	}
}
