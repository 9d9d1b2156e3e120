package serve

import (
	"context"
	"slices"
	"time"

	"mailchute/relay/queue"
	"mailchute/relay/runner"
)

// lapse ends what holds the ways that are in trouble. Who stops the server, or has it
// read its configuration again, has perhaps mended what was wrong. A server that was
// killed leaves the holds, lest each start knock at a closed door.
func lapse(q *queue.Queue, now time.Time) {
	holds, _ := q.RouteHolds()
	for _, h := range holds {
		if runner.IsWay(h) && h.Active(now) {
			h.Until = now
			_ = q.HoldRoute(h) // if it cannot be written, it lapses in its time
		}
	}
}

// again has all tried now that waits, where the hold of a way has lapsed: the messages
// behind it may have been told to come back hours later.
func (s *server) again(ctx context.Context, now time.Time) {
	holds, _ := s.queue.RouteHolds()
	if !slices.ContainsFunc(holds, func(h queue.RouteHold) bool { return runner.IsWay(h) && !h.Active(now) }) {
		return
	}
	whose := owners{}
	for e, err := range s.queue.List() {
		switch {
		case ctx.Err() != nil:
			return
		case err == nil && !e.Waits(now):
			s.backlog.ask(whose.again(&e), e.ID)
		}
	}
}
