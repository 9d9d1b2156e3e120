package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// MakeDirs makes a directory, and those above it that are missing, with the
// permissions of mode whatever the umask says. What is there stays as it is.
func MakeDirs(dir string, mode fs.FileMode) error {
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := MakeDirs(filepath.Dir(dir), mode); err != nil {
		return err
	}
	if err := os.Mkdir(dir, mode); err != nil {
		if errors.Is(err, fs.ErrExist) { // another process was first
			return nil
		}
		return err
	}
	return os.Chmod(dir, mode)
}
