// Package desk is where users see and handle what waits: mailchute queue, mailq and
// mailchute redirects.
//
// Mail waits in a queue on disk or with the local submission server; a Store is
// either, and a command is about all that its user can see.
package desk

import (
	"context"
	"fmt"
	"strings"
	"time"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/face"
	"mailchute/inject"
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

		// Of the call that started this run in the background.
		Tag     string `hidden:"" help:"Name in the log."`
		Trace   string `hidden:"" help:"File that the SMTP dialogue is appended to." placeholder:"FILE"`
		Aliases string `hidden:"" help:"Aliases file." placeholder:"FILE"`
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
	f := face.New(p, &inject.Args{ConfigFile: c.Config, QueueDir: c.QueueDir, Tag: c.Run.Tag, TraceFile: c.Run.Trace, AliasFile: c.Run.Aliases})
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
		return f.Report(c.list(ctx, f, where))
	case "show":
		return f.Report(c.show(ctx, f, where))
	case "retry":
		return eachID(ctx, f, where, c.Retry.IDs, xqueue.Retry)
	case "hold":
		return eachID(ctx, f, where, c.Hold.IDs, xqueue.Hold)
	case "release":
		return eachID(ctx, f, where, c.Release.IDs, xqueue.Release)
	}
	return eachID(ctx, f, where, c.Remove.IDs, xqueue.Remove)
}
