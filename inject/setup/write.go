package setup

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"mailchute/relay/durable"
)

// ExistsError means that a file is there that must not be overwritten.
type ExistsError struct{ Path string }

func (e *ExistsError) Error() string { return fmt.Sprintf("%q is there already", e.Path) }

// Exists is the *ExistsError for a path that is there, nil for one that is not.
func Exists(path string) error {
	if _, err := os.Lstat(path); err == nil {
		return &ExistsError{path}
	}
	return nil
}

// Write puts the configuration, with a mode of its own, and its passwords on disk,
// these for nobody but their owner to read. replace allows to overwrite the
// configuration that is there, Secret.Replaces a password; without them the error is
// an *ExistsError. After an error nothing has changed: all is on disk under other
// names before anything gets its own.
func Write(path, toml string, mode fs.FileMode, secrets []Secret, replace bool) error {
	files := inOrder(file{path: path, text: toml, mode: mode, replaces: replace}, secrets)
	for _, f := range files {
		if err := Exists(f.path); err != nil && !f.replaces {
			return err
		}
	}
	for _, s := range secrets {
		if err := s.close(); err != nil {
			return err
		}
	}
	if err := makeDir(filepath.Dir(path), mode); err != nil {
		return err
	}
	return place(files)
}

// inOrder is a configuration and the passwords that are not on disk yet, as they have
// to appear: new passwords in front of what names them, and those that replace others
// when nothing can fail any more.
func inOrder(configuration file, secrets []Secret) []file {
	if configuration.replaces {
		configuration.path = ownTarget(configuration.path)
	}
	var fresh, replaced []file
	for _, s := range secrets {
		f := file{path: s.Path, text: s.Text + "\n", mode: 0o600, replaces: s.Replaces}
		switch {
		case s.onDisk():
		case s.Replaces:
			replaced = append(replaced, f)
		default:
			fresh = append(fresh, f)
		}
	}
	return append(append(fresh, configuration), replaced...)
}

// ownTarget is where a link leads that the user has made, as those have who keep their
// configurations together elsewhere. Where another's leads, he says.
func ownTarget(path string) string {
	info, err := os.Lstat(path)
	if err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return path
	}
	if st, ok := info.Sys().(*syscall.Stat_t); !ok || int(st.Uid) != os.Geteuid() {
		return path
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		return target
	}
	return path
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
