package serve

import (
	"context"
	"slices"
	"time"

	"mailchute/relay/logbook"
	"mailchute/relay/queue"
	"mailchute/relay/runner"
)

// sweepEvery is how often the queue is looked through for what is due.
const sweepEvery = 30 * time.Second

// sweep puts into the backlog what has waited long enough: after a start all that an
// earlier server left. The queue's directory says when, so nothing is lost with us.
// However much waits, looking takes no more than a tenth of the time.
func (s *server) sweep(ctx context.Context) {
	for {
		began, now := time.Now(), s.live.Load()
		if err := now.claim(s.queue); err != nil { // the disk was full when we came
			now.warn(err)
		}
		s.findDue(ctx, now)
		if _, err := s.queue.Expire(time.Now().Add(-now.Config.Default.Queue.KeepFailed)); err != nil {
			now.warn(err)
		}
		for _, err := range s.queue.Sweep(time.Now()) {
			now.warn(err)
		}
		if !sleep(ctx, max(sweepEvery-time.Since(began), 9*time.Since(began))) {
			return
		}
	}
}

// sleep waits for a time, and tells whether the server still runs.
func sleep(ctx context.Context, d time.Duration) bool {
	over := time.NewTimer(d)
	defer over.Stop()
	select {
	case <-over.C:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// warn puts an error into the log.
func (s *settings) warn(err error) {
	s.book.Write(logbook.Record{Event: "warning", Text: err.Error()})
}

// findDue puts what is due into the backlog.
func (s *server) findDue(ctx context.Context, now *settings) {
	whose := owners{}
	for id, err := range s.queue.Due(time.Now(), runner.RetryCeiling) {
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			now.warn(err)
			continue
		case s.backlog.waits(id):
			continue
		}
		e, err := s.queue.Peek(id)
		switch {
		case err == queue.ErrGone:
			continue
		case err != nil:
			e = &queue.Entry{} // the worker that acquires it says what is wrong
		}
		s.backlog.add(whose.share(e), id)
	}
}

// owners is the users behind user ids, by the names of their shares.
type owners map[int]string

// share is that of a message.
func (o owners) share(e *queue.Entry) share {
	again := slices.ContainsFunc(e.Retries, func(r queue.Retry) bool { return !r.Last.IsZero() })
	if e.UID == 0 { // root's, or nobody is known
		return share{e.User, again}
	}
	name, known := o[e.UID]
	if !known {
		name = knownClient(e.UID).share()
		o[e.UID] = name
	}
	return share{name, again}
}

// again is the share of a message that is asked for.
func (o owners) again(e *queue.Entry) share { return share{o.share(e).user, true} }
