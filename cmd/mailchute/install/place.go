package install

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"mailchute/relay/durable"
)

// occupant is what stands in an item's place.
type occupant int

const (
	vacant  occupant = iota
	itself           // the item
	older            // a version of it, in a place that is its own
	foreign          // anything else; a link in a place for a file is somebody's wish
)

// look tells what stands in an item's place.
func (i *Installer) look(item Item) (occupant, error) {
	if err := i.stays(filepath.Dir(item.Path)); err != nil {
		return vacant, err
	}
	path := i.path(item.Path)
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return vacant, nil
	case err != nil:
		return vacant, err
	case info.IsDir():
		return vacant, fmt.Errorf("%q is a directory", path)
	case item.Link != "":
		if info.Mode()&fs.ModeSymlink != 0 && i.leads(path, item.Link) {
			return itself, nil
		}
		return foreign, nil
	case !info.Mode().IsRegular():
		return foreign, nil
	}
	same, err := holds(path, info.Size(), item.Text)
	switch {
	case same:
		return itself, err
	case item.Own:
		return older, err
	}
	return foreign, err
}

// stays makes sure that no link on the way to a directory leads out of the root: there
// it would be the running system that changes.
func (i *Installer) stays(dir string) error {
	top := i.path("/")
	if top == "/" {
		return nil
	}
	root, err := os.OpenRoot(top)
	switch {
	case errors.Is(err, fs.ErrNotExist): // nor is there a link
		return nil
	case err != nil:
		return err
	}
	defer root.Close()
	_, err = root.Stat(strings.TrimPrefix(dir, "/"))
	switch {
	case err == nil, errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.As(err, new(syscall.Errno)):
		return err
	}
	return fmt.Errorf("%q: a link on the way leads out of %q", i.path(dir), top)
}

// holds tells whether a file of a size has this text.
func holds(path string, size int64, want []byte) (bool, error) {
	if size != int64(len(want)) {
		return false, nil
	}
	text, err := os.ReadFile(path)
	return err == nil && bytes.Equal(text, want), err
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

// put makes an item appear whole, in place of what is there.
func (i *Installer) put(item Item) (err error) {
	path := i.path(item.Path)
	if err := durable.MakeDirs(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	half := unfinished(path)
	if err := os.Remove(half); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(half) // it may not even be there; the first error tells more
		}
	}()
	if item.Link != "" {
		err = os.Symlink(i.target(item), half)
	} else {
		err = create(half, item)
	}
	if err != nil {
		return err
	}
	return os.Rename(half, path)
}

// unfinished is the name of an item until it is whole: always the same one, so
// that what an end in the middle leaves behind is found again.
func unfinished(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".mailchute-new")
}

func create(path string, item Item) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, item.Mode)
	if err != nil {
		return err
	}
	_, err = f.Write(item.Text)
	if err == nil {
		err = errors.Join(f.Chmod(item.Mode), f.Sync())
	}
	return errors.Join(err, f.Close())
}

// secondName gives what is at from another name besides, which nothing has. A link to
// a symbolic link would lead through it on some systems.
func secondName(from, to string) error {
	if target, err := os.Readlink(from); err == nil {
		return os.Symlink(target, to)
	}
	return os.Link(from, to)
}

// alike tells whether two names are of one file, or of links that say the same.
func alike(a, b string) bool {
	x, errX := os.Lstat(a)
	y, errY := os.Lstat(b)
	if errX != nil || errY != nil {
		return false
	}
	if to, err := os.Readlink(a); err == nil {
		other, err := os.Readlink(b)
		return err == nil && to == other
	}
	return os.SameFile(x, y)
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
