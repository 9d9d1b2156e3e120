package setup

import (
	"errors"
	"io/fs"
	"os"
	"strings"
)

// Secret is a password and the file that it goes to.
type Secret struct {
	Path     string
	Text     string
	Replaces bool // another password there, which nothing else uses
}

// Fits tells whether the password can go to its file and change nothing: nothing is
// there, or the same password.
func (s Secret) Fits() bool {
	_, err := os.Lstat(s.Path)
	return errors.Is(err, fs.ErrNotExist) || s.onDisk()
}

// onDisk tells whether the file holds the password already.
func (s Secret) onDisk() bool {
	if info, err := os.Stat(s.Path); err != nil || !info.Mode().IsRegular() {
		return false
	}
	text, err := os.ReadFile(s.Path)
	return err == nil && strings.TrimRight(string(text), "\r\n") == s.Text
}

// close takes a password that is on disk already out of the sight of others.
func (s Secret) close() error {
	info, err := os.Lstat(s.Path)
	if err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o077 == 0 || !s.onDisk() {
		return nil
	}
	return os.Chmod(s.Path, 0o600)
}
