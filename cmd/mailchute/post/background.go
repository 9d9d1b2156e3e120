package post

import (
	"time"

	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/host"
	"mailchute/relay/queue"
	"mailchute/relay/runner"
)

// pickUp starts a run in the background when something is due: machines without
// serve or a timer get their queue emptied by the next mail that works. A way
// that was held is free again, and what waited for it goes at once. A server that is
// at work on the queue looks after it itself.
func (p *Post) pickUp() {
	if p.queue == nil || p.queue.Served() {
		return
	}
	done, busy, err := p.queue.LockRun()
	if busy || err != nil {
		return
	}
	done()
	var options []string
	if _, held := p.queue.RouteHold(p.account.Name); held {
		if err := p.queue.FreeRoute(p.account.Name); err != nil {
			p.Journal.Note(err.Error())
		}
		options = []string{"--all"}
	} else if !IsDue(p.queue) {
		return
	}
	if err := p.runDetached(options...); err != nil {
		p.warn("the queue could not be run: " + err.Error())
	}
}

// soon is how long a run of the queue waits for more to come into it.
const soon = 2 * time.Second

// runSoon starts a run in the background a little later, unless one is waiting or
// at work already: it looks again before it ends.
func (p *Post) runSoon() {
	if p.queue.Served() {
		return
	}
	done, busy, err := p.queue.LockRun()
	if busy || err != nil {
		return
	}
	done()
	if err := p.runDetached("--after", soon.String()); err != nil {
		p.warn("the queue could not be run: " + err.Error())
	}
}

// runOwn starts a queue run in the background for what this call has put there, with
// the options of this call.
func (p *Post) runOwn(ids ...string) error {
	options, err := p.call.Inherited(face.Spelling{Tag: "--tag=", Trace: "--trace=", Aliases: "--aliases="})
	if err != nil {
		return err
	}
	return p.runDetached(append(options, ids...)...)
}

// runDetached starts a queue run that outlives this process, for some messages
// or for all that is due. what is ids and options of `queue run`.
func (p *Post) runDetached(what ...string) error {
	args := []string{"queue", "run", "-C", p.call.Config.Path, "--queue-dir", p.queue.Path()}
	return host.StartDetached(append(args, what...)...)
}

// IsDue tells whether something waits for a run.
func IsDue(q *queue.Queue) bool {
	for _, err := range q.Due(time.Now(), runner.RetryCeiling) {
		return err == nil
	}
	return false
}
