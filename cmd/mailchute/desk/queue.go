// Package desk is where users see and handle what waits: mailchute queue, mailq and
// mailchute redirects.
//
// Mail waits in a queue on disk or with the local submission server; a Store is
// either, and a command is about all that its user can see.
package desk

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/post"
	"mailchute/cmd/mailchute/terminal"
	"mailchute/cmd/mailchute/voice"
	"mailchute/inject"
	"mailchute/relay/queue"
	"mailchute/relay/runner"
	"mailchute/relay/xqueue"
)

// Queue is `mailchute queue`.
type Queue struct {
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

// Do does what the words behind "queue" say.
func (c *Queue) Do(ctx context.Context, p face.Process, words string) exit.Status {
	f := face.New(p, &inject.Args{ConfigFile: c.Config, QueueDir: c.QueueDir})
	if err := f.Load(); err != nil {
		return f.Report(err)
	}
	verb, _, _ := strings.Cut(words, " ")
	switch verb {
	case "flush":
		return c.flush(ctx, f)
	case "run":
		return f.Report(c.runDue(ctx, f))
	}
	where, err := OpenStores(ctx, f)
	if err != nil {
		return f.Report(err)
	}
	defer where.Close()
	switch verb {
	case "list":
		return f.Report(c.list(f, where))
	case "show":
		return f.Report(c.show(f, where))
	case "retry":
		return each(f, where, c.Retry.IDs, xqueue.Retry)
	case "hold":
		return each(f, where, c.Hold.IDs, xqueue.Hold)
	case "release":
		return each(f, where, c.Release.IDs, xqueue.Release)
	}
	return each(f, where, c.Remove.IDs, xqueue.Remove)
}

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

// list prints the entries that the filters let through.
func (c *Queue) list(f *face.Call, p *Stores) error {
	out := bufio.NewWriter(f.Stdout)
	defer out.Flush()
	array := voice.NewJSONArray(out)
	n := 0
	each := func(s queue.Summary) error {
		switch {
		case !c.wants(&s):
			return nil
		case c.List.JSON:
			return array.Add(s)
		}
		n++
		listEntry(out, s)
		return nil
	}
	filter := xqueue.Filter{Failed: c.List.Failed, Sender: c.List.Sender, Address: c.List.Recipient}
	unread := p.missing
	for _, where := range p.all() {
		unread = cmp.Or(where.Each(filter, each, f.Complain), unread)
	}
	unseen(f, p)
	switch {
	case c.List.JSON:
		return cmp.Or(array.End(), unread)
	case n == 0 && unread == nil:
		fmt.Fprintln(out, "nothing")
	}
	return unread
}

func (c *Queue) wants(s *queue.Summary) bool {
	l := &c.List
	return (l.Account == "" || s.Account == l.Account) && (l.Older == 0 || time.Since(s.Submitted) >= time.Duration(l.Older))
}

// show prints one message whole.
func (c *Queue) show(f *face.Call, p *Stores) error {
	err := p.find(func(where Store) error {
		s, err := where.show(c.Show.ID)
		if err != nil {
			return err
		}
		if c.Show.JSON {
			return voice.PrintJSON(f.Stdout, s)
		}
		showEntry(f.Stdout, s)
		text := &letter{w: f.Stdout, tame: terminal.Is(f.Stdout)}
		return cmp.Or(where.read(c.Show.ID, text), text.end())
	})
	return aboutID(c.Show.ID, err)
}

// each does something to every id, wherever it is.
func each(f *face.Call, p *Stores, ids []string, verb xqueue.Verb) exit.Status {
	status := exit.OK
	for _, id := range ids {
		if err := p.find(func(where Store) error { return where.do(verb, id) }); err != nil {
			status = f.Report(aboutID(id, err))
		}
	}
	return status
}

// find tries one store after the other until one has the message.
func (p *Stores) find(try func(Store) error) error {
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
