//go:build unix

package keys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// lock waits until nobody else writes key files in a directory, and keeps others
// from it until unlock, or until the process ends. A key file itself is no place for
// a lock: another takes its place.
func lock(dir string) (unlock func(), err error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(d.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		d.Close()
		return nil, err
	}
	return func() { d.Close() }, nil
}

// rootGave says whether a file is root's, and we are not.
func rootGave(info fs.FileInfo) bool {
	return info.Sys().(*syscall.Stat_t).Uid == 0 && os.Geteuid() != 0
}

// keepOwner gives a file the owner of another one. Where that is the same, the group
// is no matter: it may not read either of them.
func keepOwner(f *os.File, was fs.FileInfo) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	have, want := info.Sys().(*syscall.Stat_t), was.Sys().(*syscall.Stat_t)
	if have.Uid == want.Uid {
		return nil
	}
	if err := f.Chown(int(want.Uid), int(want.Gid)); err != nil {
		return fmt.Errorf("the new file cannot have the owner of the old one: %w", reason(err))
	}
	return nil
}
