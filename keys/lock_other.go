//go:build !unix

package keys

import (
	"errors"
	"io/fs"
	"os"
)

// Only Unix says who owns a file and who may read it, so keys are kept in files
// nowhere else.

func lock(string) (unlock func(), err error) { return nil, errors.ErrUnsupported }

func rootGave(fs.FileInfo) bool { return false }

func keepOwner(*os.File, fs.FileInfo) error { return errors.ErrUnsupported }
