package keys_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/statveil/statveil/keys"
	"github.com/statveil/statveil/pseudonym"
)

// secret is 32 equal bytes as a file spells them.
func secret(b byte) string { return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{b}, 32)) }

// keyFile writes a key file of its owner's with this text.
func keyFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t *testing.T, path string) *keys.File {
	t.Helper()
	f, err := keys.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func seal(k *pseudonym.Keyring) string { return k.Seal(pseudonym.Context{}, phone) }

func TestCreateFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	if err := keys.CreateFile(path); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("mode: got %v, %v, want -rw-------", info.Mode(), err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	one, two := open(t, path), open(t, path)
	for _, tenant := range []string{"default", "acme", pseudonym.Global} {
		if one, two := seal(one.Keyring(tenant)), seal(two.Keyring(tenant)); one != two {
			t.Errorf("%s: opened twice, the file gives %s and %s", tenant, one, two)
		}
	}
	if err := keys.CreateFile(path); !errors.Is(err, fs.ErrExist) || err.Error() != "making keys: making "+path+": file exists" {
		t.Errorf("made a second time: got %v", err)
	}
	if after, err := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Errorf("the second making changed the file (%v)", err)
	}
	if all, err := os.ReadDir(filepath.Dir(path)); len(all) != 1 || err != nil {
		t.Errorf("beside the file there is more: %v, %v", all, err)
	}

	other := filepath.Join(t.TempDir(), "keys.json")
	if err := keys.CreateFile(other); err != nil {
		t.Fatal(err)
	}
	if seal(open(t, other).Keyring("acme")) == seal(one.Keyring("acme")) {
		t.Error("two files have one secret")
	}
	absent := filepath.Join(t.TempDir(), "absent")
	if err := keys.CreateFile(absent + "/keys.json"); err == nil || err.Error() != "making keys: writing in "+absent+": no such file or directory" {
		t.Errorf("in no folder: got %v", err)
	}
}

// The file says who has which secret; whoever it says nothing of has a derived
// one, or none.
func TestFileTenants(t *testing.T) {
	t.Parallel()
	own := `"acme": [{"number": 1, "from": "2026-11-24T09:00:00Z", "secret": "` + secret(2) + `"}]`
	base := `"default": [{"number": 7, "from": "2026-11-24T09:00:00Z", "secret": "` + secret(1) + `"}]`
	only := open(t, keyFile(t, `{"version": 1, "keyrings": {`+own+`}}`))
	both := open(t, keyFile(t, `{"version": 1, "keyrings": {`+base+`, `+own+`}}`))
	derived := open(t, keyFile(t, `{"keyrings": {`+base+`}, "version": 1}`))

	for _, name := range []string{"default", "other", pseudonym.Global} {
		if only.Keyring(name) != nil {
			t.Errorf("%s has a keyring that nobody provisioned", name)
		}
		if got, want := seal(both.Keyring(name)), seal(derived.Keyring(name)); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	if got, want := seal(both.Keyring("acme")), seal(only.Keyring("acme")); got != want {
		t.Errorf("a tenant with a keyring of its own: got %s, want %s", got, want)
	}
	if seal(both.Keyring("acme")) == seal(derived.Keyring("acme")) {
		t.Error("a tenant's own keyring is the derived one")
	}
	direct, err := pseudonym.NewKeyring("default", pseudonym.Version{Number: 7, Secret: bytes.Repeat([]byte{1}, 32)})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := seal(derived.Keyring("default")), seal(direct); got != want {
		t.Errorf("the default keyring is not used as it stands: got %s, want %s", got, want)
	}
	for _, name := range []string{"", "_other", "a/b", "acme\n", strings.Repeat("a", 65)} {
		if both.Keyring(name) != nil {
			t.Errorf("%q has a keyring", name)
		}
	}
}

// docs/pseudonyms.md shows the same example: whoever derives otherwise has other
// pseudonyms than every sidecar before.
func TestFileDerivation(t *testing.T) {
	f := open(t, keyFile(t, `{"version": 1, "keyrings": {"default": [{"number": 1, "from": "2026-11-24T09:00:00Z",
		"secret": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}]}}`))
	if n := testing.AllocsPerRun(100, func() { f.Keyring("acme") }); n != 0 {
		t.Errorf("Keyring of a known tenant: %v allocations, want 0", n)
	}
	for name, want := range map[string]string{
		"acme":           "psn_aaa7rctm2m7rrad6qk5ym5f2il5s5v3c",
		pseudonym.Global: "psn_aaay3lvo5worrspqg5duvgpfbumlksos",
	} {
		if got := seal(f.Keyring(name)); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

// Versions of the default keyring are versions of the derived ones, from the
// same times.
func TestFileVersions(t *testing.T) {
	t.Parallel()
	version := func(number int, from string, b byte) string {
		return fmt.Sprintf(`{"number": %d, "from": %q, "secret": %q}`, number, from, secret(b))
	}
	first, second := version(1, "2026-01-01T00:00:00Z", 1), version(2, "2026-11-24T11:00:00+02:00", 2)
	before := open(t, keyFile(t, `{"version": 1, "keyrings": {"default": [`+first+`]}}`))
	after := open(t, keyFile(t, `{"version": 1, "keyrings": {"default": [`+first+`, `+second+`]}}`))
	at := func(f *keys.File, name, when string) string {
		return f.Keyring(name).Seal(pseudonym.Context{Time: instant(t, when)}, phone)
	}
	for _, name := range []string{"default", "acme", pseudonym.Global} {
		old := at(before, name, "2026-11-24T09:00:00Z")
		if got := at(after, name, "2026-11-24T08:59:59Z"); got != old {
			t.Errorf("%s before the rotation: got %s, want %s", name, got, old)
		}
		if got := at(after, name, "2026-11-24T09:00:00Z"); got == old || !after.Keyring(name).Own(old) {
			t.Errorf("%s after the rotation: got %s, and before it %s", name, got, old)
		}
	}
}

// The errors are compared whole: none shows what may be a secret.
func TestFileRefused(t *testing.T) {
	t.Parallel()
	good := `{"version": 1, "keyrings": {"default": [{"number": 1, "from": "2026-11-24T09:00:00Z", "secret": "` + secret(1) + `"}]}}`
	with := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	tests := []struct{ name, in, want string }{
		{"empty", "", "line 1: the file ends too early"},
		{"cut", good[:60], "line 1: the file ends too early"},
		{"cut between", good[:13], "line 1: the file ends too early"},
		{"no JSON", "version: 1", "line 1: this is not JSON"},
		{"a list", "\n[]", "line 2: here must stand an object"},
		{"more", good + "\n{}", "line 2: something follows the document"},
		{"no version", with(`"version": 1, `, ""), "line 1: version is missing"},
		{"another version", with(": 1,", ": 2,"), "the format of the file is not version 1: a later statveil may have written it"},
		{"no number", with(": 1,", `: "1",`), "line 1: here must stand a number"},
		{"unknown field", with(`"version"`, `"s3cret": 1, "version"`), "line 1: unknown field: there are version, keyrings"},
		{"another case", with(`"version"`, `"Version"`), "line 1: unknown field: there are version, keyrings"},
		{"unknown field in a version", with(`"number"`, `"s3cret": 1, "number"`), "line 1: unknown field: there are number, from, secret"},
		{"no keyring", `{"version": 1, "keyrings": {}}`, "there is no keyring in it"},
		{"a tenant twice", with(`"default"`, `"default": [], "default"`), "line 1: a name is given twice"},
		{"a field twice", with(`"number"`, `"number": 2, "number"`), "line 1: a name is given twice"},
		{"a tenant's name", with("default", "s3 cret"), "line 1: a keyring has a malformed name"},
		{"no list", with(`[`, ``), "line 1: here must stand a list of key versions"},
		{"no key version", `{"version": 1, "keyrings": {"default": []}}`, "keyring default: making keyring: no key version"},
		{"a number too large", with(`"number": 1`, `"number": 70000`), "line 1: number is not in 1 to 32767"},
		{"a number out of range", with(`"number": 1`, `"number": 32768`), "keyring default: making keyring: key version 32768: number is not in 1 to 32767"},
		{"a number with a fraction", with(`"number": 1`, `"number": 1.0`), "line 1: number is not in 1 to 32767"},
		{"number 0", with(`"number": 1`, `"number": 0`), "keyring default: making keyring: key version 0: number is not in 1 to 32767"},
		{"no from", with(`"from": "2026-11-24T09:00:00Z", `, ""), "line 1: from is missing"},
		{"from in words", with("2026-11-24T09:00:00Z", "s3cret"), "line 1: from is no time: write it like 2026-11-24T09:00:00Z"},
		{"from in no year", with("2026-11-24T09:00:00Z", "9999-12-31T23:59:59-01:00"), "line 1: from is no time: write it like 2026-11-24T09:00:00Z"},
		{"a secret as a number", with(`"`+secret(1)+`"`, "1"), "line 1: secret must be a text"},
		{"broken base64", with(secret(1), "s3cret!"+secret(1)), "line 1: secret is not base64"},
		{"a line end in base64", with(secret(1), secret(1)[:4]+`\n`+secret(1)[4:]), "line 1: secret is not base64"},
		{"loose bits in base64", with(secret(1), secret(1)[:42]+"F="), "line 1: secret is not base64"},
		{"a short secret", with(secret(1), secret(1)[:40]), "line 1: secret has not 32 bytes"},
		{"a secret of zeros", with(secret(1), secret(0)), "keyring default: making keyring: key version 1: secret is all zero"},
		{"a version twice", with("[", `[{"number": 1, "from": "2026-11-24T09:00:00Z", "secret": "`+secret(2)+`"}, `), "keyring default: making keyring: key version 1: number is given twice"},
		{"too large", good + strings.Repeat(" ", 1<<20), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := keyFile(t, tt.in)
			want := "opening keys: " + path + ": " + tt.want
			if tt.want == "" {
				want = "opening keys: " + path + " is larger than 1 MiB: it is no key file"
			}
			_, err := keys.OpenFile(path)
			if err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s\ninput: %s", err, want, tt.in)
			}
		})
	}
}

func TestFileModes(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys.json")
	if err := keys.CreateFile(path); err != nil {
		t.Fatal(err)
	}
	for mode, ok := range map[os.FileMode]bool{0o600: true, 0o400: true, 0o700: true, 0o640: false, 0o620: false, 0o604: false, 0o602: false, 0o601: false} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := keys.OpenFile(path)
		want := fmt.Sprintf("opening keys: %s is open to others than its owner (mode %04o): chmod 600 %s", path, mode, path)
		if ok && err != nil || !ok && (err == nil || err.Error() != want) {
			t.Errorf("%04o: got %v", mode, err)
		}
	}
	dir, pipe := t.TempDir(), filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, pipe, os.DevNull} {
		if _, err := keys.OpenFile(path); err == nil || err.Error() != "opening keys: "+path+" is no regular file" {
			t.Errorf("%s: got %v", path, err)
		}
	}
	if _, err := keys.OpenFile(filepath.Join(dir, "absent")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an absent file: got %v", err)
	}
}

// However many tenants a file provisions, so many derived ones are kept besides.
func TestFileFlood(t *testing.T) {
	t.Parallel()
	var own strings.Builder
	for i := range keys.MaxDerived {
		fmt.Fprintf(&own, `,"own%d":[{"number":1,"from":"2026-11-24T09:00:00Z","secret":"%s"}]`, i, secret(2))
	}
	f := open(t, keyFile(t, `{"version":1,"keyrings":{"default":[{"number":1,"from":"2026-11-24T09:00:00Z","secret":"`+secret(1)+`"}]`+own.String()+`}}`))
	names := []string{"early", "own7", pseudonym.Global}
	var before []*pseudonym.Keyring
	for _, name := range names {
		before = append(before, f.Keyring(name))
	}
	for i := range 2 * keys.MaxDerived {
		f.Keyring(fmt.Sprintf("flood-%d", i))
	}
	if got, want := f.Keys(), 1+keys.MaxDerived+keys.MaxDerived; got != want {
		t.Errorf("after the flood %d keyrings are kept, want %d", got, want)
	}
	for i, name := range names {
		if f.Keyring(name) != before[i] {
			t.Errorf("%s: the flood replaced a keyring that was kept", name)
		}
	}
}

func TestFileDoesNotPrint(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys.json")
	if err := keys.CreateFile(path); err != nil {
		t.Fatal(err)
	}
	f := open(t, path)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		if got := fmt.Sprintf(verb, f); got != "keys.File" {
			t.Errorf("%s: got %q", verb, got)
		}
	}
}

// Keys continue others where every pseudonym that those made is still known.
func TestContinues(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	open := func(name string) *keys.File {
		f, err := keys.OpenFile(path(name))
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	step := func(name, from string, do func(path string) error) *keys.File {
		if from != "" {
			data, err := os.ReadFile(path(from))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path(name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := do(path(name)); err != nil {
			t.Fatal(err)
		}
		return open(name)
	}
	rotate := func(tenant string) func(string) error {
		return func(path string) error { _, err := keys.Rotate(path, tenant, time.Now()); return err }
	}
	first := step("first", "", keys.CreateFile)
	rotated := step("rotated", "first", rotate("default"))
	own := step("own", "rotated", rotate("acme"))
	global := step("global", "own", rotate("_global"))
	other := step("other", "", keys.CreateFile)
	acme := step("acme", "", func(path string) error { return keys.AddKeyring(path, "acme") })
	both := step("both", "acme", func(path string) error { return keys.AddKeyring(path, "beta") })
	for i, tt := range []struct {
		now, before *keys.File
		want        string // of the error
	}{
		{first, first, ""}, {rotated, first, ""}, {own, first, ""}, {global, first, ""}, {global, rotated, ""}, {both, acme, ""},
		{first, rotated, "keyring default no longer has its version 2"},
		{rotated, own, "keyring acme no longer has its version 3"},
		{own, global, "keyring _global no longer has its version 3"},
		{other, first, "keyring default no longer has its version 1"},
		{acme, both, "keyring beta no longer has its version 1"},
		{acme, first, "keyring default no longer has its version 1"},
		{first, acme, "keyring acme no longer has its version 1"},
	} {
		err := tt.now.Continues(tt.before)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.want+":")) {
			t.Errorf("%d: got %v, want %q", i, err, tt.want)
		}
	}
}
