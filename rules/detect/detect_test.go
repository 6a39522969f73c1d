package detect

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unsafe"
)

// check finds kinds in in and compares with want: each finding as `kind "text" canonical`, the canonical form left out
// where it is the text.
func check(t *testing.T, in string, kinds []Kind, want []string) {
	t.Helper()
	var got []string
	for _, sp := range Find(nil, in, kinds...) {
		text := in[sp.Start:sp.End]
		line := fmt.Sprintf("%s %q", sp.Kind, text)
		if sp.Canonical != text && sp.Kind != Opaque {
			line += " " + sp.Canonical
		}
		got = append(got, line)
	}
	if !slices.Equal(got, want) {
		t.Errorf("Find(%q)\n got %s\nwant %s", in, strings.Join(got, ", "), strings.Join(want, ", "))
	}
}

// finds is a table of texts with what Any finds in them.
type finds []struct {
	in   string
	want []string
}

func (table finds) run(t *testing.T, kinds ...Kind) {
	t.Helper()
	for _, tt := range table {
		check(t, tt.in, kinds, tt.want)
		if len(tt.want) > 0 && !slices.Contains(kinds, Opaque) && !hintOf(tt.in).Possible() {
			t.Errorf("Possible says no to %q", tt.in)
		}
	}
}

// nothing reports whatever is found in texts that hold nothing.
func nothing(t *testing.T, kinds []Kind, texts ...string) {
	t.Helper()
	for _, in := range texts {
		check(t, in, kinds, nil)
	}
}

func TestKinds(t *testing.T) {
	names := Names()
	if want := []string{"phone", "email", "sip", "ip", "mac", "imei", "iban", "credit_card", "national_id", "opaque", "coordinates"}; !slices.Equal(names, want) {
		t.Errorf("Names() = %q, want %q", names, want)
	}
	for i, name := range names {
		if detectors[i].kind != Kind(i) {
			t.Errorf("detector %d is of kind %d", i, detectors[i].kind)
		}
		if k, ok := KindOf(name); !ok || k.String() != name {
			t.Errorf("KindOf(%q) = %v, %v", name, k, ok)
		}
	}
	if k, ok := KindOf("fax"); ok {
		t.Errorf("KindOf(fax) = %v", k)
	}
	if got := Kind(200).String(); got != "unknown" {
		t.Errorf("Kind(200) = %q", got)
	}
	if setOf(Any) != anySet {
		t.Errorf("anySet is %b, Any %b", anySet, setOf(Any))
	}
}

func TestOverlap(t *testing.T) {
	both := finds{
		{"sip:+12025550123@192.0.2.7", []string{`phone "+12025550123"`, `ip "192.0.2.7"`}},
		{"sip:anna@192.0.2.7", []string{`sip "anna@192.0.2.7" sip:anna@192.0.2.7`}},
		{"[::ffff:192.0.2.7]", []string{`ip "::ffff:192.0.2.7" 192.0.2.7`}},
		{"anna@example.com +12025550123 192.0.2.7", []string{`email "anna@example.com"`, `phone "+12025550123"`, `ip "192.0.2.7"`}},
	}
	both.run(t, Any...)

	// Of equally long findings the kind named first counts.
	in := "7c1e3d52-6f4b-4a0e-9d2c-1b8a5f3e7d60@example.com"
	check(t, in, []Kind{Email, Opaque}, []string{`email "` + in + `"`})
	spans := []Span{
		{Start: 0, End: 4, Kind: IP, rank: 3}, {Start: 0, End: 4, Kind: SIP, rank: 2}, {Start: 2, End: 9, Kind: Email, rank: 1},
		{Start: 8, End: 10, Kind: Phone}, {Start: 10, End: 12, Kind: IP, rank: 3},
	}
	got := settle(slices.Clone(spans), 0)
	spans[1].rank, spans[2].rank, spans[4].rank = 0, 0, 0
	if want := []Span{spans[2], spans[4]}; !slices.Equal(got, want) {
		t.Errorf("settle = %v, want %v", got, want)
	}
	got = settle(slices.Clone(spans[:2]), 0)
	if want := spans[1:2]; !slices.Equal(got, want) {
		t.Errorf("settle = %v, want %v", got, want)
	}
}

func TestAppends(t *testing.T) {
	first := Find(nil, "192.0.2.7", IP)
	both := Find(first, "x +12025550123", Phone)
	if len(both) != 2 || both[0] != first[0] || both[1].Canonical != "+12025550123" {
		t.Errorf("Find appended: %v", both)
	}
	if got := Find(first, "192.0.2.7"); len(got) != 1 {
		t.Errorf("without kinds: %v", got)
	}
	if got := Find(nil, "192.0.2.7", IP, IP); len(got) != 1 {
		t.Errorf("with a kind twice: %v", got)
	}
}

// The text may stand in a buffer that is used again: nothing in a finding may point into it.
func TestCanonicalIsACopy(t *testing.T) {
	for _, in := range []string{
		"phone=02079460018", "+12025550123", "anna@example.com", "sip:anna@example.com", "192.0.2.7", "2001:db8::1",
		"7c1e3d52-6f4b-4a0e-9d2c-1b8a5f3e7d60", "sip:02079460018@pbx", "00:1a:2b:3c:4d:5e", "imei:356938035643809", "4111 1111 1111 1111", "GB82WEST12345698765432", "010150-101L", "60.1699,24.9384",
		"ａｎｎａ＠ｅｘａｍｐｌｅ．ｃｏｍ", "phone=０２０７９４６００１８",
	} {
		spans := Find(nil, in, everything...)
		if len(spans) != 1 {
			t.Errorf("%q: %v", in, spans)
			continue
		}
		low := uintptr(unsafe.Pointer(unsafe.StringData(in)))
		at := uintptr(unsafe.Pointer(unsafe.StringData(spans[0].Canonical)))
		if at >= low && at < low+uintptr(len(in)) {
			t.Errorf("%q: the canonical form points into the text", in)
		}
	}
}

func TestNoAllocationOnMiss(t *testing.T) {
	for _, in := range append([]string{
		"", "inbound-rtp", "OT01A3175538551", "1739812345678", fingerprint, "Chrome/156.0.0.0", "1.2.3.4.5", "256.1.1.1", "300.1.2.3", "10:30:00",
		"1:2:3:4:5:6:7", "fe80::1text", "::1", "127.0.0.1", "room@conference.example.com", "@scope/pkg@1.2.3", "sip:pbx.example.com", "user@host",
		"+1 202 555", "+1234567", "a+12025550123", "00123456789", "phone=12", "mobile_17839965", "caller: none", "sip:100@", "x@s.whatsapp.net",
		"ip-1-2-3", "ip-300-1-1-1", "a=candidate:1 1 udp 2113937151 7c1e3d52-6f4b-4a0e-9d2c-1b8a5f3e7d60.local 61019 typ host",
		strings.Repeat("1.1.1.", 50), strings.Repeat("+1 ", 50),
	}, hostile...) {
		if len(Find(nil, in, Any...)) > 0 {
			continue // some of the hostile units are findings
		}
		if foldable(in) {
			continue // finder_alloc_test.go has these: the race detector takes foldings from their pool
		}
		if n := testing.AllocsPerRun(20, func() { Find(nil, in, Any...) }); n > 0 {
			t.Errorf("Find(%q) allocates %v times and finds nothing", in, n)
		}
		if n := testing.AllocsPerRun(20, func() { Canonical(in) }); n > 0 {
			t.Errorf("Canonical(%q) allocates %v times", in, n)
		}
	}
}

// TestHostile is over in a blink if every detector is linear, and not before the day is if one is not.
func TestHostile(t *testing.T) {
	for _, unit := range hostile {
		text := strings.Repeat(unit, (2<<20)/len(unit))
		Find(nil, text, everything...)
		Canonical(text)
	}
}

// What looks like a token is a text like any other: only who has the key can
// tell. But a token is no number, so none is found in it.
func TestTokens(t *testing.T) {
	const token = "psn_b4k7qz2m9xw3f6t1r8vy5hj0cd"
	nothing(t, Any, token, "conf-"+token, "x:"+token+"@s.whatsapp.net")
	check(t, token+" +12025550123", Any, []string{`phone "+12025550123"`})
	check(t, token+"@example.com", Any, []string{`email "` + token + `@example.com"`})
	check(t, "sip:"+token+"@pbx.example.com", Any, []string{`sip "` + token + `@pbx.example.com" sip:` + token + `@pbx.example.com`})
}
