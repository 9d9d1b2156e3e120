package queue

import (
	"errors"
	"io/fs"
	"time"

	"mailchute/relay/envelope"
)

// What people do to a message by hand. Each takes the lock for a moment: ErrBusy
// says that the message is being sent.

// Hold keeps a message from being sent until Unhold.
func (q *Queue) Hold(id string) error {
	return q.change(id, func(e *Entry) { e.Held = true })
}

// Unhold lets a held message go on, and one that waits for its hour too.
func (q *Queue) Unhold(id string) error {
	return q.change(id, func(e *Entry) { e.Held, e.NotBefore = false, time.Time{} })
}

func (q *Queue) change(id string, f func(*Entry)) error {
	it, err := q.Acquire(id)
	if err != nil {
		return err
	}
	defer it.Release()
	f(&it.Entry)
	return it.Update()
}

// Delete takes a message away for good, wherever it stands.
func (q *Queue) Delete(id string) error {
	it, err := q.take(id)
	if err != nil {
		return err
	}
	defer it.Release()
	return it.Remove()
}

// Retry makes a message due now. One that failed for good goes back to the queue
// for the recipients that failed, and its age counts from now. ErrHeld: it was told to
// wait, which only Unhold ends.
func (q *Queue) Retry(id string, now time.Time) error {
	it, err := q.take(id)
	if err != nil {
		return err
	}
	defer it.Release()
	if !it.Failed && it.Waits(now) {
		return ErrHeld
	}
	for i, r := range it.Envelope.Recipients {
		if it.Failed && r.Outcome.State == envelope.Failed {
			r.Outcome.State = envelope.Deferred
			it.Retries[i] = Retry{}
		}
		it.Retries[i].Next = time.Time{}
	}
	if !it.Failed {
		return it.Update()
	}
	it.Since, it.Warned = now, false
	if err := it.Update(); err != nil {
		return err
	}
	to, err := q.made(messageDir)
	if err != nil {
		return err
	}
	return it.move(to)
}

// take acquires a message wherever it stands.
func (q *Queue) take(id string) (*Item, error) {
	it, err := q.acquire(messageDir, id)
	if err == ErrGone {
		return q.acquire(failedDir, id)
	}
	return it, err
}

// Expire removes the messages that failed for good before a time, and tells how
// many. It goes on after an error about one.
func (q *Queue) Expire(before time.Time) (int, error) {
	d, err := q.sub(failedDir)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return 0, nil
		}
		return 0, err
	}
	n := 0
	var errs []error
	err = d.sorted(func(id string) bool {
		st, err := d.stat(id)
		if err == nil && st.mtime.Before(before) {
			if err = q.expire(id); err == nil {
				n++
			}
		}
		if err = gone(err); err != nil && err != ErrGone && err != ErrBusy {
			errs = append(errs, err)
		}
		return true
	})
	return n, errors.Join(append(errs, err)...)
}

func (q *Queue) expire(id string) error {
	it, err := q.acquire(failedDir, id)
	if err != nil {
		return err
	}
	defer it.Release()
	return it.Remove()
}
