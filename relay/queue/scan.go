package queue

import (
	"errors"
	"io/fs"
	"iter"
	"slices"
	"strings"
	"time"
)

// batch is how many names are kept at a time. A directory gives its names in no
// order; a pass over it keeps the oldest of those that are left. So the memory does not
// grow with the queue, and up to some ten thousand messages a few passes do.
const batch = 4096

// Due is the ids of the messages that wait for an attempt at this time, oldest
// first. What waits longer than retryMax was set aside by a clock that was wrong,
// or waits for a reason that the state tells: there the state is asked. Messages
// that come and go meanwhile may or may not be seen. The iteration goes on after
// an error about one message.
func (q *Queue) Due(now time.Time, retryMax time.Duration) iter.Seq2[string, error] {
	return q.pick(func(id string, next time.Time) (bool, error) {
		switch wait := next.Sub(now); {
		case wait <= 0:
			return true, nil
		case wait <= retryMax && !created(id).After(now):
			return false, nil
		}
		e, err := q.peek(messageDir, id)
		return err != nil || e.due(now), err
	})
}

// Ready is Due without regard to the time of the next attempt: all messages that
// are neither held nor wait for a time before which they shall not go.
func (q *Queue) Ready(now time.Time) iter.Seq2[string, error] {
	return q.pick(func(id string, next time.Time) (bool, error) {
		if !next.After(now) {
			return true, nil
		}
		e, err := q.peek(messageDir, id)
		return err != nil || !e.Waits(now), err
	})
}

// pick is the ids whose index time wanted says yes to.
func (q *Queue) pick(wanted func(id string, next time.Time) (bool, error)) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		d, err := q.sub(messageDir)
		if err != nil {
			if !errors.Is(err, fs.ErrNotExist) {
				yield("", err)
			}
			return
		}
		err = d.sorted(func(id string) bool {
			st, err := d.stat(id)
			want := err != nil
			if err == nil {
				want, err = wanted(id, st.mtime)
			}
			if err := gone(err); err == ErrGone || !want {
				return true // it went while we looked
			}
			return yield(id, err)
		})
		if err != nil {
			yield("", err)
		}
	}
}

// sorted hands the ids in d to f in order, until f says no.
func (d *dir) sorted(f func(id string) bool) error {
	var last string
	ids := make([]string, 0, 64)
	for {
		var err error
		if ids, err = d.after(last, ids[:0]); err != nil {
			return err
		}
		for _, id := range ids {
			if !f(id) {
				return nil
			}
		}
		if len(ids) < batch {
			return nil
		}
		last = ids[len(ids)-1]
	}
}

// after appends the smallest ids behind last to ids, at most a batch, in order.
func (d *dir) after(last string, ids []string) ([]string, error) {
	limit := "" // once a batch is full: ids from here on are of no interest
	err := d.names(func(name string) {
		if name <= last || limit != "" && name >= limit || !isID(name) {
			return
		}
		ids = append(ids, strings.Clone(name))
		if len(ids) == 2*batch {
			slices.Sort(ids)
			ids, limit = ids[:batch], ids[batch]
		}
	})
	slices.Sort(ids)
	return ids[:min(len(ids), batch)], err
}
