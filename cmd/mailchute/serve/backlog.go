package serve

import (
	"context"
	"slices"
	"sync"
	"time"
)

// backlog is the ids of messages that were just accepted and wait for their first
// attempt. It gives out those of each user in turn, so that one who sends
// thousands delays only himself.
type backlog struct {
	mu      sync.Mutex
	all     int      // that wait
	turns   []string // users with something waiting
	waiting map[string][]string
	hot     chan struct{} // to a worker that has a connection and waits for work
	more    chan struct{} // to another one: has something in it when there may be work
}

// maxBacklog bounds the ids in memory. What is beyond it has been accepted like all
// others, and the next look through the queue finds it.
const maxBacklog = 100_000

func newBacklog() *backlog {
	return &backlog{waiting: map[string][]string{}, hot: make(chan struct{}), more: make(chan struct{}, 1)}
}

func (b *backlog) add(user string, ids ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	ids = ids[:min(len(ids), maxBacklog-b.all)]
	if len(ids) == 0 {
		return
	}
	if len(b.waiting[user]) == 0 {
		b.turns = append(b.turns, user)
	}
	b.waiting[user] = append(b.waiting[user], ids...)
	b.all += len(ids)
	b.wake()
}

// wake calls a worker, one that has a connection first.
func (b *backlog) wake() {
	select {
	case b.hot <- struct{}{}:
		return
	default:
	}
	select {
	case b.more <- struct{}{}:
	default:
	}
}

func (b *backlog) isEmpty() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all == 0
}

// linger is how long a worker keeps its connection for the next message. A server
// bears that, and mail that comes in a row needs no login for each.
const linger = time.Second

// wait waits for work as long as a connection is kept, and tells whether there may
// be some.
func (b *backlog) wait(ctx context.Context) bool {
	patience := time.NewTimer(linger)
	defer patience.Stop()
	select {
	case <-b.hot:
		return true
	case <-b.more:
		return true
	case <-patience.C:
	case <-ctx.Done():
	}
	return false
}

// take gives up to n ids, one of each user in turn.
func (b *backlog) take(n int) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var ids []string
	for len(ids) < n && len(b.turns) > 0 {
		user := b.turns[0]
		b.turns = b.turns[1:]
		ids = append(ids, b.waiting[user][0])
		b.all--
		if rest := b.waiting[user][1:]; len(rest) > 0 {
			b.waiting[user] = rest
			b.turns = append(b.turns, user)
		} else {
			delete(b.waiting, user)
		}
	}
	if len(b.turns) > 0 {
		b.wake() // work for another worker
	}
	return ids
}

// ask puts ids into the backlog that are not there yet: what is asked for again and
// again is tried once.
func (b *backlog) ask(user string, ids ...string) {
	b.mu.Lock()
	there := make(map[string]bool, len(b.waiting[user]))
	for _, id := range b.waiting[user] {
		there[id] = true
	}
	b.mu.Unlock()
	b.add(user, slices.DeleteFunc(ids, func(id string) bool { return there[id] })...)
}
