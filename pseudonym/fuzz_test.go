package pseudonym_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/statveil/statveil/pseudonym"
)

// FuzzOpen: whatever the string, nothing but the tokens that were really made is
// accepted. They are the seeds, so that the fuzzer starts from them.
func FuzzOpen(f *testing.F) {
	all, alone := rings(f)
	genuine := map[string]string{}
	for _, ring := range alone {
		for _, c := range contexts {
			for _, text := range []string{"", phone, "anna.virtanen@example.com"} {
				token := ring.Seal(c, text)
				if !c.Reversible {
					text = ""
				}
				genuine[token] = text
				f.Add(token)
				f.Add(strings.ToUpper(token))
				f.Add(token + "a")
				f.Add(token + "@pseudonym.invalid")
				f.Add(token[:len(token)-1])
			}
		}
	}
	f.Add("")
	f.Add("psn_")
	f.Add(newRing(f, "other", pseudonym.Version{Number: 1, Secret: secret(1)}).Seal(pseudonym.Context{}, phone))
	f.Fuzz(func(t *testing.T, token string) {
		text, err := all.Open(token)
		want, known := genuine[asciiLower(token)]
		if got := err == nil || err == pseudonym.ErrOneWay; got != known {
			t.Fatalf("Open(%q): got %q, %v; made here: %v", token, text, err, known)
		}
		if text != want {
			t.Fatalf("Open(%q): got %q, want %q", token, text, want)
		}
		_, shape := genuine[strings.TrimSuffix(asciiLower(token), "@pseudonym.invalid")]
		if got := all.Own(token); got != (known || shape) {
			t.Fatalf("Own(%q): got %v, want %v", token, got, known || shape)
		}
	})
}

// FuzzSeal: every text, scope and kind gives a token of the stated form that
// agrees with the oracle, opens to the text and is sealed no second time.
func FuzzSeal(f *testing.F) {
	o := oracle{secret: secret(1), tenant: "acme", number: 1}
	ring := newRing(f, o.tenant, pseudonym.Version{Number: 1, Secret: o.secret})
	form := regexp.MustCompile(`^psn_[a-z2-7]+$`)
	f.Add("", "", false)
	f.Add("day:2026-11-24", phone, true)
	f.Add("value:漢", "🙂\x00\xff", false)
	f.Add("", ring.Seal(pseudonym.Context{}, phone), true)
	f.Fuzz(func(t *testing.T, scope, text string, reversible bool) {
		c := pseudonym.Context{Scope: scope, Reversible: reversible}
		token := ring.Seal(c, text)
		if ring.Own(text) {
			if token != text {
				t.Fatalf("own token %q became %q", text, token)
			}
			return
		}
		if want := o.seal(scope, text, reversible); token != want {
			t.Fatalf("%+v %q: got %s, want %s", c, text, token, want)
		}
		if !form.MatchString(token) || !reversible && len(token) != 36 || float64(len(token)) > 44+1.6*float64(len(text)) {
			t.Fatalf("%+v %q: token %q has a wrong form", c, text, token)
		}
		if got, err := ring.Open(token); reversible && (got != text || err != nil) || !reversible && err != pseudonym.ErrOneWay {
			t.Fatalf("%+v %q: Open gave %q, %v", c, text, got, err)
		}
		if got := ring.Seal(c, token); got != token {
			t.Fatalf("%+v %q: %s sealed again is %s", c, text, token, got)
		}
	})
}

// FuzzShape: whatever the text, the shape is that of the oracle, of the same kind and
// length, and another one in another scope.
func FuzzShape(f *testing.F) {
	o := oracle{secret: secret(1), tenant: "acme", number: 1}
	ring := newRing(f, o.tenant, pseudonym.Version{Number: 1, Secret: o.secret})
	for _, v := range []struct {
		text string
		keep int
	}{
		{"+358401234567", 4}, {"+1234567", 1}, {"+123456", 0}, {"-123456", 0}, {"012345", 0}, {"999999999999999", 2}, {"192.0.2.7", 0}, {"::1", 0},
		{"::ffff:1.2.3.4", 0}, {"fe80::1%a", 0}, {"a@b", 0}, {"@", 0}, {"-", 0}, {"+", 1}, {"", -1}, {"+" + strings.Repeat("1", 60), 2},
	} {
		f.Add(v.text, v.keep)
	}
	f.Fuzz(func(t *testing.T, text string, keep int) {
		got, ok := ring.Shape(pseudonym.Context{}, text, keep)
		if !ok {
			if got != "" {
				t.Fatalf("%q, keep %d: got %q and no shape", text, keep, got)
			}
			return
		}
		if ring.Own(text) {
			return
		}
		if want := o.shape("", text, keep); got != want {
			t.Fatalf("%q, keep %d: got %q, want %q", text, keep, got, want)
		}
		digits := strings.Trim(text, "+-0123456789") == ""
		if digits && (len(got) != len(text) || text[0] == '+' && !strings.HasPrefix(got, text[:keep])) {
			t.Fatalf("%q, keep %d: got %q", text, keep, got)
		}
	})
}

func asciiLower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 32
		}
	}
	return string(b)
}
