package queue

import (
	"errors"
	"io/fs"
	"strings"
	"time"
)

// leftover is the age at which a temporary file, or a state without a message,
// is nobody's any more: the program that wrote it has died. A writer that is
// merely slower gets an error, and loses nothing.
const leftover = time.Hour

// stale is the age at which trouble with a way says nothing any more: it is
// longer than any wait for the next attempt.
const stale = 30 * 24 * time.Hour

// Sweep tidies the queue: it sets aside what does not belong there and removes
// what a crash has left behind. It gives a *CorruptError for each thing set
// aside, and other errors for what could not be done; none of them stops the
// queue.
func (q *Queue) Sweep(now time.Time) []error {
	var errs []error
	for _, folder := range []string{messageDir, failedDir, stateDir, servedDir, routeDir} {
		d, err := q.sub(folder)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		err = d.names(func(name string) {
			if err := q.tidy(d, folder, name, now); err != nil {
				errs = append(errs, err)
			}
		})
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// tidy judges one name.
func (q *Queue) tidy(d *dir, folder, name string, now time.Time) error {
	switch {
	case strings.HasPrefix(name, prefix):
		return d.removeOld(name, now, leftover)
	case folder == routeDir:
		return d.removeOld(name, now, stale)
	case !isID(name):
		return q.setAside(d, name, errCorrupt)
	case folder == servedDir:
		return q.bury(d, name, now)
	case folder == stateDir:
		orphan, err := q.orphan(name)
		if err != nil || !orphan {
			return err
		}
		return d.removeOld(name, now, leftover)
	}
	return nil
}

// orphan tells whether no message has this id. A message may move between two
// looks, in one direction or the other, so the first place is looked at twice.
func (q *Queue) orphan(id string) (bool, error) {
	for _, folder := range []string{messageDir, failedDir, messageDir} {
		d, err := q.sub(folder)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return false, err
		}
		if there, err := d.exists(id); there || err != nil {
			return false, err
		}
	}
	return true, nil
}

func (d *dir) removeOld(name string, now time.Time, age time.Duration) error {
	st, err := d.stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if now.Sub(st.mtime) < age {
		return nil
	}
	return d.remove(name)
}
