package pseudonym_test

import (
	"strings"
	"testing"
	"time"

	"github.com/statveil/statveil/pseudonym"
)

func BenchmarkSeal(b *testing.B) {
	ring, _ := rings(b)
	now := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	for _, bb := range []struct {
		name string
		c    pseudonym.Context
		text string
	}{
		{"one-way", pseudonym.Context{Time: now}, phone},
		{"one-way/scope", pseudonym.Context{Time: now, Scope: "day:2026-11-24"}, phone},
		{"one-way/1KiB", pseudonym.Context{Time: now}, strings.Repeat("x", 1<<10)},
		{"reversible", pseudonym.Context{Time: now, Reversible: true}, phone},
		{"reversible/scope", pseudonym.Context{Time: now, Reversible: true, Scope: "day:2026-11-24"}, phone},
		{"own/one-way", pseudonym.Context{}, ring.Seal(pseudonym.Context{}, phone)},
		{"own/reversible", pseudonym.Context{}, ring.Seal(pseudonym.Context{Reversible: true}, phone)},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ring.Seal(bb.c, bb.text)
			}
		})
	}
}

func BenchmarkSealParallel(b *testing.B) {
	ring, _ := rings(b)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			ring.Seal(pseudonym.Context{}, phone)
		}
	})
}

func BenchmarkOwn(b *testing.B) {
	ring, _ := rings(b)
	for _, bb := range []struct{ name, token string }{
		{"value", phone},
		{"one-way", ring.Seal(pseudonym.Context{}, phone)},
		{"look-alike", "psn_aaaq" + strings.Repeat("b", 28)}, // of version 1, with a wrong tag
		{"reversible", ring.Seal(pseudonym.Context{Reversible: true}, phone)},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ring.Own(bb.token)
			}
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	ring, _ := rings(b)
	token := ring.Seal(pseudonym.Context{Reversible: true}, phone)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ring.Open(token); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNewKeyring(b *testing.B) {
	v := pseudonym.Version{Number: 1, Secret: secret(1)}
	b.ReportAllocs()
	for b.Loop() {
		newRing(b, "acme", v)
	}
}
