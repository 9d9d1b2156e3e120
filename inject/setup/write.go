package setup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mailchute/relay/durable"
)

// ExistsError means that a file is there that must not be overwritten.
type ExistsError struct{ Path string }

func (e *ExistsError) Error() string { return fmt.Sprintf("%q is there already", e.Path) }

// Exists is the *ExistsError for the first path that is there, nil if there is
// none.
func Exists(paths ...string) error {
	for _, path := range paths {
		if _, err := os.Lstat(path); err == nil {
			return &ExistsError{path}
		}
	}
	return nil
}

// Write puts the configuration, with a mode of its own, and its passwords on disk,
// these for nobody but their owner to read. The passwords come first, so that a configuration that can be
// seen is a whole one. replace allows to overwrite what is there; without it the
// error is an *ExistsError and nothing has changed.
func Write(path, toml string, mode fs.FileMode, secrets []Secret, replace bool) error {
	missing := slices.DeleteFunc(slices.Clone(secrets), Secret.onDisk)
	paths := []string{path}
	for _, s := range missing {
		paths = append(paths, s.Path)
	}
	if err := Exists(paths...); err != nil && !replace {
		return err
	}
	for _, s := range secrets {
		if err := s.close(); err != nil {
			return err
		}
	}
	if err := makeDir(filepath.Dir(path), mode); err != nil {
		return err
	}
	for _, s := range missing {
		if err := writeFile(s.Path, s.Text+"\n", 0o600, replace); err != nil {
			return err
		}
	}
	return writeFile(path, toml, mode, replace)
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

// makeDir makes the directory of a configuration that has that mode. What others are
// to read they have to reach, whatever the umask says. Else they may look into that
// of the machine, as they may into /etc; the files in it are closed to them.
func makeDir(dir string, file fs.FileMode) error {
	switch {
	case file&0o004 != 0:
		return durable.MakeDirs(dir, 0o755)
	case os.Geteuid() == 0:
		return os.MkdirAll(dir, 0o755)
	}
	return os.MkdirAll(dir, 0o700)
}

// writeFile makes a file appear with all of its text or not at all.
func writeFile(path, text string, mode fs.FileMode, replace bool) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".mailchute-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove(f.Name())) }()
	_, err = f.WriteString(text)
	if err == nil {
		err = errors.Join(f.Chmod(mode), f.Sync())
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if replace {
		return os.Rename(f.Name(), path)
	}
	// Unlike a rename, a link fails when somebody else was faster.
	if err := os.Link(f.Name(), path); errors.Is(err, fs.ErrExist) {
		return &ExistsError{path}
	} else if err != nil {
		return err
	}
	return nil
}

// remove is os.Remove for a file that may be gone already.
func remove(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
