// Package install takes the places where programs look for sendmail, and gives
// them back.
//
// What stands in a place is kept beside it under another name, and uninstall puts
// it back. A file that belongs to a package is not touched unless that is asked
// for. All is looked at before anything is changed: an Install that is refused has
// done nothing.
//
// Whoever is killed in the middle leaves a system that works: each place changes by
// one rename, so that it is never empty, and the program comes before the links to
// it and goes after them. To begin again is to go on.
package install

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
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
	Force bool   // a package's file may give way, and a kept one gets yet another name

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
	Leave   Action = "leave"   // what was kept stays where it is: its place is taken
)

// Step is one action. Do does it; nothing has happened before.
type Step struct {
	Action Action
	Path   string // with the root
	To     string // of Keep, Restore and Leave: the other name; of Put, where a link leads
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
	return fmt.Sprintf("%q is there from an earlier installation and would be lost; --force keeps it under yet another name", e.Path)
}

// Install is the steps that put the items in place: none for those that are.
func (i *Installer) Install(items []Item) ([]Step, error) {
	var steps []Step
	var refused []error
	for _, item := range items {
		path := i.path(item.Path)
		at, err := i.look(item)
		switch {
		case err != nil:
			return nil, err
		case at == itself:
			continue
		case at == foreign:
			keep, err := i.keep(item.Path)
			if err != nil {
				refused = append(refused, err)
				continue
			}
			steps = append(steps, keep...)
		}
		steps = append(steps, Step{Put, path, i.target(item), func() error { return i.put(item) }})
	}
	return steps, errors.Join(refused...)
}

// keep is the steps that give what is there a second name: none when it has it
// since an Install that did not come to its end.
func (i *Installer) keep(path string) ([]Step, error) {
	if i.Owner != nil && !i.Force {
		if owner := i.Owner(path); owner != "" {
			return nil, &RefusedError{path, owner}
		}
	}
	from, to := i.path(path), i.path(path)+suffix
	if alike(from, to) {
		return nil, nil
	}
	var steps []Step
	if exists(to) {
		if !i.Force {
			return nil, &RefusedError{Path: to}
		}
		aside := freeName(to)
		steps = append(steps, Step{Keep, to, aside, func() error { return os.Rename(to, aside) }})
	}
	return append(steps, Step{Keep, from, to, func() error { return secondName(from, to) }}), nil
}

// freeName is a name beside path that nothing has.
func freeName(path string) string {
	for n := 1; ; n++ {
		if name := fmt.Sprintf("%s.%d", path, n); !exists(name) {
			return name
		}
	}
}

// Uninstall is the steps that take the items away and put back what was kept. A
// place that somebody else has taken since is his, and what a package has
// installed only the package can take away: it is an error where nothing else is
// there.
func (i *Installer) Uninstall(items []Item) ([]Step, error) {
	var steps []Step
	var refused []error
	for _, item := range slices.Backward(items) {
		at, err := i.look(item)
		if err != nil {
			return nil, err
		}
		ours := at == itself || at == older
		if owner := i.installer(item); ours && owner != "" {
			refused = append(refused, &RefusedError{item.Path, owner})
			continue
		}
		steps = append(steps, i.giveBack(i.path(item.Path), at == vacant, ours)...)
	}
	if len(steps) > 0 {
		return steps, nil
	}
	return nil, errors.Join(refused...)
}

// installer is the package that has put an item in place, "" for none. A link in
// the place of a package's file, which leads to what is not that package's, was put
// there by force: the package's file is the one that is kept.
func (i *Installer) installer(item Item) string {
	if i.Owner == nil {
		return ""
	}
	owner := i.Owner(item.Path)
	if item.Link != "" && owner != i.Owner(item.Link) {
		return ""
	}
	return owner
}

// giveBack is the steps that clear a place of us.
func (i *Installer) giveBack(path string, empty, ours bool) (steps []Step) {
	kept := path + suffix
	switch {
	case (empty || ours) && exists(kept):
		steps = append(steps, Step{Restore, path, kept, func() error { return os.Rename(kept, path) }})
	case ours:
		steps = append(steps, i.remove(path))
	case !empty && alike(path, kept): // Install came no further than to keep it
		steps = append(steps, i.remove(kept))
	case !empty && exists(kept):
		steps = append(steps, Step{Leave, path, kept, func() error { return nil }})
	}
	if half := unfinished(path); exists(half) {
		steps = append(steps, i.remove(half))
	}
	return steps
}

func (i *Installer) remove(path string) Step {
	return Step{Remove, path, "", func() error {
		err := os.Remove(path)
		if err == nil {
			i.tidy(filepath.Dir(path))
		}
		return err
	}}
}

// tidy removes a directory that has become empty, and those that it was alone in.
// /usr/local/lib, share and share/man are there on every system.
func (i *Installer) tidy(dir string) {
	for _, base := range []string{i.path("/usr/local/lib"), i.path("/usr/local/share")} {
		for strings.HasPrefix(dir, base+"/") && dir != filepath.Join(base, "man") && os.Remove(dir) == nil {
			dir = filepath.Dir(dir)
		}
	}
}

func (i *Installer) path(path string) string { return filepath.Join("/", i.Root, path) }
