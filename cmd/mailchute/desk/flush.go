package desk

import (
	"cmp"
	"context"
	"fmt"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/post"
	"mailchute/cmd/mailchute/terminal"
	"mailchute/cmd/mailchute/voice"
	"mailchute/relay/runner"
	"mailchute/relay/xqueue"
)

// Flush is a run of our queues, and a word to the servers to run theirs,
// which is all that can be waited for. asked is how many messages they try.
func Flush(ctx context.Context, f *face.Call, scope runner.Scope, filter xqueue.Filter, watch func(runner.Event)) (sum runner.Tally, asked int, err error) {
	p, err := OpenStores(ctx, f)
	if err != nil {
		return sum, 0, err
	}
	defer p.Close()
	for _, c := range p.Servers {
		a, askErr := c.Flush(ctx, filter)
		err = cmp.Or(err, askErr)
		asked += a.Messages
	}
	sum, runErr := post.RunWatched(ctx, f, p.Queues, scope, watch)
	return sum, asked, cmp.Or(runErr, err, p.missing)
}

// flush tries all that waits; the status tells whether something still does. A
// terminal sees how far it is.
func (c *Queue) flush(ctx context.Context, f *face.Call) exit.Status {
	var watch func(runner.Event)
	show := !c.Flush.JSON && terminal.Is(f.Stdout)
	if show {
		watch = (&progress{w: f.Stdout}).attempted
	}
	tally, asked, err := Flush(ctx, f, runner.Scope{All: true}, xqueue.Filter{}, watch)
	if show {
		fmt.Fprintf(f.Stdout, "\r%s\n", tallyText(tally))
	}
	if show && asked > 0 {
		fmt.Fprintf(f.Stdout, "the local server tries %d now\n", asked)
	}
	if err != nil {
		return f.Report(err)
	}
	if c.Flush.JSON {
		counts := map[string]int{"messages": tally.Messages, "delivered": tally.Delivered, "deferred": tally.Deferred, "failed": tally.Failed}
		if asked > 0 {
			counts["asked"] = asked
		}
		voice.PrintJSON(f.Stdout, counts)
	}
	if tally.Deferred > 0 {
		return exit.TempFail
	}
	return exit.OK
}
