package detect

import (
	"slices"
	"strings"
	"testing"
)

var seeds = []string{
	"", "conf-+358401234567", "sip:+12025550123@192.0.2.7;tag=1", "anna@example.com/2", "<sip:anna@example.com>", "[2001:db8::7%eth0]:5060",
	"phone=358401234567", "358401234567:1@s.whatsapp.net", "+44 (0)20 7946 0018 x12", "＋１２０２５５５０１２３", "ip-192-0-2-7", fingerprint,
	"7c1e3d52-6f4b-4a0e-9d2c-1b8a5f3e7d60", `"anna virtanen"@example.com`, "\xff\xfe@\xef+1", "sip:a@b@c:1:2@d", "::ffff:192.0.2.7:1",
	"+12025550123+12025550124@example.com", "sip:00358401234567@s.whatsapp.net", "tel:+1;x", "a@b.c.d-e.f@g.hi",
}

// FuzzFind holds every finding to what the package promises.
func FuzzFind(f *testing.F) {
	for _, s := range append(seeds, allHostile...) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(Find(nil, s, Any...)) > 0 && !hintOf(s).Possible() {
			t.Fatalf("Possible says no, Find finds %+v in %q", Find(nil, s, Any...), s)
		}
		Canonical(s)
		for _, kinds := range [][]Kind{everything, Any, {Phone}, {Email}, {SIP}, {IP}, {MAC}, {IMEI}, {IBAN}, {CreditCard}, {NationalID}, {Coordinates}, {Opaque}, {SIP, Email}} {
			spans := Find(nil, s, kinds...)
			end := 0
			for _, sp := range spans {
				if sp.Start < end || sp.End <= sp.Start || sp.End > len(s) || (sp.Canonical == "") != (sp.Kind == Opaque) || !asksFor(kinds, sp.Kind) {
					t.Fatalf("%+v in %+v of %q", sp, spans, s)
				}
				end = sp.End
			}
			replaced, tokens := replace(s, spans)
			for _, sp := range Find(nil, replaced, kinds...) {
				for _, at := range tokens { // an address may have one for a user
					if sp.Kind != Email && sp.Kind != SIP && sp.Kind != Opaque && sp.Start < at+len(token) && sp.End > at {
						t.Fatalf("%q: %q became %q and %q in it was found", kinds, s, replaced, replaced[sp.Start:sp.End])
					}
				}
			}
		}
	})
}

// asksFor reports whether one of the kinds, be it a marked one, finds this one.
func asksFor(kinds []Kind, k Kind) bool {
	return slices.ContainsFunc(kinds, func(asked Kind) bool { return detectors[asked].kind == k })
}

const token = "psn_b4k7qz2m9xw3f6t1r8vy5hj0cdeg"

// replace puts a token in the place of every finding and says where the tokens stand.
func replace(s string, spans []Span) (string, []int) {
	var b strings.Builder
	var tokens []int
	last := 0
	for _, sp := range spans {
		b.WriteString(s[last:sp.Start])
		tokens = append(tokens, b.Len())
		b.WriteString(token)
		last = sp.End
	}
	b.WriteString(s[last:])
	return b.String(), tokens
}
