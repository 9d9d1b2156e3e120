// Package durable replaces a file for good: whatever happens, a reader finds the
// old text or the new one, whole, and what Commit has put there outlives a power
// cut.
//
// A file is never written in place. Under Lock, the new text goes to PATH.new,
// which has one writer at a time; it is synced, renamed, and the directory is
// synced. Begin does all that can fail for want of room or of permission before
// the text is known, so that a text that exists once, in memory, still finds its
// place.
//
// Whose the file is, its user says: a token is for the service that goes on with it,
// whoever logged in; what a program believes because of who wrote it stays with him
// who did.
package durable

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// pause is how often a lock that is held is asked for again.
const pause = 5 * time.Millisecond

// File is a file that is only ever replaced.
type File struct {
	Path   string
	Shared bool // what root makes for it belongs to the owner of the directory it stands in, else to root
}

// Lock makes the directory of the file where it has to, for its owner alone, and
// waits for its turn to replace the file, until ctx ends. The lock file PATH.lock
// stays for good: to remove one is to race for it.
func (f File) Lock(ctx context.Context) (unlock func(), err error) {
	if err := f.makeDir(filepath.Dir(f.Path)); err != nil {
		return nil, err
	}
	l, err := f.openLock()
	if err != nil {
		return nil, err
	}
	for {
		err := unix.Flock(int(l.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case err == nil:
			return func() { _ = l.Close() }, nil
		case errors.Is(err, unix.EINTR):
		case !errors.Is(err, unix.EWOULDBLOCK):
			_ = l.Close()
			return nil, fmt.Errorf("locking %q: %w", l.Name(), err)
		}
		select {
		case <-ctx.Done():
			_ = l.Close()
			return nil, fmt.Errorf("%q is held by another process", l.Name())
		case <-time.After(pause):
		}
	}
}

// openLock opens the lock file. One that is there is left to whom it belongs: it
// may be another name of another file.
func (f File) openLock() (*os.File, error) {
	name := f.Path + ".lock"
	l, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return os.OpenFile(name, os.O_RDWR|unix.O_NOFOLLOW, 0)
	}
	if err == nil {
		f.giveAway(l)
	}
	return l, err
}

// Draft is the place for a new text. One of Commit and Discard ends it.
type Draft struct {
	path string
	file *os.File
}

// Begin makes PATH.new, for its owner alone, with room for a text of that many
// octets on disk. The caller holds the lock.
func (f File) Begin(room int) (*Draft, error) {
	fresh := f.Path + ".new"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err // else it is what a crash has left
	}
	file, err := os.OpenFile(fresh, os.O_WRONLY|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	d := &Draft{f.Path, file}
	f.giveAway(file)
	if room == 0 {
		return d, nil
	}
	_, err = file.Write(make([]byte, room))
	if err = errors.Join(err, file.Sync()); err != nil {
		d.Discard()
		return nil, err
	}
	return d, nil
}

// Commit makes text the file. When it returns nil, the old text is gone and the
// new one is on disk.
func (d *Draft) Commit(text []byte) error {
	_, err := d.file.WriteAt(text, 0)
	err = errors.Join(err, d.file.Truncate(int64(len(text))), d.file.Sync(), d.file.Close())
	if err == nil {
		err = os.Rename(d.path+".new", d.path)
	}
	if err != nil {
		_ = os.Remove(d.path + ".new")
		return err
	}
	return SyncDir(filepath.Dir(d.path))
}

// Discard leaves the old text as it is.
func (d *Draft) Discard() {
	_ = d.file.Close()
	_ = os.Remove(d.path + ".new")
}

// Remove takes the file away for good. That there is none is no error. The caller
// holds the lock.
func (f File) Remove() error {
	if err := os.Remove(f.Path); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	return SyncDir(filepath.Dir(f.Path))
}

// SyncDir makes a change of dir last. Some file systems cannot, and say EINVAL.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) {
		return err
	}
	return nil
}
