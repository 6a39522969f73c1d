package keys_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/statveil/statveil/keys"
	"github.com/statveil/statveil/pseudonym"
)

const phone = "+358401234567"

func TestDevNames(t *testing.T) {
	t.Parallel()
	d := keys.NewDev()
	tests := []struct {
		name, in string
		want     bool
	}{
		{"letters", "acme", true},
		{"every character", "Az09.-", true},
		{"one digit", "7", true},
		{"longest", strings.Repeat("a", 64), true},
		{"global", "_global", true},
		{"empty", "", false},
		{"too long", strings.Repeat("a", 65), false},
		{"first a dot", ".acme", false},
		{"underscore", "_other", false},
		{"inner underscore", "ac_me", false},
		{"slash", "a/b", false},
		{"line end", "acme\n", false},
		{"not ASCII", "äcme", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := d.Keyring(tt.in) != nil; got != tt.want {
				t.Errorf("Keyring(%q): got a keyring %v, want %v", tt.in, got, tt.want)
			}
		})
	}
}

func TestDevTenantsDiffer(t *testing.T) {
	t.Parallel()
	d, other := keys.NewDev(), keys.NewDev()
	seen := map[string]string{}
	for _, tenant := range []string{"acme", "Acme", "acme.", "acm", "7", "global", pseudonym.Global} {
		for name, from := range map[string]*keys.Dev{"first": d, "second": other} {
			token := from.Keyring(tenant).Seal(pseudonym.Context{}, phone)
			who := name + " " + tenant
			if before, ok := seen[token]; ok {
				t.Errorf("%s and %s have one pseudonym", who, before)
			}
			seen[token] = who
		}
	}
}

// A flood of names must neither be kept nor change what anybody gets.
func TestDevFlood(t *testing.T) {
	t.Parallel()
	d := keys.NewDev()
	early := d.Keyring("early")
	want := early.Seal(pseudonym.Context{}, phone)
	for i := range 2 * keys.MaxDerived {
		d.Keyring(fmt.Sprintf("flood-%d", i))
	}
	if got := d.Keys(); got != keys.MaxDerived {
		t.Errorf("after the flood %d keyrings are kept, want %d", got, keys.MaxDerived)
	}
	if d.Keyring("early") != early {
		t.Error("the flood replaced a keyring that was kept")
	}
	if first, again := d.Keyring(pseudonym.Global), d.Keyring(pseudonym.Global); first != again {
		t.Error("the global keyring is not kept")
	}
	if got := d.Keyring("early").Seal(pseudonym.Context{}, phone); got != want {
		t.Errorf("early tenant: got %s after the flood, want %s", got, want)
	}
	one, two := d.Keyring("late"), d.Keyring("late")
	if one == two {
		t.Error("a name past the limit is kept")
	}
	if got, want := one.Seal(pseudonym.Context{}, phone), two.Seal(pseudonym.Context{}, phone); got != want {
		t.Errorf("a tenant past the limit has two pseudonyms: %s and %s", got, want)
	}
	token := one.Seal(pseudonym.Context{Reversible: true}, phone)
	if got, err := two.Open(token); got != phone || err != nil {
		t.Errorf("Open: got %q, %v, want %q", got, err, phone)
	}
}

// Goroutines that meet the same new names at once get one keyring for each, and
// together do not pass the limit.
func TestDevConcurrent(t *testing.T) {
	t.Parallel()
	d := keys.NewDev()
	var wg sync.WaitGroup
	got := make([][]*pseudonym.Keyring, 16)
	start := make(chan struct{})
	for g := range got {
		wg.Go(func() {
			<-start
			for i := range 100 {
				got[g] = append(got[g], d.Keyring(fmt.Sprintf("t%d", i)))
			}
			for i := range keys.MaxDerived / 4 {
				d.Keyring(fmt.Sprintf("flood-%d-%d", g, i))
			}
		})
	}
	close(start)
	wg.Wait()
	for g := range got {
		for i := range got[g] {
			if got[g][i] != got[0][i] {
				t.Fatalf("tenant t%d: goroutines got two keyrings", i)
			}
		}
	}
	if got := d.Keys(); got != keys.MaxDerived {
		t.Errorf("%d keyrings are kept, want %d", got, keys.MaxDerived)
	}
}

func TestDevDoesNotPrint(t *testing.T) {
	t.Parallel()
	d := keys.NewDev()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		if got := fmt.Sprintf(verb, d); got != "keys.Dev" {
			t.Errorf("%s: got %q", verb, got)
		}
	}
}

func TestDevHotPathDoesNotAllocate(t *testing.T) {
	d := keys.NewDev()
	d.Keyring("acme")
	if n := testing.AllocsPerRun(100, func() { d.Keyring("acme") }); n != 0 {
		t.Errorf("Keyring of a known tenant: %v allocations, want 0", n)
	}
}

func BenchmarkDevKeyring(b *testing.B) {
	d := keys.NewDev()
	b.Run("kept", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			d.Keyring("acme")
		}
	})
	for i := range keys.MaxDerived {
		d.Keyring(fmt.Sprintf("t%d", i))
	}
	b.Run("derived", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			d.Keyring("late")
		}
	})
}

// instant reads a time as a key file spells it.
func instant(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
