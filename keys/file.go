package keys

import (
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/statveil/statveil/pseudonym"
)

// Default is the tenant whose keyring the keys of all others are derived from,
// where a file holds none for them. It is also the tenant of requests whose
// rules name no other.
const Default = "default"

// derivedLabel separates the secrets of derived tenants from every other use of
// the default keyring's. It does not name the file: the same keyring kept
// elsewhere must give the same pseudonyms.
const derivedLabel = "statveil/1 derived tenant "

// maxFile holds the keyrings of thousands of tenants; a parser should not be
// handed whatever a wrong path leads to.
const maxFile = 1 << 20

// File is the keys that a file held when it was opened. It is safe for
// concurrent use. The zero File must not be used; see [OpenFile].
type File struct {
	tenants derived
	names   []string // of the keyrings in the file, sorted
}

// OpenFile reads the keys of a file that [CreateFile] made. It refuses a file
// that others than its owner can read or write, but for one of root's that root let
// our group read. Errors say what to do and never hold a secret.
func OpenFile(path string) (*File, error) {
	all, _, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("opening keys: %w", err)
	}
	given, err := all.ready()
	if err != nil {
		return nil, fmt.Errorf("opening keys: %s: %w", path, err)
	}
	f := &File{names: slices.Sorted(maps.Keys(given))}
	f.tenants.init(given, derivedLabel, all[Default])
	return f, nil
}

// Continues says whether every pseudonym that could be made with the keys of an
// earlier file can be told and turned back with these: no key version is gone, or has
// another secret. The error names keyring and version. Versions may have been added.
func (f *File) Continues(earlier *File) error {
	names := slices.Concat(earlier.names, f.names)
	if slices.Contains(earlier.names, Default) {
		names = append(names, pseudonym.Global, "any-other-tenant") // whose keys are derived
	}
	for _, name := range names {
		was, is := earlier.Keyring(name), f.Keyring(name)
		if was == nil {
			continue // a tenant that is new
		}
		for version, token := range was.SealAll(pseudonym.Context{}, "x") {
			if is == nil || !is.Own(token) {
				return fmt.Errorf("keyring %s no longer has its version %d: pseudonyms would change, and no longer be known", name, version)
			}
		}
	}
	return nil
}

// keyrings are those that a file holds, by the names of their tenants.
type keyrings map[string][]pseudonym.Version

// ready makes keyrings that can be used, or says which one cannot.
func (all keyrings) ready() (map[string]*pseudonym.Keyring, error) {
	ready := make(map[string]*pseudonym.Keyring, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		k, err := pseudonym.NewKeyring(name, all[name]...)
		if err != nil {
			return nil, fmt.Errorf("keyring %s: %w", name, err)
		}
		ready[name] = k
	}
	return ready, nil
}

// read reads a key file, and what the file system says of it.
func read(path string) (keyrings, fs.FileInfo, error) {
	data, info, err := readPrivate(path)
	if err != nil {
		return nil, nil, err
	}
	defer clear(data)
	all, err := parse(data)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return all, info, nil
}

// readPrivate reads a regular file that is its owner's alone.
func readPrivate(path string) ([]byte, fs.FileInfo, error) {
	// Opening a pipe would otherwise wait for whoever writes into it.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, nil, err
	case !info.Mode().IsRegular():
		return nil, nil, fmt.Errorf("%s is no regular file", path)
	case !private(info.Mode().Perm(), rootGave(info)):
		return nil, nil, fmt.Errorf("%s is open to others than its owner (mode %04o): chmod 600 %s", path, info.Mode().Perm(), path)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, nil, err
	}
	if len(data) > maxFile {
		return nil, nil, fmt.Errorf("%s is larger than 1 MiB: it is no key file", path)
	}
	return data, info, nil
}

// private says whether a file of this mode is its owner's alone. A file that root gave
// us to read may be readable by its group: nothing but root can change that, and a
// Secret of Kubernetes, whose files are always root's, reaches a process that is not
// root in no other way.
func private(mode fs.FileMode, rootGave bool) bool {
	if rootGave {
		return mode&0o037 == 0
	}
	return mode&0o077 == 0
}

// Keyring returns the keyring of a tenant or of [pseudonym.Global]: its own, or
// one derived from that of [Default]. It returns nil for a malformed name, and
// for a tenant that the file has no keyring for where it has none of [Default].
// Of derived keyrings the first [MaxDerived] are kept, as [Dev.Keyring] does.
func (f *File) Keyring(tenant string) *pseudonym.Keyring { return f.tenants.keyring(tenant) }

// Names returns the names of the keyrings in the file, sorted: tenants with one of
// their own, and maybe [Default] and [pseudonym.Global].
func (f *File) Names() []string { return slices.Clone(f.names) }

// Tenants returns how many keyrings the file holds.
func (f *File) Tenants() int { return len(f.names) }

// MaxVersion returns the highest number of a key version that is in effect now in
// any keyring of the file.
func (f *File) MaxVersion() (number uint16) {
	for _, name := range f.names {
		number = max(number, f.Keyring(name).Current(time.Time{}))
	}
	return number
}

// Format prints that these are keys of a file and nothing of them, for every
// verb of package fmt.
func (f *File) Format(s fmt.State, _ rune) {
	io.WriteString(s, "keys.File")
}
