// Package install takes the places where programs look for sendmail, and gives
// them back.
//
// What stands in a place is kept beside it under another name, and uninstall puts
// it back. A file that belongs to a package is not touched unless that is asked
// for. All is looked at before anything is changed: an Install that is refused has
// done nothing.
package install

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// suffix is what the name of a kept file ends in.
const suffix = ".before-mailchute"

// Item is one thing to be in place: a link, or a file with a text.
type Item struct {
	Path string // absolute, without the root
	Link string // where the link leads, absolute, without the root; "" for a file
	Text []byte
	Mode fs.FileMode
	Own  bool // nobody else uses the place: an older version there gives way
}

// Installer puts items in place. The zero value works on the system itself.
type Installer struct {
	Root  string // goes before all paths; "" is the system itself
	Force bool   // a package's file, and a kept one, may give way

	// Owner is the package that a path belongs to, "" for none; nil knows none.
	Owner func(path string) string
}

// Action is a word for what is done to a path.
type Action string

// The actions.
const (
	Keep    Action = "keep"    // what is there gets another name
	Put     Action = "put"     // the item goes in place
	Remove  Action = "remove"  // the item goes away
	Restore Action = "restore" // what was kept comes back
)

// Step is one action. Do does it; nothing has happened before.
type Step struct {
	Action Action
	Path   string // with the root
	To     string // of Keep and Restore: the other name; of Put, where a link leads
	do     func() error
}

// Do does the step.
func (s Step) Do() error { return s.do() }

// RefusedError tells of a place that cannot be had.
type RefusedError struct {
	Path    string
	Package string // whose it is; "" if something kept is in the way
}

func (e *RefusedError) Error() string {
	if e.Package != "" {
		return fmt.Sprintf("%q belongs to the package %s; remove that package; for install, --force keeps the file aside", e.Path, e.Package)
	}
	return fmt.Sprintf("%q is there from an earlier installation and would be lost; --force replaces it", e.Path)
}

// Install is the steps that put the items in place: none for those that are.
func (i *Installer) Install(items []Item) ([]Step, error) {
	var steps []Step
	var refused []error
	for _, item := range items {
		path := i.path(item.Path)
		there, same, err := i.look(item)
		switch {
		case err != nil:
			return nil, err
		case same:
			continue
		case there && !item.Own:
			keep, err := i.keep(item.Path)
			if err != nil {
				refused = append(refused, err)
				continue
			}
			steps = append(steps, keep)
		}
		steps = append(steps, Step{Put, path, i.target(item), func() error { return i.put(item) }})
	}
	return steps, errors.Join(refused...)
}

// keep is the step that gets what is there out of the way.
func (i *Installer) keep(path string) (Step, error) {
	if i.Owner != nil && !i.Force {
		if owner := i.Owner(path); owner != "" {
			return Step{}, &RefusedError{path, owner}
		}
	}
	from, to := i.path(path), i.path(path)+suffix
	if _, err := os.Lstat(to); err == nil && !i.Force {
		return Step{}, &RefusedError{Path: to}
	}
	return Step{Keep, from, to, func() error { return os.Rename(from, to) }}, nil
}

// Uninstall is the steps that take the items away and put back what was kept. A
// place that somebody else has taken since is his, and what a package has
// installed only the package can take away.
func (i *Installer) Uninstall(items []Item) ([]Step, error) {
	var steps []Step
	var refused []error
	for _, item := range items {
		path := i.path(item.Path)
		there, same, err := i.look(item)
		if err != nil {
			return nil, err
		}
		ours := same || there && item.Own
		if there && !ours {
			continue
		}
		if ours && i.Owner != nil {
			if owner := i.Owner(item.Path); owner != "" {
				refused = append(refused, &RefusedError{item.Path, owner})
				continue
			}
		}
		if ours {
			steps = append(steps, Step{Remove, path, "", func() error { return os.Remove(path) }})
		}
		if _, err := os.Lstat(path + suffix); err == nil {
			steps = append(steps, Step{Restore, path, path + suffix, func() error { return os.Rename(path+suffix, path) }})
		}
	}
	return steps, errors.Join(refused...)
}

func (i *Installer) path(path string) string { return filepath.Join("/", i.Root, path) }

// look tells whether something stands in an item's place, and whether it is the
// item.
func (i *Installer) look(item Item) (there, same bool, err error) {
	path := i.path(item.Path)
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, false, nil
	case err != nil:
		return false, false, err
	case info.IsDir():
		return false, false, fmt.Errorf("%q is a directory", path)
	case item.Link != "":
		return true, info.Mode()&fs.ModeSymlink != 0 && i.leads(path, item.Link), nil
	case !info.Mode().IsRegular() || info.Size() != int64(len(item.Text)):
		return true, false, nil
	}
	text, err := os.ReadFile(path)
	return true, err == nil && bytes.Equal(text, item.Text), err
}

// leads tells whether a link leads to the target, however it is written. The
// directories on the way may be links themselves (/bin on a merged /usr).
func (i *Installer) leads(link, target string) bool {
	to, err := os.Readlink(link)
	if err != nil {
		return false
	}
	if filepath.IsAbs(to) {
		to = i.path(to)
	} else {
		to = filepath.Join(resolved(filepath.Dir(link)), to)
	}
	want := i.path(target)
	return filepath.Join(resolved(filepath.Dir(to)), filepath.Base(to)) ==
		filepath.Join(resolved(filepath.Dir(want)), filepath.Base(want))
}

func resolved(dir string) string {
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		return real
	}
	return dir
}

// target is where an item's link leads: relative, so that it is right under any
// root.
func (i *Installer) target(item Item) string {
	if item.Link == "" {
		return ""
	}
	dir := resolved(i.path(filepath.Dir(item.Path)))
	root := resolved(i.path("/"))
	if inside, err := filepath.Rel(root, dir); err == nil {
		dir = filepath.Join("/", inside)
	}
	to, err := filepath.Rel(dir, item.Link)
	if err != nil {
		return item.Link
	}
	return to
}

// put makes an item appear whole.
func (i *Installer) put(item Item) (err error) {
	path := i.path(item.Path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if item.Link != "" {
		return os.Symlink(i.target(item), path)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".mailchute-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(item.Text)
	if err = errors.Join(err, f.Chmod(item.Mode), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
