package pseudonym_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/statveil/statveil/pseudonym"
)

const phone = "+358401234567"

func newRing(t testing.TB, tenant string, versions ...pseudonym.Version) *pseudonym.Keyring {
	t.Helper()
	k, err := pseudonym.NewKeyring(tenant, versions...)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// secret is 32 bytes that depend on n.
func secret(n byte) []byte { return bytes.Repeat([]byte{n}, 32) }

// random makes inputs; a failing test prints the input, and the seed is fixed.
type random struct{ *rand.Rand }

func newRandom(seed uint64) random { return random{rand.New(rand.NewPCG(seed, 0))} }

func (r random) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// text is up to n characters, ASCII or not, or bytes that are no characters.
func (r random) text(n int) string {
	n = r.IntN(n)
	if r.IntN(4) == 0 {
		return string(r.bytes(n))
	}
	var b strings.Builder
	for range n {
		b.WriteRune([]rune("aZ09+@. äß漢🙂\x00")[r.IntN(13)])
	}
	return b.String()
}

func (r random) tenant() string {
	if r.IntN(8) == 0 {
		return pseudonym.Global
	}
	const letters = "abcXYZ019.-"
	b := []byte{letters[r.IntN(9)]}
	for range r.IntN(64) {
		b = append(b, letters[r.IntN(len(letters))])
	}
	return string(b)
}

func TestNewKeyring(t *testing.T) {
	t.Parallel()
	good := pseudonym.Version{Number: 1, Secret: secret(1)}
	tests := []struct {
		name, tenant string
		versions     []pseudonym.Version
		want         string // empty: no error
	}{
		{"one version", "acme", []pseudonym.Version{good}, ""},
		{"global", "_global", []pseudonym.Version{good}, ""},
		{"first and last number", "a", []pseudonym.Version{good, {Number: 32767, Secret: secret(2)}}, ""},
		{"longest name", strings.Repeat("z", 64), []pseudonym.Version{good}, ""},
		{"every character", "0.-aZ", []pseudonym.Version{good}, ""},
		{"no name", "", []pseudonym.Version{good}, "making keyring: malformed tenant name"},
		{"long name", strings.Repeat("z", 65), []pseudonym.Version{good}, "making keyring: malformed tenant name"},
		{"underscore", "_globa", []pseudonym.Version{good}, "making keyring: malformed tenant name"},
		{"first a dot", ".a", []pseudonym.Version{good}, "making keyring: malformed tenant name"},
		{"first a hyphen", "-a", []pseudonym.Version{good}, "making keyring: malformed tenant name"},
		{"line end", "a\n", []pseudonym.Version{good}, "making keyring: malformed tenant name"},
		{"not ASCII", "é", []pseudonym.Version{good}, "making keyring: malformed tenant name"},
		{"no version", "acme", nil, "making keyring: no key version"},
		{"number 0", "acme", []pseudonym.Version{{Secret: secret(1)}}, "making keyring: key version 0: number is not in 1 to 32767"},
		{"number too large", "acme", []pseudonym.Version{{Number: 32768, Secret: secret(1)}}, "making keyring: key version 32768: number is not in 1 to 32767"},
		{"number twice", "acme", []pseudonym.Version{good, good}, "making keyring: key version 1: number is given twice"},
		{"no secret", "acme", []pseudonym.Version{{Number: 3}}, "making keyring: key version 3: secret has 0 bytes, not 32"},
		{"secret twice", "acme", []pseudonym.Version{{Number: 4, Secret: secret(2)}, good, {Number: 5, Secret: secret(2)}}, "making keyring: key version 5: secret is that of version 4"},
		{"secret never made", "acme", []pseudonym.Version{{Number: 3, Secret: make([]byte, 32)}}, "making keyring: key version 3: secret is all zero"},
		{"long secret", "acme", []pseudonym.Version{{Number: 3, Secret: make([]byte, 33)}}, "making keyring: key version 3: secret has 33 bytes, not 32"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k, err := pseudonym.NewKeyring(tt.tenant, tt.versions...)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != tt.want || (k == nil) != (err != nil) {
				t.Errorf("NewKeyring(%q): got %v, error %q, want error %q", tt.tenant, k, got, tt.want)
			}
		})
	}
}

func TestNewKeyringCopies(t *testing.T) {
	t.Parallel()
	s := secret(1)
	k := newRing(t, "acme", pseudonym.Version{Number: 1, Secret: s})
	want := k.Seal(pseudonym.Context{Scope: "day:2026-11-24"}, phone)
	clear(s)
	if got := k.Seal(pseudonym.Context{Scope: "day:2026-11-24"}, phone); got != want {
		t.Errorf("after the caller cleared its secret: got %s, want %s", got, want)
	}
}

// Everything that a pseudonym depends on makes another one, and nothing else does.
func TestSealDependsOn(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, tenant := range []string{"acme", "acm", "e", "Acme", "global", pseudonym.Global} {
		for _, number := range []uint16{1, 2, 256, 32767} {
			for n := range byte(2) {
				v := pseudonym.Version{Number: number, Secret: secret(n + 1)}
				ring, again := newRing(t, tenant, v), newRing(t, tenant, v)
				for _, scope := range []string{"", "day:2026-11-24", "day:2026-11-25", "value:", "value:a", "e"} {
					for _, reversible := range []bool{false, true} {
						for _, text := range []string{"", "a", phone, phone + " ", "psn_", "é", "e\u0301"} {
							who := fmt.Sprintf("tenant %s version %d secret %d scope %q reversible %v text %q", tenant, number, n, scope, reversible, text)
							c := pseudonym.Context{Scope: scope, Reversible: reversible}
							token := ring.Seal(c, text)
							if before, ok := seen[token]; ok {
								t.Fatalf("one token for\n%s and\n%s", before, who)
							}
							seen[token] = who
							if got := again.Seal(c, text); got != token {
								t.Fatalf("%s: two keyrings of one secret give %s and %s", who, token, got)
							}
						}
					}
				}
			}
		}
	}
}

// Apart from the header, the tokens of one value under two versions have nothing
// in common: a rotation cuts the link between them.
func TestRotationCutsLinks(t *testing.T) {
	t.Parallel()
	old := newRing(t, "acme", pseudonym.Version{Number: 1, Secret: secret(1)})
	rotated := newRing(t, "acme", pseudonym.Version{Number: 2, Secret: secret(2)})
	for _, c := range contexts {
		for i := range 100 {
			text := fmt.Sprintf("+35840123%04d", i)
			a, b := decode(t, old.Seal(c, text)), decode(t, rotated.Seal(c, text))
			for at := 2; at+4 <= len(a); at++ {
				if bytes.Contains(b[2:], a[at:at+4]) {
					t.Errorf("%+v %q: both versions' tokens contain %x", c, text, a[at:at+4])
				}
			}
		}
	}
}

func TestVersionInEffect(t *testing.T) {
	t.Parallel()
	day := func(d int) time.Time { return time.Date(2026, 11, d, 0, 0, 0, 0, time.UTC) }
	v := func(number uint16, from time.Time) pseudonym.Version {
		return pseudonym.Version{Number: number, Secret: secret(byte(number)), From: from}
	}
	steps := []pseudonym.Version{v(3, day(20)), v(1, day(1)), v(2, day(10))}
	var many []pseudonym.Version
	for n := range uint16(200) {
		number := (n*77)%200 + 1
		many = append(many, v(number, day(5+int(number-1)/120)))
	}
	tests := []struct {
		name     string
		versions []pseudonym.Version
		at       time.Time
		want     uint16
	}{
		{"before all", steps, day(1).Add(-1), 1},
		{"at the first", steps, day(1), 1},
		{"just before the second", steps, day(10).Add(-1), 1},
		{"at the second", steps, day(10), 2},
		{"at the second, in another zone", steps, day(10).In(time.FixedZone("", 7200)), 2},
		{"after all", steps, day(28), 3},
		{"numbers against times", []pseudonym.Version{v(9, day(1)), v(2, day(10))}, day(11), 2},
		{"always", []pseudonym.Version{v(4, time.Time{})}, day(1), 4},
		{"always and later", []pseudonym.Version{v(4, time.Time{}), v(5, day(5))}, day(4), 4},
		{"one time, highest number", []pseudonym.Version{v(7, day(5)), v(8, day(5)), v(6, day(5))}, day(6), 8},
		{"many, before the second time", many, day(6).Add(-1), 120},
		{"many", many, day(6), 200},
		{"one time and none in effect", []pseudonym.Version{v(7, day(5)), v(8, day(5)), v(9, day(6))}, day(4), 8},
		{"now", []pseudonym.Version{v(1, time.Unix(0, 0)), v(2, time.Now().Add(-time.Hour)), v(3, time.Now().Add(1000*time.Hour))}, time.Time{}, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ring := newRing(t, "acme", tt.versions...)
			for _, reversible := range []bool{false, true} {
				token := ring.Seal(pseudonym.Context{Time: tt.at, Reversible: reversible}, phone)
				raw := decode(t, token)
				if got := uint16(raw[0]&0x7f)<<8 | uint16(raw[1]); got != tt.want {
					t.Errorf("reversible %v: got version %d, want %d", reversible, got, tt.want)
				}
			}
			for _, version := range tt.versions { // whatever is in effect, all versions open
				token := newRing(t, "acme", version).Seal(pseudonym.Context{Reversible: true}, phone)
				if got, err := ring.Open(token); got != phone || err != nil {
					t.Errorf("Open of version %d: got %q, %v, want %q", version.Number, got, err, phone)
				}
			}
		})
	}
}

// Who has all tokens of a number range but no key gets nowhere with the hashes
// that break unkeyed pseudonyms: neither the value, nor the label, nor the tenant
// and scope in front of it.
func TestNoUnkeyedHash(t *testing.T) {
	t.Parallel()
	ring := newRing(t, "acme", pseudonym.Version{Number: 1, Secret: secret(1)})
	tokens := map[string]string{} // 4 bytes from anywhere in the PRF part to the value
	values := make([]string, 2000)
	for i := range values {
		values[i] = fmt.Sprintf("+35840%07d", i)
		tokens[string(decode(t, ring.Seal(pseudonym.Context{}, values[i]))[2:16])] = values[i]
	}
	for _, value := range values {
		for _, guess := range []string{value, "acme" + value, "acme:" + value, "statveil/1" + value, "psn_" + value} {
			plain := sha256.Sum256([]byte(guess))
			keyed := oracleHMAC([]byte("statveil/1"), []byte(guess))
			zero := oracle{secret: make([]byte, 32), tenant: "acme", number: 1}
			for _, sum := range [][]byte{plain[:], keyed, oracleHMAC(make([]byte, 32), []byte(guess)), oracleHMAC(zero.key("one-way", "", 32), []byte(guess))} {
				for at := 0; at+14 <= len(sum); at++ {
					if found, ok := tokens[string(sum[at:at+14])]; ok {
						t.Fatalf("the token of %s can be computed without the key", found)
					}
				}
			}
		}
	}
	if len(tokens) != len(values) {
		t.Errorf("%d values have %d pseudonyms", len(values), len(tokens))
	}
}

// A reader of reversible tokens must not see which of them share a scope or how
// their texts begin: any difference anywhere changes everything after the header.
func TestReversibleHidesScopeAndPrefix(t *testing.T) {
	t.Parallel()
	ring := newRing(t, "acme", pseudonym.Version{Number: 1, Secret: secret(1)})
	seen := map[string]string{}
	for _, scope := range []string{"", "day:2026-11-24", "day:2026-11-25"} {
		for i := range 200 {
			text := fmt.Sprintf("+3584012345%02d and what follows", i)
			raw := decode(t, ring.Seal(pseudonym.Context{Scope: scope, Reversible: true}, text))
			for at := 2; at+6 <= len(raw); at++ {
				piece := fmt.Sprintf("%d %x", at, raw[at:at+6])
				if before, ok := seen[piece]; ok {
					t.Fatalf("%q and %q in scope %q agree in 6 bytes at %d", before, text, scope, at)
				}
				seen[piece] = text
			}
		}
	}
}

func TestConcurrent(t *testing.T) {
	t.Parallel()
	all, _ := rings(t)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 300 {
				text := fmt.Sprintf("%d %s", i, strings.Repeat("x", g*i))
				for _, c := range contexts {
					c.Time = time.Date(2026, time.Month(1+i%3), 2, 0, 0, 0, 0, time.UTC)
					token := all.Seal(c, text)
					want := oracle{secret: secret(byte(1 + i%3)), tenant: "acme", number: 1 + i%3}.seal(c.Scope, text, c.Reversible)
					if i%50 == 0 && token != want { // the oracle is slow
						t.Errorf("%+v %q: got %s, want %s", c, text, token, want)
					}
					got, err := all.Open(token)
					if c.Reversible && (got != text || err != nil) || !c.Reversible && err != pseudonym.ErrOneWay || !all.Own(token) {
						t.Errorf("%+v %q: Open(%s) gave %q, %v", c, text, token, got, err)
					}
				}
			}
		})
	}
	wg.Wait()
}

func TestNothingPrintsSecrets(t *testing.T) {
	t.Parallel()
	v := pseudonym.Version{Number: 3, Secret: []byte("SSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSS"), From: time.Unix(0, 0)}
	ring := newRing(t, "acme", v)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, x := range []any{v, &v, []pseudonym.Version{v}, struct{ V pseudonym.Version }{v}} {
			got := fmt.Sprintf(verb, x)
			if !strings.Contains(got, "key version 3 from 1970-01-01T00:00:00Z") || strings.Contains(got, "SSS") ||
				strings.Contains(got, "83 83") || strings.Contains(got, "5353") {
				t.Errorf("%s of %T: got %q", verb, x, got)
			}
		}
		if got := fmt.Sprintf(verb, ring); got != "pseudonym.Keyring" {
			t.Errorf("%s of a keyring: got %q", verb, got)
		}
	}
	if got, err := json.Marshal(v); err == nil {
		t.Errorf("a key version was written as JSON: %s", got)
	}
}
