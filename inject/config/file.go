package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"mailchute/relay/secret"
)

// System is the configuration of the machine.
const System = "/etc/mailchute/mailchute.toml"

// maxSize is the largest configuration that is read, in octets.
const maxSize = 1 << 20

// ErrNone means that there is no configuration in any of its places.
var ErrNone = errors.New("no configuration found")

// Find is the path of the configuration: the first that exists of flag, which is
// the value of -C, $MAILCHUTE_CONFIG, $XDG_CONFIG_HOME/mailchute/mailchute.toml
// (~/.config without that variable), and System. A file that is named by the first
// two must exist. Where no place has one the error is ErrNone. passwdHome is asked
// for the home directory of the passwd entry only when HOME is not set; "" means
// that there is none.
func Find(flag string, getenv func(string) string, passwdHome func() string) (string, error) {
	for _, named := range []struct{ path, by string }{{flag, "-C"}, {getenv("MAILCHUTE_CONFIG"), "MAILCHUTE_CONFIG"}} {
		if named.path == "" {
			continue
		}
		if _, err := os.Stat(named.path); err != nil {
			return "", &Error{File: named.path, Reason: because(err), Hint: "it was named by " + named.by, Err: err}
		}
		return named.path, nil
	}
	for _, path := range []string{UserPath(getenv, passwdHome), System} {
		if path == "" {
			continue
		}
		// A directory that this user must not look into has no file for this user.
		switch info, err := os.Stat(path); {
		case err == nil && !info.Mode().IsRegular(): // nobody waits for the writer of a FIFO
			return "", &Error{File: path, Reason: "is no regular file"}
		case err == nil:
			return path, nil
		case isTrouble(err):
			return "", &Error{File: path, Reason: because(err), Err: err}
		}
	}
	return "", ErrNone
}

// isTrouble tells an error after which nobody knows whether there is a file from
// one that says that there is none for this user.
func isTrouble(err error) bool {
	return errors.Is(err, syscall.EIO) || errors.Is(err, syscall.ESTALE) || errors.Is(err, syscall.ETIMEDOUT) || errors.Is(err, syscall.ENOMEM)
}

// UserPath is where a user's own configuration stands, "" where it can stand
// nowhere. The XDG base directory specification has relative paths ignored.
func UserPath(getenv func(string) string, passwdHome func() string) string {
	dir := getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(dir) {
		home := getenv("HOME")
		if home == "" {
			home = passwdHome()
		}
		if !filepath.IsAbs(home) {
			return ""
		}
		dir = filepath.Join(home, ".config")
	}
	return filepath.Join(dir, "mailchute", "mailchute.toml")
}

// Load reads, parses and checks a file: its text as Parse does, and who may read
// and write it. That others can read a file with a secret in it is a warning;
// that others can write any is an error. An *Error with Err set means that the
// file could not be read.
func Load(path string) (*Config, []string, error) {
	text, mode, err := read(path)
	if err != nil {
		return nil, nil, &Error{File: path, Reason: because(err), Err: err}
	}
	if mode.IsRegular() && mode&0o002 != 0 {
		return nil, nil, &Error{File: path, Reason: fmt.Sprintf("others can write it, its mode is %04o", mode.Perm()), Hint: "mend it with chmod o-w"}
	}
	c, warnings, err := Parse(path, text)
	if err == nil {
		err = c.findCredentials()
	}
	if err != nil || !mode.IsRegular() || !c.holdsSecret() {
		return c, warnings, err
	}
	warning, err := secret.Check(path)
	if err != nil {
		return nil, nil, &Error{File: path, Reason: err.Error()}
	}
	if warning != "" {
		warnings = append(warnings, warning)
	}
	return c, warnings, nil
}

// spares is the credentials of mailchute.service, and the files beside its configuration
// that it loads them from.
var spares = [...]struct{ credential, file string }{{"smtp", "password"}, {"client-secret", "client-secret"}}

// findCredentials tells where they are, for commands that are not run by systemd.
func (c *Config) findCredentials() error {
	path, err := filepath.Abs(c.Path)
	if err != nil {
		return err
	}
	for _, a := range c.All() {
		for _, s := range [...]*secret.Source{&a.Secret, &a.OAuth.ClientSecret} {
			for _, spare := range spares {
				if s.Credential == spare.credential {
					s.Spare = filepath.Join(filepath.Dir(path), spare.file)
				}
			}
		}
	}
	return nil
}

// read is the text and the mode of one and the same file.
func read(path string) ([]byte, fs.FileMode, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	switch {
	case err != nil:
		return nil, 0, err
	case len(text) > maxSize:
		return nil, 0, fmt.Errorf("is larger than %d octets", maxSize)
	}
	return text, info.Mode(), nil
}

// because is the reason of an error of the file system without the path, which
// the Error has already.
func because(err error) string {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err.Error()
	}
	return err.Error()
}
