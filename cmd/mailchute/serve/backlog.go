package serve

import (
	"context"
	"sync"
	"time"

	"mailchute/cmd/mailchute/post"
	"mailchute/relay/logbook"
	"mailchute/relay/runner"
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

// batch is how many messages go over one connection, under one configuration.
const batch = 50

// sweepEvery is how often the queue is looked through for what is due again.
const sweepEvery = 30 * time.Second

// deliver starts the workers for new messages, and one that looks for what is
// due again.
func (s *server) deliver(ctx context.Context, all *sync.WaitGroup) {
	for range max(s.workers, 1) {
		all.Go(func() { s.work(ctx) })
	}
	all.Go(func() { s.sweep(ctx) })
}

// work sends new messages as they come.
func (s *server) work(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.backlog.more:
		}
		for ctx.Err() == nil && !s.backlog.isEmpty() {
			s.pass(ctx, runner.Scope{Next: s.supply(ctx)}, 1)
		}
	}
}

// supply gives the messages of one run, until there are enough of them, none comes
// for a while, or a new configuration is in force.
func (s *server) supply(ctx context.Context) func(wait bool) (id string, ok bool) {
	began, left := s.live.Load(), batch
	return func(wait bool) (id string, ok bool) {
		for left > 0 && ctx.Err() == nil && s.live.Load() == began {
			if ids := s.backlog.take(1); len(ids) > 0 {
				left--
				return ids[0], true
			}
			if !wait || !s.backlog.wait(ctx) {
				break
			}
		}
		return "", false
	}
}

// sweep sends what has waited long enough: after a start all that an earlier
// server left. The queue's directory says when, so nothing is lost with us.
func (s *server) sweep(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		now := s.live.Load()
		if err := now.claim(s.Queue); err != nil { // the disk was full when we came
			now.book.Write(logbook.Record{Event: "warning", Text: err.Error()})
		}
		s.pass(ctx, runner.Scope{}, now.Config.Default.Queue.Workers)
		if _, err := s.Queue.Expire(time.Now().Add(-now.Config.Default.Queue.KeepFailed)); err != nil {
			now.book.Write(logbook.Record{Event: "warning", Text: err.Error()})
		}
		for _, err := range s.Queue.Sweep(time.Now()) {
			now.book.Write(logbook.Record{Event: "warning", Text: err.Error()})
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// pass is one run of the queue under the configuration in force.
func (s *server) pass(ctx context.Context, scope runner.Scope, workers int) {
	now := s.live.Load()
	j := now.journal("")
	j.Follows = s.meters.followed
	r := post.NewRunner(now.Call, s.Queue, j)
	r.Workers = workers
	r.Told = func(e runner.Event) {
		s.meters.attempted(e)
		j.Attempted(e)
	}
	if _, err := r.Run(ctx, scope); err != nil && ctx.Err() == nil {
		now.book.Write(logbook.Record{Event: "warning", Text: err.Error()})
	}
}
