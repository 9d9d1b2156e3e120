package queue

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// LockRun excludes a second run of the whole queue: it would open what the first
// one is about to send, and find each message busy. done ends the run; busy says
// that another process is at it. The lock dies with its process, and runs for
// single messages do without.
func (q *Queue) LockRun() (done func(), busy bool, err error) {
	f, err := os.OpenFile(q.path, unix.O_DIRECTORY|q.flags, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return func() {}, false, nil // an empty queue
	}
	if err != nil {
		return nil, false, &Error{Op: "open", Path: q.path, Err: err}
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	switch {
	case errors.Is(err, unix.EWOULDBLOCK):
		f.Close()
		return nil, true, nil
	case err != nil:
		f.Close()
		return nil, false, &Error{Op: "lock", Path: q.path, Err: err}
	}
	return func() { f.Close() }, false, nil
}
