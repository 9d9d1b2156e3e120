package post

import (
	"cmp"
	"context"
	"time"

	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/host"
	"mailchute/cmd/mailchute/journal"
	"mailchute/cmd/mailchute/wire"
	"mailchute/relay/queue"
	"mailchute/relay/runner"
)

// NewRunner makes the runner of a queue. Every account of the configuration can
// be asked for; what one says of its queue's place has been settled already. done has
// to be called in the end.
func NewRunner(f *face.Call, q *queue.Queue, j *journal.Journal) (r *runner.Runner, done func(), err error) {
	trace, done, err := f.Tracer()
	if err != nil {
		return nil, nil, err
	}
	return &runner.Runner{Queue: q, Workers: f.Config.Default.Queue.Workers, Now: time.Now, Told: j.Attempted,
		Account: func(name string) (*runner.Account, error) {
			a, err := f.Config.Account(name)
			if err != nil {
				return nil, err
			}
			who, err := wire.Rules(a).Identity.Resolve(host.World(f.Who, f.Getenv))
			if err != nil {
				return nil, err
			}
			p := newPost(f, a, q, j)
			p.trace = trace
			ra := p.runnerAccount(who)
			ra.Relay, err = p.relay(who.Hostname)
			return ra, err
		}}, done, nil
}

// RunQueues makes one pass over the queues that no server is at work on; messages
// that are named are sent wherever they are.
func RunQueues(ctx context.Context, f *face.Call, scope runner.Scope) (sum runner.Tally, err error) {
	find := f.RunnableQueues
	if scope.Only != nil {
		find = f.Queues
	}
	qs, err := find()
	if err != nil {
		return sum, err
	}
	return RunWatched(ctx, f, qs, scope, nil)
}

// RunWatched makes one pass over some queues, tells watch, if there is one, of each
// attempt, and closes them.
func RunWatched(ctx context.Context, f *face.Call, qs []*queue.Queue, scope runner.Scope, watch func(runner.Event)) (sum runner.Tally, trouble error) {
	if len(qs) == 0 {
		return sum, nil
	}
	j, err := f.OpenJournal(&f.Config.Default)
	if err != nil {
		return sum, err
	}
	defer j.Close()
	for _, q := range qs {
		r, done, err := NewRunner(f, q, j)
		if err != nil {
			return sum, err
		}
		if watch != nil {
			r.Told = func(e runner.Event) {
				j.Attempted(e)
				watch(e)
			}
		}
		tally, err := r.Run(ctx, scope)
		trouble = cmp.Or(err, trouble)
		done()
		sum.Messages += tally.Messages
		sum.Delivered += tally.Delivered
		sum.Deferred += tally.Deferred
		sum.Failed += tally.Failed
		tidy(f, q, j)
		q.Close()
	}
	return sum, trouble
}

// tidy forgets what failed long ago and sweeps up what crashes left.
func tidy(f *face.Call, q *queue.Queue, j *journal.Journal) {
	now := time.Now()
	if _, err := q.Expire(now.Add(-f.Config.Default.Queue.KeepFailed)); err != nil {
		j.Note(err.Error())
	}
	for _, err := range q.Sweep(now) {
		j.Note(err.Error())
	}
}
