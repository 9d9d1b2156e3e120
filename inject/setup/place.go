package setup

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"mailchute/relay/durable"
)

// file is one that is to appear.
type file struct {
	path, text string
	mode       fs.FileMode
	replaces   bool   // what is there
	temporary  string // where it is meanwhile
}

// place makes files appear in their order, each with all of its text. If one cannot
// appear, none has, but for those that replaced another.
func place(files []file) (err error) {
	defer func() {
		for _, f := range files {
			err = errors.Join(err, remove(f.temporary))
		}
	}()
	for i := range files {
		if err := files[i].stage(); err != nil {
			return err
		}
	}
	for i, f := range files {
		if err := f.appear(); err != nil {
			return errors.Join(err, withdraw(files[:i]))
		}
	}
	for _, f := range files {
		err = errors.Join(err, durable.SyncDir(filepath.Dir(f.path)))
	}
	return err
}

// stage writes the file under another name.
func (f *file) stage() error {
	t, err := os.CreateTemp(filepath.Dir(f.path), ".mailchute-*")
	if err != nil {
		return err
	}
	f.temporary = t.Name()
	_, err = t.WriteString(f.text)
	if err == nil {
		err = errors.Join(t.Chmod(f.mode), t.Sync())
	}
	return errors.Join(err, t.Close())
}

// appear gives the file its name.
func (f *file) appear() error {
	if f.replaces {
		return os.Rename(f.temporary, f.path)
	}
	// Unlike a rename, a link fails when somebody else was faster.
	if err := os.Link(f.temporary, f.path); errors.Is(err, fs.ErrExist) {
		return &ExistsError{f.path}
	} else if err != nil {
		return err
	}
	return nil
}

// withdraw takes away what has appeared where nothing was.
func withdraw(files []file) (err error) {
	for _, f := range files {
		if !f.replaces {
			err = errors.Join(err, remove(f.path))
		}
	}
	return err
}

// remove is os.Remove for a file that may be gone already, or was never made.
func remove(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
