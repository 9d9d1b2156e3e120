package serve

import (
	"context"
	"sync"

	"mailchute/cmd/mailchute/post"
	"mailchute/relay/runner"
)

// batch is how many messages go over one connection, under one configuration.
const batch = 50

// deliver starts the workers, and the look for what is due.
func (s *server) deliver(ctx context.Context, all *sync.WaitGroup) {
	for range s.workers {
		all.Go(func() { s.work(ctx) })
	}
	all.Go(func() { s.sweep(ctx) })
}

// work sends what is in the backlog.
func (s *server) work(ctx context.Context) {
	w := &worker{backlog: s.backlog}
	for w.ready(ctx) {
		if err := s.pass(ctx, w); err != nil {
			s.live.Load().warn(err)
			sleep(ctx, sweepEvery)
		}
		w.rest()
	}
}

// supply gives the messages of one run, until there are enough of them, none comes
// for a while, or a new configuration is in force.
func (s *server) supply(ctx context.Context, w *worker, now *settings) func(wait bool) (runner.Turn, bool) {
	left := batch
	return func(wait bool) (t runner.Turn, ok bool) {
		for left > 0 && ctx.Err() == nil && s.live.Load() == now {
			if wait {
				t, ok = w.take()
			} else {
				t, ok = w.ahead()
			}
			if ok {
				left--
				return t, true
			}
			if !wait || !w.wait(ctx) {
				break
			}
		}
		return t, false
	}
}

// pass is one run of the queue under the configuration in force. An error means that
// there was none.
func (s *server) pass(ctx context.Context, w *worker) error {
	now := s.live.Load()
	j := now.journal("")
	j.Follows = s.meters.followed
	r, done, err := post.NewRunner(now.Call, s.queue, j)
	if err != nil {
		return err
	}
	defer done()
	r.Workers, r.Ways = 1, now.ways
	r.Told = func(e runner.Event) {
		s.meters.attempted(e)
		j.Attempted(e)
	}
	if _, err := r.Run(ctx, runner.Scope{Next: s.supply(ctx, w, now)}); err != nil && ctx.Err() == nil {
		now.warn(err)
	}
	return nil
}
