package keys_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/statveil/statveil/keys"
	"github.com/statveil/statveil/pseudonym"
)

// document is a key file with these keyrings.
func document(keyrings ...string) string {
	return `{"version": 1, "keyrings": {` + strings.Join(keyrings, ", ") + `}}`
}

// keyring is one of a document, with versions of these numbers, the first from
// 2026-11-01 on, each of the others a day after the one before.
func keyring(name string, b byte, numbers ...int) string {
	var all []string
	for i, n := range numbers {
		all = append(all, fmt.Sprintf(`{"number": %d, "from": "2026-11-%02dT09:00:00Z", "secret": "%s"}`, n, i+1, secret(b+byte(i))))
	}
	return fmt.Sprintf("%q: [%s]", name, strings.Join(all, ", "))
}

func numbers(k *pseudonym.Keyring) (all []uint16) {
	for _, v := range k.Versions() {
		all = append(all, v.Number)
	}
	return all
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// names are those in a directory, hidden ones too.
func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

var people = []string{"default", "acme", "other", pseudonym.Global}

// A rotation changes the pseudonyms of those whom it is about from its time on,
// and nothing else: not what is before, and nobody else's.
func TestRotate(t *testing.T) {
	t.Parallel()
	from := instant(t, "2026-12-01T10:00:00Z")
	tests := []struct {
		name, file, tenant string
		number             uint16
		changed            []string // of people
		names              []string
	}{
		{"default", document(keyring("default", 1, 1)), "default", 2, people, []string{"default"}},
		{"default, with others", document(keyring("default", 1, 1), keyring("acme", 3, 5), keyring("_global", 8, 1)), "default", 2, []string{"default", "other"}, []string{"_global", "acme", "default"}},
		{"a tenant with its own", document(keyring("default", 1, 1), keyring("acme", 3, 5)), "acme", 6, []string{"acme"}, []string{"acme", "default"}},
		{"a tenant that is derived", document(keyring("default", 1, 7, 3)), "acme", 8, []string{"acme"}, []string{"acme", "default"}},
		{"global, derived", document(keyring("default", 1, 1)), "_global", 2, []string{"_global"}, []string{"_global", "default"}},
		{"global, its own", document(keyring("default", 1, 1), keyring("_global", 3, 1)), "_global", 2, []string{"_global"}, []string{"_global", "default"}},
		{"without default", document(keyring("acme", 1, 1)), "acme", 2, []string{"acme"}, []string{"acme"}},
		{"the last number", document(keyring("acme", 1, 32766)), "acme", 32767, []string{"acme"}, []string{"acme"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := keyFile(t, tt.file)
			before := open(t, path)
			if number, err := keys.Rotate(path, tt.tenant, from.Add(700*time.Millisecond)); number != tt.number || err != nil {
				t.Fatalf("got version %d, %v, want %d", number, err, tt.number)
			}
			after := open(t, path)
			if !slices.Equal(after.Names(), tt.names) {
				t.Errorf("the file has keyrings of %v, want %v", after.Names(), tt.names)
			}
			for _, who := range people {
				old, now := before.Keyring(who), after.Keyring(who)
				if old == nil {
					if now != nil {
						t.Errorf("%s has keys, and had none", who)
					}
					continue
				}
				for _, c := range []pseudonym.Context{{}, {Reversible: true}, {Scope: "day:2026-11-24"}} {
					c.Time = from.Add(-time.Second)
					want := old.Seal(c, phone)
					if got := now.Seal(c, phone); got != want {
						t.Errorf("%s, %+v: before the rotation %s, want %s", who, c, got, want)
					}
					c.Time = from
					got := now.Seal(c, phone)
					if changed := slices.Contains(tt.changed, who); (got != old.Seal(c, phone)) != changed {
						t.Errorf("%s, %+v: has the pseudonym changed? want %v", who, c, changed)
					}
					if !now.Own(want) || !now.Own(got) {
						t.Errorf("%s, %+v: a pseudonym is not known any more", who, c)
					}
				}
			}
			for _, v := range after.Keyring(tt.tenant).Versions() {
				if v.Number == tt.number && !v.From.Equal(from) {
					t.Errorf("the new version is from %v, want %v", v.From, from)
				}
			}
			if got := names(t, filepath.Dir(path)); !slices.Equal(got, []string{"keys.json"}) {
				t.Errorf("in the directory there are %v", got)
			}
		})
	}
}

// A tenant that has got its own keyring is independent of default from then on.
func TestRotateSeparates(t *testing.T) {
	t.Parallel()
	path := keyFile(t, document(keyring("default", 1, 1)))
	for _, tenant := range []string{"acme", "default", "acme"} {
		if _, err := keys.Rotate(path, tenant, instant(t, "2026-12-01T10:00:00Z")); err != nil {
			t.Fatal(err)
		}
	}
	f := open(t, path)
	if got, want := numbers(f.Keyring("acme")), []uint16{1, 2, 3}; !slices.Equal(got, want) {
		t.Errorf("acme has versions %v, want %v", got, want)
	}
	if got, want := numbers(f.Keyring("other")), []uint16{1, 2}; !slices.Equal(got, want) {
		t.Errorf("others have versions %v, want %v", got, want)
	}
}

// What cannot be done leaves the file as it is, to the byte. The errors are compared
// whole: none shows a secret.
func TestRefusedChanges(t *testing.T) {
	t.Parallel()
	rotate := func(tenant string) func(string) error {
		return func(path string) error {
			_, err := keys.Rotate(path, tenant, time.Now())
			return err
		}
	}
	add := func(tenant string) func(string) error {
		return func(path string) error { return keys.AddKeyring(path, tenant) }
	}
	var full strings.Builder
	for i := 0; full.Len() < 1<<20-1000; i++ {
		fmt.Fprintf(&full, `, "t%d":[{"number":1,"from":"2026-11-24T09:00:00Z","secret":"%s"}]`, i, secret(1))
	}
	broken := document(keyring("default", 1, 1), keyring("acme", 0, 1))
	const last = "key version 32767 is the last that a keyring can have: give the tenant another name"
	tests := []struct {
		name, file string
		do         func(path string) error
		want       string // after the path
		is         error
	}{
		{"no keys", document(keyring("acme", 1, 1)), rotate("other"), "there is no keyring of the tenant, and none of default to derive it from", keys.ErrNoKeyring},
		{"no keys of default", document(keyring("acme", 1, 1)), rotate("default"), "there is no keyring of the tenant, and none of default to derive it from", keys.ErrNoKeyring},
		{"after the last number", document(keyring("acme", 1, 32767, 3)), rotate("acme"), last, nil},
		{"after the last number, derived", document(keyring("default", 1, 32767)), rotate("acme"), last, nil},
		{"another keyring is broken", broken, rotate("default"), "keyring acme: making keyring: key version 1: secret is all zero", nil},
		{"a keyring without versions", document(keyring("default", 1, 1), `"acme": []`), rotate("acme"), "keyring acme: making keyring: no key version", nil},
		{"half a file", broken[:60], rotate("default"), "line 1: the file ends too early", nil},
		{"a file that would be too large", document(keyring("default", 1, 1) + full.String()), rotate("default"), "it would be larger than 1 MiB, and no key file may be: begin another one", nil},

		{"its own already", document(keyring("acme", 1, 1)), add("acme"), "the tenant has a keyring of its own already", keys.ErrHasKeyring},
		{"default already", document(keyring("default", 1, 1)), add("default"), "the tenant has a keyring of its own already", keys.ErrHasKeyring},
		{"derived", document(keyring("default", 1, 1)), add("acme"), "the keys of the tenant are derived from those of default", keys.ErrDerived},
		{"global, derived", document(keyring("default", 1, 1)), add("_global"), "the keys of the tenant are derived from those of default", keys.ErrDerived},
		{"to a broken file", broken, add("acme"), "keyring acme: making keyring: key version 1: secret is all zero", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := keyFile(t, tt.file)
			err := tt.do(path)
			if err == nil {
				t.Fatal("got no error")
			}
			if _, got, _ := strings.Cut(err.Error(), ": "); got != path+": "+tt.want {
				t.Errorf("got  %s\nwant %s: %s", got, path, tt.want)
			}
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("got %v, which is not %v", err, tt.is)
			}
			if readFile(t, path) != tt.file {
				t.Error("the file has changed")
			}
			if got := names(t, filepath.Dir(path)); !slices.Equal(got, []string{"keys.json"}) {
				t.Errorf("in the directory there are %v", got)
			}
		})
	}
	for _, name := range []string{"", "a/b", "_other", ".acme", "acme\n", strings.Repeat("a", 65)} {
		path := keyFile(t, document(keyring("default", 1, 1)))
		if _, err := keys.Rotate(path, name, time.Now()); err == nil || err.Error() != "adding a key version: malformed tenant name" {
			t.Errorf("rotating %q: got %v", name, err)
		}
		for _, path := range []string{path, path + ".absent"} {
			if err := keys.AddKeyring(path, name); err == nil || err.Error() != "making keys: malformed tenant name" {
				t.Errorf("adding %q to %s: got %v", name, path, err)
			}
		}
	}
	absent := filepath.Join(t.TempDir(), "absent")
	if _, err := keys.Rotate(absent, "default", time.Now()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("rotating an absent file: got %v", err)
	}
	if err := keys.AddKeyring(absent+"/keys.json", "acme"); err == nil || err.Error() != "making keys: writing in "+absent+": no such file or directory" {
		t.Errorf("in no folder: got %v", err)
	}
}

func TestAddKeyring(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys.json")
	if err := keys.AddKeyring(path, "acme"); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("mode: got %v, %v, want -rw-------", info.Mode(), err)
	}
	first := open(t, path)
	if first.Keyring("other") != nil || first.Keyring("default") != nil || first.Keyring(pseudonym.Global) != nil {
		t.Error("others than acme have keys")
	}
	for _, tenant := range []string{pseudonym.Global, "default"} { // default last: it ends the adding
		if err := keys.AddKeyring(path, tenant); err != nil {
			t.Fatal(err)
		}
	}
	all := open(t, path)
	if got, want := all.Names(), []string{"_global", "acme", "default"}; !slices.Equal(got, want) {
		t.Errorf("got keyrings of %v, want %v", got, want)
	}
	if got, want := seal(all.Keyring("acme")), seal(first.Keyring("acme")); got != want {
		t.Errorf("acme had %s and has %s", want, got)
	}
	if all.Keyring("other") == nil {
		t.Error("with a keyring of default, others have no keys")
	}
}

// Names, Tenants and MaxVersion are about the keyrings in the file, not those that
// are derived; what is not in effect yet is no version in effect.
func TestFileNumbers(t *testing.T) {
	t.Parallel()
	late := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	tests := []struct {
		name, file string
		names      []string
		max        uint16
	}{
		{"default", document(keyring("default", 1, 7)), []string{"default"}, 7},
		{"several", document(keyring("default", 1, 1), keyring("_global", 2, 3), keyring("acme", 3, 2)), []string{"_global", "acme", "default"}, 3},
		{"a higher number before", document(`"acme": [{"number": 9, "from": "2020-01-01T00:00:00Z", "secret": "` + secret(1) + `"}, {"number": 2, "from": "2021-01-01T00:00:00Z", "secret": "` + secret(2) + `"}]`), []string{"acme"}, 2},
		{"a higher number to come", document(`"acme": [{"number": 1, "from": "2020-01-01T00:00:00Z", "secret": "` + secret(1) + `"}, {"number": 2, "from": "` + late + `", "secret": "` + secret(2) + `"}]`), []string{"acme"}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := open(t, keyFile(t, tt.file))
			f.Keyring("derived") // must not count
			if got := f.Names(); !slices.Equal(got, tt.names) || f.Tenants() != len(tt.names) {
				t.Errorf("got %v, %d, want %v", got, f.Tenants(), tt.names)
			}
			if f.Names()[0] = "changed"; f.Names()[0] == "changed" {
				t.Error("a caller can change the names")
			}
			if got := f.MaxVersion(); got != tt.max {
				t.Errorf("MaxVersion: got %d, want %d", got, tt.max)
			}
		})
	}
}
