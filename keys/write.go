package keys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/statveil/statveil/pseudonym"
)

// unfinished is the name of a file that is being written. Whoever holds the lock of
// a directory writes it there; what is left of one that was killed has no use.
const unfinished = ".statveil-keys.new"

// create makes a file with one new keyring, where there is nothing.
func create(path, tenant string) error {
	dir := filepath.Dir(path)
	unlock, err := lock(dir)
	if err != nil {
		return inDir(dir, err)
	}
	defer unlock()
	all := keyrings{tenant: {newVersion(1, time.Now())}}
	defer all.wipe()
	data, err := encode(all)
	if err != nil {
		return err
	}
	defer clear(data)
	name, err := write(dir, data, nil)
	if err != nil {
		return err
	}
	defer os.Remove(name)
	// A link, unlike a rename, fails where the name is taken.
	if err := os.Link(name, path); err != nil {
		return &fs.PathError{Op: "making", Path: path, Err: reason(err)}
	}
	return syncDir(dir)
}

// rewrite replaces a key file by what edit makes of its keyrings, which is about
// one of them.
func rewrite(path, tenant string, edit func(keyrings) error) error {
	if tenant != pseudonym.Global && !pseudonym.ValidTenant(tenant) {
		return errors.New("malformed tenant name")
	}
	// A link stays one: its file, not the link, is what others read.
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	dir := filepath.Dir(path)
	unlock, err := lock(dir)
	if err != nil {
		return inDir(dir, err)
	}
	defer unlock()
	all, was, err := read(path)
	if err != nil {
		return err
	}
	defer all.wipe()
	if _, err := all.ready(); err != nil { // what is broken stays as it is, for whoever mends it
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := edit(all); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	data, err := encode(all)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	defer clear(data)
	name, err := write(dir, data, was)
	if err != nil {
		return err
	}
	if err := os.Rename(name, path); err != nil {
		return errors.Join(&fs.PathError{Op: "replacing", Path: path, Err: reason(err)}, os.Remove(name))
	}
	return syncDir(dir)
}

// encode writes keyrings as OpenFile will read them, or says why it would not.
func encode(all keyrings) ([]byte, error) {
	if _, err := all.ready(); err != nil {
		return nil, err
	}
	data := format(all)
	if len(data) > maxFile {
		clear(data)
		return nil, errors.New("it would be larger than 1 MiB, and no key file may be: begin another one")
	}
	return data, nil
}

// wipe clears the secrets, which are in the file now, out of the memory.
func (all keyrings) wipe() {
	for _, versions := range all {
		for _, v := range versions {
			clear(v.Secret)
		}
	}
}

// write makes a file in a directory that is locked, puts it on the disk and returns
// its name. It is its owner's alone; where it is to replace another one, it has that
// one's owner and mode.
func write(dir string, data []byte, was fs.FileInfo) (name string, err error) {
	name = filepath.Join(dir, unfinished)
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", inDir(dir, err)
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // never what somebody else put there
	if err != nil {
		return "", inDir(dir, err)
	}
	if was != nil {
		err = errors.Join(keepOwner(f, was), f.Chmod(was.Mode().Perm()))
	}
	if err == nil {
		_, err = f.Write(data)
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", errors.Join(inDir(dir, err), os.Remove(name))
	}
	return name, nil
}

// syncDir puts the names in a directory on the disk.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// inDir says of an error where it happened. The path in it may be that of the
// unfinished file, which tells nobody anything.
func inDir(dir string, err error) error { return fmt.Errorf("writing in %s: %w", dir, reason(err)) }

// reason is an error without the operation and the path.
func reason(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}
