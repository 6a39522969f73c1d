package pseudonym_test

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/statveil/statveil/pseudonym"
)

func TestSealForm(t *testing.T) {
	t.Parallel()
	ring := newRing(t, "acme", pseudonym.Version{Number: 1, Secret: secret(1)})
	form := regexp.MustCompile(`^psn_[a-z2-7]+$`)
	long := strings.Repeat("aé漢🙂", 100)
	check := func(text string) {
		t.Helper()
		oneWay := ring.Seal(pseudonym.Context{}, text)
		if len(oneWay) != 36 || !form.MatchString(oneWay) {
			t.Errorf("one-way of %d bytes: got %q with %d characters, want 36", len(text), oneWay, len(oneWay))
		}
		reversible := ring.Seal(pseudonym.Context{Reversible: true}, text)
		if most := 44 + 1.6*float64(len(text)); float64(len(reversible)) > most || !form.MatchString(reversible) {
			t.Errorf("reversible of %d bytes: got %q with %d characters, want at most %v", len(text), reversible, len(reversible), most)
		}
		if got, err := ring.Open(reversible); got != text || err != nil {
			t.Errorf("Open of %d bytes: got %q, %v, want %q", len(text), got, err, text)
		}
	}
	for n := range 301 {
		check(strings.Repeat("x", n))
		check(long[:n]) // cuts characters too
		if utf8.RuneStart(long[n]) && !utf8.ValidString(long[:n]) {
			t.Fatalf("the test's own text is wrong at %d", n)
		}
	}
	check(strings.Repeat("\x00\xff", 1<<19))
}

// rings is a keyring with three versions and one for each of them alone.
func rings(t testing.TB) (all *pseudonym.Keyring, alone []*pseudonym.Keyring) {
	t.Helper()
	var versions []pseudonym.Version
	for n := range byte(3) {
		v := pseudonym.Version{Number: uint16(n) + 1, Secret: secret(n + 1), From: time.Date(2026, 1+time.Month(n), 1, 0, 0, 0, 0, time.UTC)}
		versions = append(versions, v)
		alone = append(alone, newRing(t, "acme", v))
	}
	return newRing(t, "acme", versions...), alone
}

var contexts = []pseudonym.Context{
	{}, {Scope: "day:2026-11-24"}, {Reversible: true}, {Scope: "day:2026-11-24", Reversible: true},
}

func TestSealIsIdempotent(t *testing.T) {
	t.Parallel()
	all, alone := rings(t)
	for n, one := range alone {
		for _, made := range contexts {
			for _, text := range []string{"", "a", phone, strings.Repeat("x", 300)} {
				token := one.Seal(made, text)
				mixed := strings.ToUpper(token[:len(token)/2]) + token[len(token)/2:]
				for _, again := range contexts {
					for _, spelled := range []string{token, strings.ToUpper(token), mixed} {
						if got := all.Seal(again, spelled); got != spelled {
							t.Errorf("version %d, made %+v, sealed %+v: %s became %s", n+1, made, again, spelled, got)
						}
						if !all.Own(spelled) {
							t.Errorf("version %d, made %+v: %s is not own", n+1, made, spelled)
						}
					}
				}
				if made.Reversible {
					if got, err := all.Open(strings.ToUpper(token)); got != text || err != nil {
						t.Errorf("Open of %s in upper case: got %q, %v, want %q", token, got, err, text)
					}
				}
			}
		}
	}
}

// alterations of a token that must not count as it.
func alterations(token string) map[string]string {
	out := map[string]string{
		"space before": " " + token, "space after": token + " ", "line end after": token + "\n", "NUL after": token + "\x00",
		"letter after": token + "a", "padding": token + "=", "padded": token + "======", "eight letters after": token + "aaaaaaaa",
		"last letter missing": token[:len(token)-1], "no prefix": token[4:], "prefix twice": "psn_" + token,
		"long s in the prefix": "pſn_" + token[4:], "within a word": "conf-" + token,
		"line end inside": token[:20] + "\r\n" + token[20:],
		"kelvin sign":     strings.Replace(token, "k", "\u212a", 1), "dotless i": strings.Replace(token, "i", "ı", 1),
	}
	const alphabet = "abcdefghijklmnopqrstuvwxyz234567"
	for i := range len(token) {
		for _, c := range alphabet + "0189_=-+/\n\x00\xff" {
			out[fmt.Sprintf("%q at %d", c, i)] = token[:i] + string(c) + token[i+1:]
		}
		out[fmt.Sprintf("letter %d missing", i)] = token[:i] + token[i+1:]
		if i+1 < len(token) {
			out[fmt.Sprintf("letters %d exchanged", i)] = token[:i] + token[i+1:i+2] + token[i:i+1] + token[i+2:]
		}
	}
	for name, text := range out {
		if strings.EqualFold(text, token) && len(text) == len(token) {
			delete(out, name) // not altered
		}
	}
	return out
}

func TestAlteredTokens(t *testing.T) {
	t.Parallel()
	all, alone := rings(t)
	for _, c := range contexts {
		for _, text := range []string{"", phone, "four", "anna.virtanen@example.com"} {
			token := alone[1].Seal(c, text)
			for name, altered := range alterations(token) {
				for _, ring := range []*pseudonym.Keyring{all, alone[1]} {
					got, err := ring.Open(altered)
					if got != "" || err == nil || err == pseudonym.ErrOneWay {
						t.Errorf("%+v %q, %s: Open(%q) gave %q, %v", c, text, name, altered, got, err)
					}
					if ring.Own(altered) {
						t.Errorf("%+v %q, %s: %q is own", c, text, name, altered)
					}
				}
				sealed := all.Seal(pseudonym.Context{Reversible: true}, altered)
				if got, err := all.Open(sealed); got != altered || err != nil {
					t.Errorf("%s: look-alike %q sealed and opened is %q, %v", name, altered, got, err)
				}
				if got := all.Seal(pseudonym.Context{}, altered); got == altered || got == token || !all.Own(got) {
					t.Errorf("%s: look-alike %q sealed is %s", name, altered, got)
				}
			}
		}
	}
}

func TestOpenErrors(t *testing.T) {
	t.Parallel()
	v := pseudonym.Version{Number: 1, Secret: secret(1)}
	ring := newRing(t, "acme", v)
	otherTenant := newRing(t, "other", v)
	otherSecret := newRing(t, "acme", pseudonym.Version{Number: 1, Secret: secret(2)})
	later := newRing(t, "acme", pseudonym.Version{Number: 2, Secret: secret(1)})
	oneWay, reversible := pseudonym.Context{}, pseudonym.Context{Reversible: true}
	tests := []struct {
		name, in string
		want     error
	}{
		{"empty", "", pseudonym.ErrNotToken},
		{"value", phone, pseudonym.ErrNotToken},
		{"prefix", "psn_", pseudonym.ErrNotToken},
		{"word", "psn_hello", pseudonym.ErrNotToken},
		{"digits that base32 lacks", "psn_" + strings.Repeat("0", 32), pseudonym.ErrNotToken},
		{"version 0", "psn_" + strings.Repeat("a", 32), pseudonym.ErrNotToken},
		{"one-way of the wrong length", oracleToken(append([]byte{0, 1}, make([]byte, 30)...)), pseudonym.ErrNotToken},
		{"reversible too short", oracleToken(append([]byte{0x80, 1}, make([]byte, 21)...)), pseudonym.ErrNotToken},
		{"made-up one-way", oracleToken(append([]byte{0, 1}, make([]byte, 18)...)), pseudonym.ErrAltered},
		{"made-up reversible", oracleToken(append([]byte{0x80, 1}, make([]byte, 40)...)), pseudonym.ErrAltered},
		{"one-way", ring.Seal(oneWay, phone), pseudonym.ErrOneWay},
		{"other tenant, one-way", otherTenant.Seal(oneWay, phone), pseudonym.ErrAltered},
		{"other tenant, reversible", otherTenant.Seal(reversible, phone), pseudonym.ErrAltered},
		{"other secret, one-way", otherSecret.Seal(oneWay, phone), pseudonym.ErrAltered},
		{"other secret, reversible", otherSecret.Seal(reversible, phone), pseudonym.ErrAltered},
		{"other version, one-way", later.Seal(oneWay, phone), pseudonym.ErrVersion},
		{"other version, reversible", later.Seal(reversible, phone), pseudonym.ErrVersion},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ring.Open(tt.in)
			if !errors.Is(err, tt.want) || got != "" {
				t.Errorf("Open(%q): got %q, %v, want error %v", tt.in, got, err, tt.want)
			}
			if tt.in != "" && strings.Contains(err.Error(), tt.in) {
				t.Errorf("the error contains the token: %v", err)
			}
			if got, want := ring.Own(tt.in), tt.want == pseudonym.ErrOneWay; got != want {
				t.Errorf("Own(%q): got %v, want %v", tt.in, got, want)
			}
		})
	}
}

func oracleToken(b []byte) string { return "psn_" + oracleBase32(b) }

// A header changed to another version or kind, with the letters kept consistent,
// is what an attacker who knows the format does first.
func TestChangedHeader(t *testing.T) {
	t.Parallel()
	all, alone := rings(t)
	for _, reversible := range []bool{false, true} {
		token := alone[0].Seal(pseudonym.Context{Reversible: reversible}, phone)
		// The first three letters and one bit of the fourth are the header.
		for _, head := range [][]byte{{0, 1}, {0, 2}, {0, 3}, {0x80, 1}, {0x80, 2}, {0x80, 3}, {0x7f, 0xff}, {0xff, 0xff}} {
			raw := decode(t, token)
			if bytes.Equal(raw[:2], head) {
				continue
			}
			copy(raw, head)
			forged := oracleToken(raw)
			if got, err := all.Open(forged); err == nil || err == pseudonym.ErrOneWay {
				t.Errorf("reversible %v with header %x: Open gave %q, %v", reversible, head, got, err)
			}
		}
	}
}

// decode reads the letters of a token, five bits each.
func decode(t *testing.T, token string) []byte {
	t.Helper()
	var out []byte
	acc, bits := 0, 0
	for _, c := range strings.TrimPrefix(token, "psn_") {
		acc, bits = acc<<5|strings.IndexRune("abcdefghijklmnopqrstuvwxyz234567", c), bits+5
		if bits >= 8 {
			bits -= 8
			out = append(out, byte(acc>>bits))
			acc &= 1<<bits - 1
		}
	}
	if oracleToken(out) != token {
		t.Fatalf("the test cannot decode %s", token)
	}
	return out
}
