package sendmail

import (
	"context"
	"io"
	"time"

	"mailchute/cmd/mailchute/desk"
	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/host"
	"mailchute/cmd/mailchute/post"
	"mailchute/cmd/mailchute/voice"
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
	return c.keepRunning(ctx, filter)
}

// keepRunning makes a run every so often, each by the configuration as it is then: who
// changes it, or a password in it, does not think of this process.
func (c *call) keepRunning(ctx context.Context, filter xqueue.Filter) error {
	tick := time.NewTicker(c.Args.Runner.Every)
	defer tick.Stop()
	for said := ""; ; said = c.reload(said) {
		if _, err := post.RunQueues(ctx, c.Call, runner.Scope{Match: filter.Matches}); err != nil {
			c.Voice.Say("%v", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// reload puts the configuration in force as it is now. One that is wrong changes nothing,
// which is told once: said is what was told last.
func (c *call) reload(said string) string {
	fresh := *c.Call
	fresh.Notes, fresh.Voice = nil, voice.To(io.Discard) // warnings were told at the start
	err := fresh.Load()
	if err == nil {
		fresh.Voice = c.Voice
		c.Call = &fresh
		return ""
	}
	if err.Error() == said {
		return said
	}
	c.Complain(err)
	c.Voice.Say("the old configuration stays in force")
	if j, wrong := c.OpenJournal(&c.Config.Default); wrong == nil {
		j.Note("the old configuration stays in force: " + err.Error())
		j.Close()
	}
	return err.Error()
}

// detach goes on in the background with the runs that -q asked for.
func (c *call) detach() error {
	args, err := c.runsInBackground()
	if err != nil {
		return err
	}
	return host.StartDetached(args...)
}

// runsInBackground is the arguments of a process that makes those runs.
func (c *call) runsInBackground() ([]string, error) {
	inherited, err := c.Inherited(face.SendmailSpelling)
	return append(append([]string{"sendmail", "-C", c.Config.Path}, runnerArgs(c.Args.Runner)...), inherited...), err
}

// runnerArgs is the forms of -q that ask for r, in the foreground.
func runnerArgs(r inject.Runner) []string {
	return []string{"-qf" + r.Every.String(), "-qI" + r.ID, "-qR" + r.Recipient, "-qS" + r.Sender}
}
