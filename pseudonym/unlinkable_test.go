package pseudonym_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"testing"
	"time"

	"github.com/statveil/statveil/pseudonym"
)

// TestUnlinkable: over all combinations of tenants, key versions, scopes, directions
// and texts, two pseudonyms are equal if all of these are, in whichever keyring they
// are made. Else not even the eight bytes behind the header are, which alone tells
// versions and directions apart. That holds where tenants share a secret by mistake,
// too. (Of so many values of 64 bits two are equal by chance once in 10⁹ times.)
func TestUnlinkable(t *testing.T) {
	t.Parallel()
	r := newRandom(11)
	tenants := []string{"acme", "Acme", "acm", "e", "a.b", "a", "b", "default", "global", pseudonym.Global}
	for range 4 {
		tenants = append(tenants, r.tenant())
	}
	scopes := []string{"", "day:2026-11-24", "day:2026-11-25", "week:2026-W48", "month:2026-11", "value:", "value:room", "value:room ", "value:day:2026-11-24", "request:A", "request:B"}
	texts := []string{"", "a", phone, "+358401234568", "+35840123456", "anna@example.com", "Anna@example.com", "acme" + phone, "\x00", "\x00\x00"}
	for range 100 {
		texts = append(texts, r.text(60))
	}
	var versions []pseudonym.Version
	for n := range byte(3) {
		versions = append(versions, pseudonym.Version{Number: uint16(n) + 1, Secret: secret(n + 1)})
	}
	seen := map[[8]byte]string{}
	for _, tenant := range distinct(tenants) {
		ring := newRing(t, tenant, versions...)
		var alone []*pseudonym.Keyring
		for _, v := range versions {
			alone = append(alone, newRing(t, tenant, v))
		}
		for _, scope := range scopes {
			for _, reversible := range []bool{false, true} {
				for _, text := range distinct(texts) {
					c := pseudonym.Context{Scope: scope, Reversible: reversible}
					for number, token := range ring.SealAll(c, text) {
						who := fmt.Sprintf("%q of %s in %q, reversible %v, version %d", text, tenant, scope, reversible, number)
						if got := alone[number-1].Seal(c, text); got != token {
							t.Fatalf("%s: %s in one keyring and %s in another", who, token, got)
						}
						body := [8]byte(decode(t, token)[2:])
						if before, ok := seen[body]; ok {
							t.Fatalf("%s and %s cannot be told apart", before, who)
						}
						seen[body] = who
					}
				}
			}
		}
	}
	if want := 13 * 3 * len(scopes) * 2 * 100; len(seen) < want {
		t.Errorf("%d were compared, want at least %d", len(seen), want)
	}
}

// distinct returns all texts that are not among those before them.
func distinct(all []string) (out []string) {
	seen := map[string]bool{}
	for _, s := range all {
		if !seen[s] {
			out = append(out, s)
		}
		seen[s] = true
	}
	return out
}

// FuzzUnlinkable: of any two lists of what a pseudonym depends on, the pseudonyms are
// equal if the lists are, and only then.
func FuzzUnlinkable(f *testing.F) {
	f.Add("acme", "acme", byte(1), byte(1), "day:2026-11-24", "day:2026-11-24", phone, phone, false, false)
	f.Add("ab", "a", byte(1), byte(1), "c", "bc", phone, phone, false, false)
	f.Add("acme", pseudonym.Global, byte(1), byte(1), "", "", phone, phone, false, true)
	f.Add("acme", "acme", byte(1), byte(2), "value:a", "value:", "", "a", true, true)
	f.Add("acme", "acme", byte(3), byte(3), "", "", "psn_aaaxslj4grf3kal6lx2f3dy3uyp45i4e", "psn_", true, false)
	f.Fuzz(func(t *testing.T, tenant1, tenant2 string, key1, key2 byte, scope1, scope2, text1, text2 string, back1, back2 bool) {
		seal := func(tenant string, key byte, scope, text string, back bool) (string, bool) {
			if key == 0 || tenant != pseudonym.Global && !pseudonym.ValidTenant(tenant) {
				return "", false
			}
			ring := newRing(t, tenant, pseudonym.Version{Number: uint16(key), Secret: secret(key)})
			return ring.Seal(pseudonym.Context{Scope: scope, Reversible: back}, text), !ring.Own(text)
		}
		first, ok1 := seal(tenant1, key1, scope1, text1, back1)
		second, ok2 := seal(tenant2, key2, scope2, text2, back2)
		if !ok1 || !ok2 {
			return
		}
		same := tenant1 == tenant2 && key1 == key2 && scope1 == scope2 && text1 == text2 && back1 == back2
		if (first == second) != same {
			t.Fatalf("%q, %q and %q, %q: %s and %s", tenant1, scope1, tenant2, scope2, first, second)
		}
	})
}

// TestScopesOfTime: two moments have one scope if they are in the same day, ISO week
// or month in UTC, counted here by hand, and no other two; and no value of an address
// is taken for a time.
func TestScopesOfTime(t *testing.T) {
	t.Parallel()
	r := newRandom(12)
	kinds := []struct {
		name  string
		scope func(time.Time) string
		count func(time.Time) int64 // of the days, weeks, months since 1970
	}{
		{"day", pseudonym.DayScope, func(t time.Time) int64 { return floorDiv(t.Unix(), 86400) }},
		{"week", pseudonym.WeekScope, func(t time.Time) int64 { return floorDiv(floorDiv(t.Unix(), 86400)+3, 7) }}, // 1970 began on a Thursday
		{"month", pseudonym.MonthScope, func(t time.Time) int64 { y, m, _ := t.UTC().Date(); return int64(y)*12 + int64(m) }},
	}
	zones := []*time.Location{time.UTC, time.FixedZone("", 14*3600), time.FixedZone("", -12*3600), time.FixedZone("", 5*3600+45*60)}
	ring := newRing(t, "acme", pseudonym.Version{Number: 1, Secret: secret(1)})
	for _, kind := range kinds {
		scopes, tokens := map[int64]string{}, map[string]int64{}
		for range 40_000 {
			when := time.Unix(1_700_000_000+r.Int64N(10*365*86400), r.Int64N(1e9))
			if r.IntN(3) == 0 { // at midnight, or a moment before
				when = when.Truncate(24 * time.Hour).Add(-time.Duration(r.IntN(2)))
			}
			scope, count := kind.scope(when.In(zones[r.IntN(len(zones))])), kind.count(when)
			if before, ok := scopes[count]; ok && before != scope {
				t.Fatalf("%s of %v: %q and %q", kind.name, when.UTC(), scope, before)
			}
			if scopes[count] != "" {
				continue
			}
			scopes[count] = scope
			token := ring.Seal(pseudonym.Context{Scope: scope}, phone)
			if before, ok := tokens[token]; ok {
				t.Fatalf("%s %d and %d have one pseudonym", kind.name, before, count)
			}
			tokens[token] = count
			if pseudonym.ValueScope(scope) == scope {
				t.Fatalf("the value %q has the scope of a %s", scope, kind.name)
			}
		}
		if len(scopes) < 100 {
			t.Errorf("%s: only %d scopes", kind.name, len(scopes))
		}
	}
}

func floorDiv(a, b int64) int64 { return (a - (a%b+b)%b) / b }

// TestNoCollisions: the numbers of a whole range of one country have as many
// pseudonyms; one number in as many scopes, too.
func TestNoCollisions(t *testing.T) {
	t.Parallel()
	const n = 200_000
	ring := newRing(t, "acme", pseudonym.Version{Number: 1, Secret: secret(1)})
	for name, token := range map[string]func(int) string{
		"one-way": func(i int) string { return ring.Seal(pseudonym.Context{}, fmt.Sprintf("+35840%07d", i)) },
		"reversible": func(i int) string {
			return ring.Seal(pseudonym.Context{Reversible: true}, fmt.Sprintf("+35840%07d", i))
		},
		"scopes": func(i int) string { return ring.Seal(pseudonym.Context{Scope: fmt.Sprintf("request:%d", i)}, phone) },
		"reversible, scopes": func(i int) string {
			return ring.Seal(pseudonym.Context{Reversible: true, Scope: fmt.Sprintf("request:%d", i)}, phone)
		},
	} {
		seen := make(map[string]struct{}, n)
		for i := range n {
			seen[token(i)] = struct{}{}
		}
		if len(seen) != n {
			t.Errorf("%s: %d pseudonyms for %d", name, len(seen), n)
		}
	}
}

// TestBitsOfTokens: the bits behind the header look like those of chance, and so does
// what the pseudonyms of one value in two tenants, scopes, versions or directions
// have in common. (Six standard deviations: one bit of 10⁸ is that far off by chance,
// and the keys here do not change.)
func TestBitsOfTokens(t *testing.T) {
	t.Parallel()
	const n, size = 20_000, 14 // bytes of PRF, or of the SIV
	v := pseudonym.Version{Number: 1, Secret: secret(1)}
	acme, other := newRing(t, "acme", v), newRing(t, "acmf", v)
	next := newRing(t, "acme", pseudonym.Version{Number: 1, Secret: append(secret(1)[:31], 2)})
	body := func(ring *pseudonym.Keyring, c pseudonym.Context, text string) [size]byte {
		return [size]byte(decode(t, ring.Seal(c, text))[2:])
	}
	plain, day := pseudonym.Context{}, pseudonym.Context{Scope: "day:2026-11-24"}
	tests := []struct {
		name string
		with func(text string) [size]byte // what the pseudonym is compared with; nil: nothing
	}{
		{"alone", nil},
		{"another tenant", func(text string) [size]byte { return body(other, plain, text) }},
		{"another secret", func(text string) [size]byte { return body(next, plain, text) }},
		{"a scope", func(text string) [size]byte { return body(acme, day, text) }},
		{"reversible", func(text string) [size]byte { return body(acme, pseudonym.Context{Reversible: true}, text) }},
		{"one bit of the value", func(text string) [size]byte { return body(acme, plain, text[:len(text)-1]+string(text[len(text)-1]^1)) }},
	}
	for _, tt := range tests {
		var ones [size * 8]int
		weights, least := 0, size*8
		for i := range n {
			text := fmt.Sprintf("+35840%07d", i*2)
			b := body(acme, plain, text)
			if tt.with != nil {
				for k, c := range tt.with(text) {
					b[k] ^= c
				}
			}
			weight := bits.OnesCount64(binary.BigEndian.Uint64(b[:])) + bits.OnesCount64(binary.BigEndian.Uint64(append([]byte{0, 0}, b[8:]...)))
			weights, least = weights+weight, min(least, weight)
			for k := range ones {
				ones[k] += int(b[k/8]>>(7-k%8)) & 1
			}
		}
		for k, got := range ones {
			if off := math.Abs(float64(got) - n/2); off > 6*math.Sqrt(n)/2 {
				t.Errorf("%s: bit %d is set in %d of %d", tt.name, k, got, n)
			}
		}
		if off := math.Abs(float64(weights) - n*size*4); off > 6*math.Sqrt(n*size*8)/2 {
			t.Errorf("%s: %d of %d bits are set", tt.name, weights, n*size*8)
		}
		if least < 20 { // 56 are expected, with a deviation of 5.3
			t.Errorf("%s: in one of them only %d bits are set", tt.name, least)
		}
	}
}
