package keys

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
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
type File struct{ tenants derived }

// OpenFile reads the keys of a file that [CreateFile] made. It refuses a file
// that others than its owner can read or write. Errors say what to do and never
// hold a secret.
func OpenFile(path string) (*File, error) {
	data, err := readPrivate(path)
	if err != nil {
		return nil, fmt.Errorf("opening keys: %w", err)
	}
	defer clear(data)
	keyrings, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("opening keys: %s: %w", path, err)
	}
	given := make(map[string]*pseudonym.Keyring, len(keyrings))
	for name, versions := range keyrings {
		if given[name], err = pseudonym.NewKeyring(name, versions...); err != nil {
			return nil, fmt.Errorf("opening keys: %s: keyring %s: %w", path, name, err)
		}
	}
	f := &File{}
	f.tenants.init(given, derivedLabel, keyrings[Default])
	return f, nil
}

// readPrivate reads a regular file that is its owner's alone.
func readPrivate(path string) ([]byte, error) {
	// Opening a pipe would otherwise wait for whoever writes into it.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no regular file", path)
	case info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("%s is open to others than its owner (mode %04o): chmod 600 %s", path, info.Mode().Perm(), path)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("%s is larger than 1 MiB: it is no key file", path)
	}
	return data, nil
}

// CreateFile makes a key file with one new random keyring, that of [Default],
// readable by its owner alone. It never overwrites: where there is something at
// path, the error is fs.ErrExist. There is never half a file at path.
func CreateFile(path string) error {
	secret := make([]byte, 32)
	rand.Read(secret)
	defer clear(secret)
	data := format(map[string][]pseudonym.Version{
		Default: {{Number: 1, From: time.Now().UTC().Truncate(time.Second), Secret: secret}},
	})
	defer clear(data)
	if err := publish(path, data); err != nil {
		return fmt.Errorf("making keys: %w", err)
	}
	return nil
}

// publish writes a new file of its owner's beside path and gives it that name
// once it is whole and on the disk.
func publish(path string, data []byte) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".statveil-keys-*") // of mode 0600
	if err != nil {
		var wrong *fs.PathError
		if errors.As(err, &wrong) { // its path is the temporary one, which tells nobody anything
			return fmt.Errorf("writing in %s: %w", dir, wrong.Err)
		}
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	// A link, unlike a rename, fails where the name is taken.
	if err := os.Link(f.Name(), path); err != nil {
		var wrong *os.LinkError
		if errors.As(err, &wrong) {
			return &fs.PathError{Op: "making", Path: path, Err: wrong.Err}
		}
		return err
	}
	return syncDir(dir)
}

// syncDir puts the names in a directory on the disk.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Keyring returns the keyring of a tenant or of [pseudonym.Global]: its own, or
// one derived from that of [Default]. It returns nil for a malformed name, and
// for a tenant that the file has no keyring for where it has none of [Default].
// Of derived keyrings the first [MaxDerived] are kept, as [Dev.Keyring] does.
func (f *File) Keyring(tenant string) *pseudonym.Keyring { return f.tenants.keyring(tenant) }

// Format prints that these are keys of a file and nothing of them, for every
// verb of package fmt.
func (f *File) Format(s fmt.State, _ rune) {
	io.WriteString(s, "keys.File")
}
