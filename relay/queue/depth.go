package queue

import (
	"errors"
	"io/fs"
	"time"
)

// Depth is how many messages are in the queue, without those that failed for good,
// and when the oldest of them was accepted: the zero time when there is none. Only names
// are read, so it takes about a tenth of a second for 100,000 messages.
func (q *Queue) Depth() (n int, oldest time.Time, err error) {
	d, err := q.sub(messageDir)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, oldest, nil
	}
	if err != nil {
		return 0, oldest, err
	}
	first := ""
	err = d.names(func(name string) {
		if !isID(name) {
			return
		}
		n++
		if first == "" || name < first {
			first = name
		}
	})
	if first != "" {
		oldest = created(first)
	}
	return n, oldest, err
}
