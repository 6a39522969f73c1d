package detect

import (
	"slices"
	"strings"
	"testing"
)

func TestNextRun(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want []string
	}{
		{"", nil}, {"123", nil}, {"123 456 789 012", nil}, {"1234", []string{"1234"}}, {"a1234", []string{"1234"}}, {"abc1234", []string{"1234"}},
		{"1 12 123 1234 12345", []string{"1234", "12345"}}, {"12345678901x1234", []string{"12345678901", "1234"}}, {"123a1234b123c1234", []string{"1234", "1234"}},
		{"12-123456-12", []string{"123456"}},
	} {
		for range 4 { // wherever the run stands
			var got []string
			for i := 0; ; {
				from, end := nextRun(tt.in, i)
				if from == len(tt.in) {
					break
				}
				got = append(got, tt.in[from:end])
				i = end
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("runs in %q: %q, want %q", tt.in, got, tt.want)
			}
			tt.in = "x" + tt.in
		}
	}
}

// hostileNumbers are units of texts made to keep the detectors of numbers busy.
var hostileNumbers = []string{
	"4000 ", "4000-", "4000.", "4000123456789018 ", "40001234 ", "card:4000123456789018,", "card 4000 1234 5678 9018 ", "35-693803-564380-8-", "35-693803-",
	"35693803564380", "imei:356938035643808 ", "imei ", "imei-imei-imei-35-693803-564380-8-", "GB42 ABCD 1234 5612 3456 79 ", "GB42ABCD12345612345679 ",
	"gb42", "GB42 ", "LC39ABCD1 ", "LC39LC39", "IBANLC39", "501812345678-", "a1", "1a",
}

var numberKinds = []Kind{IMEI, IBAN, CreditCard}

func TestNumbersNoAllocationOnMiss(t *testing.T) {
	for _, unit := range hostileNumbers {
		for _, in := range []string{unit, strings.Repeat(unit, 50)} {
			if n := testing.AllocsPerRun(20, func() {
				if got := Find(nil, in, numberKinds...); len(got) > 0 {
					t.Fatalf("%q: %v", in, got)
				}
			}); n > 0 {
				t.Errorf("Find(%q) allocates %v times and finds nothing", in, n)
			}
		}
	}
}

// TestHostileNumbers is over in a blink if the detectors are linear.
func TestHostileNumbers(t *testing.T) {
	for _, unit := range hostileNumbers {
		text := strings.Repeat(unit, (1<<20)/len(unit))
		Find(nil, text, numberKinds...)
		Find(nil, text, Any...)
	}
}

func FuzzNumbers(f *testing.F) {
	for _, s := range append([]string{
		"4000123456789017 5100-1234-5678-9013 4000 1234 5678 9017", "urn:gsma:imei:90420156-025763-0;vers=1", "IMEI 1: 356938035643809", "35-693803-564380-12",
		"pay:GB42 ABCD 1234 5612 3456 78:eur", "IBANDE58123456780123456789", "card_3782 822463 10005 4000123456789012343",
	}, hostileNumbers...) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, kinds := range [][]Kind{{IMEI}, {IBAN}, {CreditCard}, numberKinds, {markedIMEI, IBAN, markedCard}} {
			spans := Find(nil, s, kinds...)
			end := 0
			for _, sp := range spans {
				if sp.Start < end || sp.End <= sp.Start || sp.End > len(s) || wordAfter(s, sp.End) {
					t.Fatalf("%+v in %q", sp, s)
				}
				end = sp.End
				// Canonical forms are found as what they are.
				if again := Find(nil, sp.Canonical, sp.Kind); sp.Kind != IMEI && (len(again) != 1 || again[0].Canonical != sp.Canonical) {
					t.Fatalf("%+v in %q, but %v", sp, s, again)
				}
			}
			replaced, tokens := replace(s, spans)
			for _, sp := range Find(nil, replaced, kinds...) {
				for _, at := range tokens {
					if sp.Start < at+len(token) && sp.End > at {
						t.Fatalf("%q: %q became %q and %q in it was found", kinds, s, replaced, replaced[sp.Start:sp.End])
					}
				}
			}
		}
	})
}
