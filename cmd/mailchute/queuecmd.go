package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"mailchute/inject"
	"mailchute/relay/queue"
	"mailchute/relay/runner"
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
	qs, err := f.queues()
	if err != nil {
		return f.report(err)
	}
	switch verb {
	case "list":
		return f.report(c.list(f, qs))
	case "show":
		return c.show(f, qs)
	case "retry":
		return f.each(qs, c.Retry.IDs, func(q *queue.Queue, id string) error { return q.Retry(id, time.Now()) })
	case "hold":
		return f.each(qs, c.Hold.IDs, (*queue.Queue).Hold)
	case "release":
		return f.each(qs, c.Release.IDs, (*queue.Queue).Unhold)
	}
	return f.each(qs, c.Remove.IDs, (*queue.Queue).Delete)
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
	tally, err := f.runWatched(ctx, runner.Scope{All: true}, watch)
	if show {
		fmt.Fprintf(f.Stdout, "\r%s\n", tallyText(tally))
	}
	if err != nil {
		return f.report(err)
	}
	if c.Flush.JSON {
		printJSON(f.Stdout, map[string]int{"messages": tally.Messages, "delivered": tally.Delivered, "deferred": tally.Deferred, "failed": tally.Failed})
	}
	if tally.Deferred > 0 {
		return exitTempFail
	}
	return exitOK
}

// list prints the entries that the filters let through.
func (c *queueCommand) list(f *face, qs []*queue.Queue) error {
	out := bufio.NewWriter(f.Stdout)
	defer out.Flush()
	found := []queue.Summary{}
	n := 0
	var unread error
	for _, q := range qs {
		entries := q.List()
		if c.List.Failed {
			entries = q.ListFailed()
		}
		for e, err := range entries {
			if err != nil && e.ID == "" { // the queue itself cannot be read
				unread = err
				continue
			}
			if err != nil {
				f.voice.say("%v", err)
				continue
			}
			if !c.wants(&e) {
				continue
			}
			n++
			if c.List.JSON {
				found = append(found, e.Summary())
			} else {
				listEntry(out, e)
			}
		}
	}
	if c.List.JSON {
		return cmp.Or(printJSON(f.Stdout, found), unread)
	}
	if n == 0 && unread == nil {
		fmt.Fprintln(out, "nothing")
	}
	return unread
}

func (c *queueCommand) wants(e *queue.Entry) bool {
	l := &c.List
	return (l.Account == "" || e.Account == l.Account) && (l.Older == 0 || time.Since(e.Submitted) >= time.Duration(l.Older)) &&
		matching(inject.Runner{Sender: l.Sender, Recipient: l.Recipient})(e)
}

// show prints one message whole.
func (c *queueCommand) show(f *face, qs []*queue.Queue) exitStatus {
	for _, q := range qs {
		e, err := q.Show(c.Show.ID)
		if errors.Is(err, queue.ErrGone) {
			continue
		}
		if err != nil {
			return f.report(err)
		}
		defer e.Message.Body.Close()
		if c.Show.JSON {
			return f.report(printJSON(f.Stdout, e.Summary()))
		}
		showEntry(f.Stdout, e)
		return exitOK
	}
	f.voice.say("%s: %v", c.Show.ID, queue.ErrGone)
	return exitUnavailable
}

// showEntry is what is known of a message, then the message itself.
func showEntry(w io.Writer, e *queue.Entry) {
	s := e.Summary()
	fmt.Fprintf(w, "id         %s\nfrom       <%s>\nsubmitted  %s\n", s.ID, printable(s.Sender), s.Submitted.Local().Format(time.RFC1123Z))
	if s.Account != "" {
		fmt.Fprintf(w, "account    %s\n", printable(s.Account))
	}
	for _, fate := range s.Fates {
		fmt.Fprintf(w, "to         <%s> %s", printable(fate.Recipient), fate.State)
		if fate.Attempts > 0 {
			fmt.Fprintf(w, " after attempt %d", fate.Attempts)
		}
		if !fate.Next.IsZero() {
			fmt.Fprintf(w, ", next %s", fate.Next.Local().Format("Mon Jan _2 15:04:05"))
		}
		if fate.Text != "" {
			fmt.Fprintf(w, ": %s", printable(fate.Text))
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w)
	for line := range strings.Lines(string(e.Message.Header)) {
		fmt.Fprintln(w, printable(strings.TrimRight(line, "\r\n")))
	}
	fmt.Fprintln(w)
	if !isTerminal(w) {
		io.Copy(w, e.Message.Body.Reader())
		return
	}
	// What strangers wrote must not speak to a terminal.
	body := bufio.NewReader(e.Message.Body.Reader())
	for {
		line, err := body.ReadString('\n')
		if line != "" {
			fmt.Fprintln(w, printable(strings.TrimRight(line, "\r\n")))
		}
		if err != nil {
			return
		}
	}
}

// each does something to every id, in whichever queue it is.
func (f *face) each(qs []*queue.Queue, ids []string, do func(*queue.Queue, string) error) exitStatus {
	status := exitOK
	for _, id := range ids {
		err := error(queue.ErrGone)
		for _, q := range qs {
			if err = do(q, id); !errors.Is(err, queue.ErrGone) {
				break
			}
		}
		if err != nil {
			f.voice.say("%s: %v", id, err)
			status = exitUnavailable
		}
	}
	return status
}
