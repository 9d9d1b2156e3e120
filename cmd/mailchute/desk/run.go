package desk

import (
	"context"
	"slices"
	"time"

	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/post"
	"mailchute/relay/queue"
	"mailchute/relay/runner"
)

// runDue tries what is due, unless another process is at it, or the messages
// that were named.
func (c *Queue) runDue(ctx context.Context, f *face.Call) error {
	if len(c.Run.IDs) > 0 {
		_, err := post.RunQueues(ctx, f, runner.Scope{Only: c.Run.IDs})
		return err
	}
	qs, err := f.RunnableQueues()
	if err != nil {
		return err
	}
	for more := true; more; {
		if ran, err := c.runLocked(ctx, f, qs); err != nil || !ran {
			return err
		}
		// Who came while we ran found us at work and went away: look again now
		// that others may run.
		more = c.Run.After > 0 && slices.ContainsFunc(qs, post.IsDue)
		c.Run.After = min(c.Run.After, time.Millisecond)
	}
	return nil
}

// runLocked is one run that excludes others. ran is false when another is at it.
func (c *Queue) runLocked(ctx context.Context, f *face.Call, qs []*queue.Queue) (ran bool, err error) {
	for _, q := range qs {
		done, busy, err := q.LockRun()
		if busy || err != nil {
			return false, err
		}
		defer done()
	}
	time.Sleep(c.Run.After)
	_, err = post.RunQueues(ctx, f, runner.Scope{All: c.Run.All})
	return true, err
}
