package metrics

import (
	"net"
	"slices"
	"sync"
	"time"
)

// quiet is the connections that have asked nothing yet, the oldest first.
type quiet struct {
	mu  sync.Mutex
	all []asker
}

// asker is a connection that may ask something.
type asker struct {
	net.Conn
	since time.Time
}

func (q *quiet) add(c net.Conn, now time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.all = append(q.all, asker{c, now})
}

func (q *quiet) remove(c net.Conn) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if i := slices.IndexFunc(q.all, func(a asker) bool { return a.Conn == c }); i >= 0 {
		q.all = slices.Delete(q.all, i, i+1)
	}
}

// makeWay takes a place, in the end that of whoever says nothing.
func (q *quiet) makeWay(places chan<- struct{}) {
	for {
		select {
		case places <- struct{}{}:
			return
		default:
		}
		wait := q.drop(time.Now())
		if wait == 0 {
			places <- struct{}{}
			return
		}
		select {
		case places <- struct{}{}:
			return
		case <-time.After(wait):
		}
	}
}

// drop closes the oldest, once it had the time to begin; else it tells how long to
// wait for that. With nobody to close there is nothing to wait for.
func (q *quiet) drop(now time.Time) (wait time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.all) == 0 {
		return 0
	}
	if wait = q.all[0].since.Add(toBegin).Sub(now); wait > 0 {
		return wait
	}
	q.all[0].Close()
	q.all = slices.Delete(q.all, 0, 1)
	return 0
}
