package serve

import (
	"context"
	"sync"
	"time"

	"mailchute/cmd/mailchute/post"
	"mailchute/relay/logbook"
	"mailchute/relay/runner"
)

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
		if err := now.claim(s.queue); err != nil { // the disk was full when we came
			now.book.Write(logbook.Record{Event: "warning", Text: err.Error()})
		}
		s.pass(ctx, runner.Scope{}, now.Config.Default.Queue.Workers)
		if _, err := s.queue.Expire(time.Now().Add(-now.Config.Default.Queue.KeepFailed)); err != nil {
			now.book.Write(logbook.Record{Event: "warning", Text: err.Error()})
		}
		for _, err := range s.queue.Sweep(time.Now()) {
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
	r, done, err := post.NewRunner(now.Call, s.queue, j)
	if err != nil {
		now.book.Write(logbook.Record{Event: "warning", Text: err.Error()})
		return
	}
	defer done()
	r.Workers = workers
	r.Told = func(e runner.Event) {
		s.meters.attempted(e)
		j.Attempted(e)
	}
	if _, err := r.Run(ctx, scope); err != nil && ctx.Err() == nil {
		now.book.Write(logbook.Record{Event: "warning", Text: err.Error()})
	}
}
