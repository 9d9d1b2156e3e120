package queue

import (
	"errors"
	"io/fs"
	"time"
)

// Empty tells whether nothing is in the queue, neither waiting nor failed for good.
func (q *Queue) Empty() (bool, error) {
	for _, folder := range []string{messageDir, failedDir} {
		n := 0
		err := q.eachID(folder, func(string) { n++ })
		if err != nil || n > 0 {
			return false, err
		}
	}
	return true, nil
}

// eachID hands the ids of a folder to f, in no order. One that is not there has none.
func (q *Queue) eachID(folder string, f func(id string)) error {
	d, err := q.sub(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return d.names(func(name string) {
		if isID(name) {
			f(name)
		}
	})
}

// Depth is how many messages are in the queue, without those that failed for good,
// and when the oldest of them was accepted: the zero time when there is none. Only names
// are read, so it takes about a tenth of a second for 100,000 messages.
func (q *Queue) Depth() (n int, oldest time.Time, err error) {
	first := ""
	err = q.eachID(messageDir, func(id string) {
		n++
		if first == "" || id < first {
			first = id
		}
	})
	if first != "" {
		oldest = created(first)
	}
	return n, oldest, err
}
