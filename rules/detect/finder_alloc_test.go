//go:build !race

// The race detector makes some calls allocate that do not without it.

package detect

import (
	"strings"
	"testing"
)

func TestFoldingWithoutAllocation(t *testing.T) {
	for _, in := range []string{"+٣", "＋１", "１", "+1\u00a0", "1\u200b", "１２３ ４５６", strings.Repeat("１２ ", 1000)} {
		if !foldable(in) || len(Find(nil, in, Any...)) > 0 {
			t.Errorf("%q is for another test", in)
		}
		if n := testing.AllocsPerRun(20, func() { Find(nil, in, Any...) }); n > 0 {
			t.Errorf("Find(%q) allocates %v times and finds nothing", in, n)
		}
	}
}

func TestFinderNoAllocationOnMiss(t *testing.T) {
	f := NewFinder(phones(t, Options{Regions: []string{"FI", "DE", "GB", "US", "AR"}, Bare: true}), must(Builtin(Email, Options{})), must(Builtin(SIP, Options{})),
		must(Builtin(IP, Options{})), must(Words("w", []string{"anna", "王"})), must(Pattern("p", `\bE([0-9]{6})\b`)))
	for _, in := range append([]string{
		"", "inbound-rtp", "OT01A3175538551", "1739812345678", fingerprint, "annas", "王王", "E1234567", "0.1234567", "28-02-2026-0900", "00000000000", "011 15-0000-0000",
		"7c1e3d52-0401-2345-6789-1b8a5f3e7d60", "01-23-45-67-89-01", "2025-55-0143",
	}, hostile...) {
		if len(f.Find(nil, in)) > 0 {
			continue
		}
		if n := testing.AllocsPerRun(20, func() { f.Find(nil, in) }); n > 0 {
			t.Errorf("Find(%q) allocates %v times and finds nothing", in, n)
		}
		if len(f.whole.Find(nil, in)) > 0 {
			continue
		}
		if n := testing.AllocsPerRun(20, func() { f.Canonical(in) }); n > 0 {
			t.Errorf("Canonical(%q) allocates %v times", in, n)
		}
	}
}
