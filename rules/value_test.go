package rules

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestDecimal(t *testing.T) {
	zeros := func(n int) string { return strings.Repeat("0", n) }
	tests := []struct{ in, want string }{
		{"0", "0"}, {"-0", "0"}, {"0.0", "0"}, {"-0.000", "0"}, {"0e5", "0"}, {"0E-5", "0"}, {"0e99999999999999999999", "0"},
		{"1", "1"}, {"-1", "-1"}, {"1.0", "1"}, {"1.50", "1.5"}, {"-1.50", "-1.5"}, {"10", "10"}, {"100.00", "100"},
		{"1e3", "1000"}, {"1E3", "1000"}, {"1e+3", "1000"}, {"1.0e3", "1000"}, {"0.001e6", "1000"}, {"1000e0", "1000"}, {"10000e-1", "1000"},
		{"1e-3", "0.001"}, {"0.001", "0.001"}, {"12.5e-1", "1.25"}, {"125e-2", "1.25"}, {"125e-3", "0.125"}, {"125e-4", "0.0125"},
		{"1e-0003", "0.001"}, {"1e0003", "1000"},
		{"9079290933572287000", "9079290933572287000"}, {"9079290933572287001", "9079290933572287001"}, {"1795461441956.374", "1795461441956.374"},
		{"1e63", "1" + zeros(63)}, {"1e64", "1" + zeros(64)}, {"1e65", "1e65"}, {"10e64", "1e65"}, {"-0.5e66", "-5e65"}, {"1e-65", "0." + zeros(64) + "1"}, {"1e-66", "1e-66"}, {"10.0e-67", "1e-66"},
		{"1" + zeros(64), "1" + zeros(64)}, {"1" + zeros(65), "1e65"}, {strings.Repeat("12", 50), strings.Repeat("12", 50)}, {strings.Repeat("12", 50) + "e-2", strings.Repeat("12", 49) + ".12"},
		{"1e1000", "1e1000"}, {"1e99999999999999999999", "1e99999999999999999999"}, {"1e-99999999999999999999", "1e-99999999999999999999"},
		{"0." + zeros(1999) + "1e2000", "1"}, {"0." + zeros(1999) + "1e20000", "1e18000"}, {"0." + zeros(2999) + "1e3003", "1000"},
		{"1" + zeros(3000) + "e-3000", "1"}, {"1" + zeros(3000) + "e-30000", "1e-27000"},
	}
	for _, tt := range tests {
		if got := decimal(tt.in); got != tt.want {
			t.Errorf("%.80s: got %.80s, want %.80s", tt.in, got, tt.want)
		}
	}
}

// FuzzDecimal: the text has the value of the number, and is the same if the
// number is written otherwise.
func FuzzDecimal(f *testing.F) {
	for _, s := range []string{"0", "-0.0", "1e3", "12.50", "1e-7", "123456789012345678901234567890", "1.5E+2", "0.1e1", "100e-2", "1e70", "1e-70"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 200 || s == "" || !json.Valid([]byte(s)) || strings.Trim(s, "+-.0123456789eE") != "" {
			return
		}
		if i := strings.IndexAny(s, "eE"); i >= 0 && len(s)-i > 5 {
			return // big.Rat would need memory for the zeros
		}
		got := decimal(s)
		value, _ := new(big.Rat).SetString(s)
		back, ok := new(big.Rat).SetString(got)
		if !ok || back.Cmp(value) != 0 {
			t.Fatalf("%s: got %s, which is another number", s, got)
		}
		if !json.Valid([]byte(got)) {
			t.Fatalf("%s: got %s, which is no number of JSON", s, got)
		}
		if value.IsInt() && len(value.Num().Text(10)) <= 65 && got != value.Num().Text(10) {
			t.Fatalf("%s: got %s, want %s", s, got, value.Num().Text(10))
		}
		if decimal(got) != got {
			t.Fatalf("%s: got %s, and from that %s", s, got, decimal(got))
		}
		mantissa, exponent, _ := strings.Cut(strings.ToLower(s), "e")
		if !strings.Contains(mantissa, ".") {
			mantissa += "."
		}
		if exponent == "" {
			exponent = "0"
		}
		if other := mantissa + "00e" + exponent; decimal(other) != got {
			t.Fatalf("%s: got %s, but of %s %s", s, got, other, decimal(other))
		}
	})
}

// planted is what no message may hold: it is in every place of the requests
// below, in one spelling or the other.
var planted = []string{"anna.planted", "annaplanted", "202555", "aced1de"}

func holdsPlanted(s string) string {
	for _, p := range planted {
		if strings.Contains(strings.ToLower(s), p) {
			return p
		}
	}
	return ""
}

// TestErrorsHoldNoValue: requests that are broken in every way, full of what
// must not be said, under rules that look everywhere.
func TestErrorsHoldNoValue(t *testing.T) {
	const who = "anna.planted@example.com"
	jwt := personalJWT
	sets := map[string]*Set{
		"no rules":        parse(t, "version: 1\nroutes:\n  - {name: r, match: 'POST /c/{id...}'}\n"),
		"tenant in path":  parse(t, "version: 1\ntenant: path.id\nroutes:\n  - {name: r, match: 'POST /c/{id...}'}\n"),
		"tenant in query": parse(t, "version: 1\ntenant: query.t\nroutes:\n  - {name: r, match: 'POST /c/{id...}'}\n"),
		"tenant in body":  parse(t, "version: 1\ntenant: body.**.t\nroutes:\n  - {name: r, match: 'POST /c/{id...}', rules: [{at: body.**, find: email, linkable: header.X-A}]}\n"),
		"tenant anywhere": parse(t, "version: 1\ntenant: header.**\nroutes:\n  - {name: r, match: 'POST /c/{id...}', rules: [{at: [body.**, query.**, path.**], find: opaque}]}\n"),
	}
	requests := []string{
		"POST " + who, "POST /c/" + who + "%", "POST /c/" + who + "%zz", "POST /c/" + who + "/%ff", "POST /c/" + who + "/%2e%2e", "POST /c/" + who,
		"POST /c?t=" + who, "POST /c?t=" + who + "%4", "POST /c?" + who + "%4=1", "POST /c?t=a&t=" + who, "POST /c?t=\xff" + who,
		"POST /c?t=" + jwt, "POST /c\nX-T: " + jwt + "; " + who, "POST /c\nAuthorization: Bearer " + jwt, "POST /c\nAuthorization: Digest " + who,
		"POST /c\nX-A: " + who + "\nX-B: annaplanted", "POST /c/" + jwt,
		"POST /c\n\n" + who, "POST /c\n\n\"" + who, "POST /c\n\n" + `{"` + who + `":`, "POST /c\n\n" + `{"` + who + `"}`, "POST /c\n\n" + `{"t":"` + who + `",}`,
		"POST /c\n\n" + `["` + who + `\x"]`, "POST /c\n\n[\"" + who + "\xff\"]", "POST /c\n\n[\"" + who + "\n\"]", "POST /c\n\n" + `["` + who + `\ud800"]`,
		"POST /c\n\n[2025550143x]", "POST /c\n\n[+12025550143]", "POST /c\n\n[aced1de]", "POST /c\n\n" + `{"t":"` + who + `"}`, "POST /c\n\n" + `{"t":"a","t":"` + who + `"}`,
		"POST /c\n\n" + strings.Repeat(`{"`+who+`":`, 200), "POST /c\n\n" + `{"` + who + `":"` + jwt + `"}`, "POST /c\n\n" + `{"` + jwt + `":"` + who + `"}`,
	}
	for name, set := range sets {
		refused := 0
		for _, text := range requests {
			msg := request(text)
			m, err := set.Match(msg)
			if err == nil && m != nil {
				if err = m.Read(); err == nil {
					_, err = m.Tenant()
				}
				if err == nil {
					err = m.Rewrite(nil, toToken)
				}
			}
			if err == nil {
				continue
			}
			refused++
			var e *Error
			if !errors.As(err, &e) {
				t.Errorf("%s, %s: got %T, want *Error", name, text, err)
			}
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
				if p := holdsPlanted(fmt.Sprintf(verb, err)); p != "" {
					t.Errorf("%s, %s: the error printed by %s holds %s: %v", name, text, verb, p, err)
				}
			}
		}
		if refused < len(requests)/2 {
			t.Errorf("%s: only %d of %d requests are refused", name, refused, len(requests))
		}
	}
}

// TestFindingsPrintNothing: whatever prints a Finding, or its Rule, prints no
// text of the request.
func TestFindingsPrintNothing(t *testing.T) {
	set := parse(t, "version: 1\nroutes:\n  - {name: r, match: 'POST /c/{id...}', rules: [{at: [path.id, body.n, body.w]}]}\n")
	msg := request("POST /c/anna.planted?q=anna.planted@example.com\nX-A: anna.planted@example.com\n\n" +
		`{"n":2025550143,"w":"annaplanted","anna.planted@example.com":"anna.planted@example.com +12025550143"}`)
	m, err := set.Match(msg)
	if err != nil {
		t.Fatal(err)
	}
	type holder struct{ F any }
	found := 0
	err = m.Rewrite(nil, func(f *Finding) (string, error) {
		found++
		if holdsPlanted(f.Text()) == "" || holdsPlanted(f.Canonical()) == "" {
			t.Errorf("%s holds nothing planted, so this test says nothing", f.Text())
		}
		for _, v := range []any{f, *f, &f, []*Finding{f}, []Finding{*f}, map[string]Finding{"": *f}, holder{f}, holder{*f}, &holder{*f}, f.Rule, *f.Rule, struct{ f Finding }{*f}} {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%c", "%U", "%e", "%p", "%T", "%w", "%z", "%20v", "%-20.3s", "%"} {
				if s := fmt.Sprintf(verb, v); holdsPlanted(s) != "" {
					t.Errorf("%s of %T: %s", verb, v, s)
				}
				if s := fmt.Errorf(verb, v).Error(); holdsPlanted(s) != "" {
					t.Errorf("%s of %T as an error: %s", verb, v, s)
				}
			}
			if s := fmt.Sprint(v) + fmt.Sprintln(v); holdsPlanted(s) != "" {
				t.Errorf("%T: %s", v, s)
			}
			if b, err := json.Marshal(v); err != nil || holdsPlanted(string(b)) != "" {
				t.Errorf("%T as JSON: %s, %v", v, b, err)
			}
		}
		if got, want := fmt.Sprint(f), f.Kind+" taken by rule "+f.Rule.Name; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		return token, nil
	})
	if err != nil || found < 7 {
		t.Errorf("got %v and %d findings, want 7", err, found)
	}
}

// TestTextIsACopy: what a Replacer keeps is not changed with the buffer.
func TestTextIsACopy(t *testing.T) {
	doc := []byte(`{"a":"Anna","b":"\u0041nna","n":1234,"e":"x anna@example.com y"}`)
	var texts []string
	_, err := route(t, "      - at: [body.a, body.b, body.n]\n").Body(nil, doc, func(f *Finding) (string, error) {
		texts = append(texts, f.Text(), f.Canonical())
		return "", nil
	})
	if err != nil {
		t.Fatal(err)
	}
	clear(doc)
	want := []string{"Anna", "Anna", "Anna", "Anna", "1234", "1234", "anna@example.com", "anna@example.com"}
	if !slices.Equal(texts, want) {
		t.Errorf("got %q, want %q", texts, want)
	}
}

// plainLook is the last look of a file without detectors of its own.
var plainLook = (&reader{}).compileDetectors(nil).look

// treated is what the rules and the last look make of one text, without the
// shortcuts of the walker: every rule looks at it.
func treated(rules []*Rule, text string) (string, error) {
	n := &numberer{}
	tr := treater{replace: n.replace, place: func() string { return "" }}
	err := tr.treat(append(slices.Clone(rules), plainLook), nil, text, false)
	return tr.apply(text), err
}

// FuzzShortcuts: that the walker passes over strings in which nothing can be
// found changes nothing: not for a string, not for a name, however spelled.
func FuzzShortcuts(f *testing.F) {
	for _, s := range []string{
		"", "a", "aaaaaaaaaaaaaaaaaaaaaaaa", "+12025550143", "+१२०२५५५०१४३", "＋１２０２５５５０１４３", "0012025550143", "01112025550143", "tel:2025550143", "phone=2025550143",
		"anna@example.com", "anna@bücher.example", "sip:anna@example.com", "sips:+447700900123@example.com", "192.0.2.7", "2001:db8::7", "::ffff:192.0.2.7", "ip-192-0-2-7",
		"anna%40example.com", "anna%2540example.com", "%2B12025550143", "%", "%%40", "100%", "x %61nna@example%2Ecom y", personalJWT, plainJWT, unsignedJWT, personalJWT + ".",
		"x" + personalJWT, "eyJ.eyJ.", "psn_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@example.com", "é+12025550143é", "\u202a+1\u00a0202\u00a0555\u00a00143", "abcdefg+12025550143", "abcdefgh@example.com",
		"12025550143@s.whatsapp.net", "conf-+12025550143", "\x00anna@example.com\x00", "anna@192.0.2.7", "WhatsApp 12025550143", "caller 12025550143", "callerNumber=2025550143",
	} {
		f.Add(s, uint64(len(s)))
	}
	routes := map[string]*Route{
		"no rules": route(f, ""),
		"phone":    route(f, "      - {at: body.**, find: phone}\n"),
		"sip, ip":  route(f, "      - {at: body.**, find: [sip, ip]}\n"),
		"email":    route(f, "      - {at: body.**, find: email}\n"),
		"opaque":   route(f, "      - {at: body.**, find: opaque}\n"),
		"keep":     route(f, "      - {at: body.**, find: email, do: keep}\n      - {at: body.**, find: any}\n"),
	}
	f.Fuzz(func(t *testing.T, s string, seed uint64) {
		if !utf8.ValidString(s) {
			return
		}
		doc := []byte{'['}
		doc = spell(doc, s, seed)
		doc = append(doc, `,{`...)
		doc = spell(doc, s, seed/3)
		doc = append(doc, `:0}]`...)
		for name, r := range routes {
			want, wantErr := treated(r.rules, s)
			got, err := r.Body(nil, doc, new(numberer).replace)
			if fmt.Sprint(err) != fmt.Sprint(wantErr) {
				t.Fatalf("%s, %q: got error %v, want %v", name, s, err, wantErr)
			}
			if err != nil {
				continue
			}
			var back []any
			if err := json.Unmarshal(got, &back); err != nil {
				t.Fatalf("%s, %s: %v", name, got, err)
			}
			object, _ := back[1].(map[string]any)
			if _, ok := object[want]; back[0] != want || !ok || len(object) != 1 {
				t.Fatalf("%s, %q in %s: got %s, want %q twice", name, s, doc, got, want)
			}
			if want == s && string(got) != string(doc) {
				t.Fatalf("%s, %s: nothing was found, but got %s", name, doc, got)
			}
		}
	})
}

// spell appends s as a JSON string, characters escaped as the bits of seed say.
func spell(dst []byte, s string, seed uint64) []byte {
	dst = append(dst, '"')
	for _, r := range s {
		if r < 0x20 || r == '"' || r == '\\' || r < 0x10000 && seed&1 == 1 {
			dst = fmt.Appendf(dst, `\u%04x`, r)
		} else {
			dst = utf8.AppendRune(dst, r)
		}
		seed = seed>>1 | seed<<63
	}
	return append(dst, '"')
}

// FuzzComponent: a part of a URL in which nothing is found keeps its spelling,
// and of one in which something is found, only that is changed.
func FuzzComponent(f *testing.F) {
	for _, s := range []string{"", "a+b", "%41", "+12025550143", "%2B1+202+555+0143", "anna%40example.com", "%2525", "x%20%2B12025550143+y", "anna%2540example.com%7e"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		n := &numberer{}
		tr := treater{replace: n.replace, place: func() string { return "" }}
		err := tr.component(plainLook.alone.base, raw)
		got := apply(raw, tr.respelled(nil, raw, 0))
		text, ok := unpercent(raw)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || ok != (e.Reason == Unsafe) {
				t.Fatalf("%q: got %v", raw, err)
			}
			return
		}
		if !ok {
			t.Fatalf("%q is accepted", raw)
		}
		if len(n.log) == 0 {
			if got != raw {
				t.Fatalf("%q: nothing was found, but got %q", raw, got)
			}
			return
		}
		back, ok := unpercent(got)
		if !ok {
			t.Fatalf("%q: got %q, which is broken", raw, got)
		}
		// What stands between the pseudonyms stands in the text, in this order.
		rest := text
		for i, piece := range splitTokens(back) {
			at := strings.Index(rest, piece)
			if at < 0 || i == 0 && at > 0 {
				t.Fatalf("%q: got %q, where %q is new", raw, got, piece)
			}
			rest = rest[at+len(piece):]
		}
	})
}

// splitTokens returns what stands around the tokens of a numberer.
func splitTokens(s string) []string {
	var pieces []string
	for {
		i := strings.Index(s, "psn_")
		if i < 0 {
			return append(pieces, s)
		}
		pieces = append(pieces, s[:i])
		s = strings.TrimLeft(s[i+len("psn_"):], "0123456789")
	}
}

// TestPersonal: decoded bytes are searched if they are text of some kind, or
// begin as JSON, which lenient parsers read with any bytes in it.
func TestPersonal(t *testing.T) {
	for in, want := range map[string]bool{
		`{"sub":"anna@example.com"}`:                        true,
		`{"sub":"\u0061nna@example.com"}`:                   true,
		"{\"x\":\"\x01\xff\",\"sub\":\"anna@example.com\"}": true,
		"anna@example.com:p\xe4ss":                          true,
		"\xdf\x01 anna@example.com \xc6":                    false, // nobody's text
		`{"sub":"17"}`:                                      false,
		"a@b.c":                                             false,
		"":                                                  false,
	} {
		if got := plainLook.personal([]byte(in)); got != want {
			t.Errorf("personal(%q) = %v, want %v", in, got, want)
		}
	}
}
