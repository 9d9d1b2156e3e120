package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"mailchute/inject"
	"mailchute/relay/queue"
	"mailchute/relay/runner"
	"mailchute/relay/xqueue"
)

// queueCommand is `mailchute queue`.
type queueCommand struct {
	Config   string `short:"C" name:"config" help:"Configuration file." placeholder:"FILE"`
	QueueDir string `help:"Directory of the queue, instead of the configured one." placeholder:"DIR"`

	List struct {
		JSON      bool   `help:"As a JSON array."`
		Failed    bool   `help:"Those that failed for good."`
		Sender    string `help:"Only with this in the envelope sender." placeholder:"TEXT"`
		Recipient string `help:"Only with this in a recipient." placeholder:"TEXT"`
		Account   string `help:"Only of this account." placeholder:"NAME"`
		Older     age    `help:"Only older than this, such as 90m or 2d." placeholder:"TIME"`
	} `cmd:"" help:"List what waits."`
	Show struct {
		ID   string `arg:"" help:"Queue id."`
		JSON bool   `help:"The envelope as JSON, without the message."`
	} `cmd:"" help:"Show one message and what became of its recipients."`
	Flush struct {
		JSON bool `help:"Tell the counts as JSON."`
	} `cmd:"" help:"Try all that waits, now."`
	Run struct {
		IDs   []string      `arg:"" name:"id" optional:"" help:"Queue ids; none: all that is due."`
		All   bool          `hidden:"" help:"Not only what is due."`
		After time.Duration `hidden:"" help:"Wait this long first."`
	} `cmd:"" help:"Try what is due."`
	Retry   idsArgument `cmd:"" help:"Try these again from the start; failed ones go back into the queue."`
	Hold    idsArgument `cmd:"" help:"Keep these until they are released."`
	Release idsArgument `cmd:"" help:"Release held ones."`
	Remove  idsArgument `cmd:"" help:"Remove these; nobody is told."`
}

type idsArgument struct {
	IDs []string `arg:"" name:"id" help:"Queue ids."`
}

// age is the value of --older.
type age time.Duration

// UnmarshalText reads it as the configuration's times are written.
func (a *age) UnmarshalText(text []byte) error {
	d, ok := inject.ParseDuration(string(text))
	if !ok {
		return fmt.Errorf("want a time such as 90m or 2d, not %q", text)
	}
	*a = age(d)
	return nil
}

// run does what the words behind "queue" say.
func (c *queueCommand) run(ctx context.Context, p process, words string) exitStatus {
	f := &face{process: p, voice: voice{p.Stderr}, who: lookUpUser(), args: &inject.Args{ConfigFile: c.Config, QueueDir: c.QueueDir}}
	if err := f.load(); err != nil {
		return f.report(err)
	}
	verb, _, _ := strings.Cut(words, " ")
	switch verb {
	case "flush":
		return c.flush(ctx, f)
	case "run":
		return f.report(c.runDue(ctx, f))
	}
	where, err := f.stores(ctx)
	if err != nil {
		return f.report(err)
	}
	defer where.close()
	switch verb {
	case "list":
		return f.report(c.list(f, where))
	case "show":
		return f.report(c.show(f, where))
	case "retry":
		return f.each(where, c.Retry.IDs, xqueue.Retry)
	case "hold":
		return f.each(where, c.Hold.IDs, xqueue.Hold)
	case "release":
		return f.each(where, c.Release.IDs, xqueue.Release)
	}
	return f.each(where, c.Remove.IDs, xqueue.Remove)
}

// runDue tries what is due, unless another process is at it, or the messages
// that were named.
func (c *queueCommand) runDue(ctx context.Context, f *face) error {
	if len(c.Run.IDs) > 0 {
		_, err := f.runQueues(ctx, runner.Scope{Only: c.Run.IDs})
		return err
	}
	qs, err := f.queues()
	if err != nil {
		return err
	}
	for more := true; more; {
		if ran, err := c.runLocked(ctx, f, qs); err != nil || !ran {
			return err
		}
		// Who came while we ran found us at work and went away: look again now
		// that others may run.
		more = c.Run.After > 0 && slices.ContainsFunc(qs, isDue)
		c.Run.After = min(c.Run.After, time.Millisecond)
	}
	return nil
}

// runLocked is one run that excludes others. ran is false when another is at it.
func (c *queueCommand) runLocked(ctx context.Context, f *face, qs []*queue.Queue) (ran bool, err error) {
	for _, q := range qs {
		done, busy, err := q.LockRun()
		if busy || err != nil {
			return false, err
		}
		defer done()
	}
	time.Sleep(c.Run.After)
	_, err = f.runQueues(ctx, runner.Scope{All: c.Run.All})
	return true, err
}

// isDue tells whether something waits for a run.
func isDue(q *queue.Queue) bool {
	for _, err := range q.Due(time.Now(), runner.RetryCeiling) {
		return err == nil
	}
	return false
}

// flush tries all that waits; the status tells whether something still does. A
// terminal sees how far it is.
func (c *queueCommand) flush(ctx context.Context, f *face) exitStatus {
	var watch func(runner.Event)
	show := !c.Flush.JSON && isTerminal(f.Stdout)
	if show {
		watch = (&progress{w: f.Stdout}).attempted
	}
	tally, asked, err := f.flushStores(ctx, runner.Scope{All: true}, xqueue.Filter{}, watch)
	if show {
		fmt.Fprintf(f.Stdout, "\r%s\n", tallyText(tally))
	}
	if show && asked > 0 {
		fmt.Fprintf(f.Stdout, "the local server tries %d now\n", asked)
	}
	if err != nil {
		return f.report(err)
	}
	if c.Flush.JSON {
		counts := map[string]int{"messages": tally.Messages, "delivered": tally.Delivered, "deferred": tally.Deferred, "failed": tally.Failed}
		if asked > 0 {
			counts["asked"] = asked
		}
		printJSON(f.Stdout, counts)
	}
	if tally.Deferred > 0 {
		return exitTempFail
	}
	return exitOK
}

// list prints the entries that the filters let through.
func (c *queueCommand) list(f *face, p *stores) error {
	out := bufio.NewWriter(f.Stdout)
	defer out.Flush()
	array := jsonArray{w: out}
	n := 0
	each := func(s queue.Summary) error {
		switch {
		case !c.wants(&s):
			return nil
		case c.List.JSON:
			return array.add(s)
		}
		n++
		listEntry(out, s)
		return nil
	}
	filter := xqueue.Filter{Failed: c.List.Failed, Sender: c.List.Sender, Address: c.List.Recipient}
	unread := p.missing
	for _, where := range p.all() {
		unread = cmp.Or(where.list(filter, each, f.complain), unread)
	}
	f.unseen(p)
	switch {
	case c.List.JSON:
		return cmp.Or(array.end(), unread)
	case n == 0 && unread == nil:
		fmt.Fprintln(out, "nothing")
	}
	return unread
}

func (c *queueCommand) wants(s *queue.Summary) bool {
	l := &c.List
	return (l.Account == "" || s.Account == l.Account) && (l.Older == 0 || time.Since(s.Submitted) >= time.Duration(l.Older))
}

// show prints one message whole.
func (c *queueCommand) show(f *face, p *stores) error {
	err := p.find(func(where store) error {
		s, err := where.show(c.Show.ID)
		if err != nil {
			return err
		}
		if c.Show.JSON {
			return printJSON(f.Stdout, s)
		}
		showEntry(f.Stdout, s)
		text := &letter{w: f.Stdout, tame: isTerminal(f.Stdout)}
		return cmp.Or(where.read(c.Show.ID, text), text.end())
	})
	return aboutID(c.Show.ID, err)
}

// each does something to every id, wherever it is.
func (f *face) each(p *stores, ids []string, verb xqueue.Verb) exitStatus {
	status := exitOK
	for _, id := range ids {
		if err := p.find(func(where store) error { return where.do(verb, id) }); err != nil {
			status = f.report(aboutID(id, err))
		}
	}
	return status
}

// find tries one store after the other until one has the message.
func (p *stores) find(try func(store) error) error {
	for _, where := range p.all() {
		if e := try(where); !errors.Is(e, queue.ErrGone) {
			return e
		}
	}
	if p.missing == nil && p.unseen != nil {
		return fmt.Errorf("%w; %v", queue.ErrGone, p.unseen)
	}
	return cmp.Or(p.missing, queue.ErrGone)
}

// aboutID says which message an error is about.
func aboutID(id string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", id, err)
}
