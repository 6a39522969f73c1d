//go:build !race

// Under the race detector sync.Pool drops items at random, so allocations are
// counted without it.

package pseudonym_test

import (
	"testing"

	"github.com/statveil/statveil/pseudonym"
)

func TestAllocations(t *testing.T) {
	ring := newRing(t, "acme", pseudonym.Version{Number: 1, Secret: secret(1)})
	oneWay, scoped := pseudonym.Context{}, pseudonym.Context{Scope: "day:2026-11-24"}
	token := ring.Seal(oneWay, phone)
	for _, tt := range []struct {
		name string
		do   func()
		want float64
	}{
		{"one-way", func() { ring.Seal(oneWay, phone) }, 1}, // the token
		{"one-way with a scope", func() { ring.Seal(scoped, phone) }, 1},
		{"own token", func() { ring.Seal(oneWay, token) }, 0},
		{"not a token", func() { ring.Own(phone) }, 0},
	} {
		if got := testing.AllocsPerRun(1000, tt.do); got > tt.want {
			t.Errorf("%s: %v allocations, want %v", tt.name, got, tt.want)
		}
	}
}
