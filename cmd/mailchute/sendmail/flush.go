package sendmail

import (
	"context"
	"path/filepath"
	"time"

	"mailchute/cmd/mailchute/desk"
	"mailchute/cmd/mailchute/host"
	"mailchute/cmd/mailchute/post"
	"mailchute/inject"
	"mailchute/relay/runner"
	"mailchute/relay/xqueue"
)

// flush is -q: one run, or with a time a run every so often.
func (c *call) flush(ctx context.Context) error {
	if err := c.Load(); err != nil {
		return err
	}
	r := c.Args.Runner
	filter := xqueue.Filter{ID: r.ID, Sender: r.Sender, Address: r.Recipient}
	if r.Every == 0 {
		_, _, err := desk.Flush(ctx, c.Call, runner.Scope{All: true, Match: filter.Matches}, filter, nil)
		return err
	}
	if !r.Foreground {
		return c.detach()
	}
	for tick := time.NewTicker(r.Every); ; {
		if _, err := post.RunQueues(ctx, c.Call, runner.Scope{Match: filter.Matches}); err != nil {
			c.Voice.Say("%v", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			tick.Stop()
			return nil
		}
	}
}

// detach goes on in the background with the runs that -q asked for.
func (c *call) detach() error {
	args := append([]string{"sendmail", "-C", c.Config.Path}, runnerArgs(c.Args.Runner)...)
	if c.Args.QueueDir != "" {
		dir, err := filepath.Abs(c.Args.QueueDir)
		if err != nil {
			return err
		}
		args = append(args, "-oQ"+dir)
	}
	return host.StartDetached(args...)
}

// runnerArgs is the forms of -q that ask for r, in the foreground.
func runnerArgs(r inject.Runner) []string {
	return []string{"-qf" + r.Every.String(), "-qI" + r.ID, "-qR" + r.Recipient, "-qS" + r.Sender}
}
