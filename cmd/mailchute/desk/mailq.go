package desk

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/voice"
	"mailchute/relay/queue"
	"mailchute/relay/runner"
	"mailchute/relay/xqueue"
)

// Mailq is -bp: the queue in the form of Postfix, which users of sendmail and
// their scripts know.
func Mailq(ctx context.Context, f *face.Call) error {
	if err := f.Load(); err != nil {
		return err
	}
	p, err := OpenStores(ctx, f)
	if err != nil {
		return err
	}
	defer p.Close()
	out := bufio.NewWriter(f.Stdout)
	defer out.Flush()
	total, octets, unread := 0, int64(0), p.missing
	each := func(s queue.Summary) error {
		if total == 0 {
			fmt.Fprintln(out, "-Queue ID-      --Size-- ----Arrival Time---- -Sender/Recipient-------")
		}
		total++
		octets += s.Size
		listEntry(out, s)
		return nil
	}
	for _, where := range p.all() {
		unread = cmp.Or(where.Each(xqueue.Filter{}, each, f.Complain), unread)
	}
	for _, q := range p.Queues {
		listHolds(f, q)
	}
	unseen(f, p)
	if total == 0 {
		if unread == nil {
			fmt.Fprintln(out, "Mail queue is empty")
		}
		return unread
	}
	plural := "s"
	if total == 1 {
		plural = ""
	}
	fmt.Fprintf(out, "-- %d Kbytes in %d Request%s.\n", (octets+1023)/1024, total, plural)
	return unread
}

// listHolds tells on standard error, so that no script stumbles over it, which
// ways are in trouble.
func listHolds(f *face.Call, q *queue.Queue) {
	holds, _ := q.RouteHolds()
	for _, h := range holds {
		if runner.IsWay(h) && h.Active(time.Now()) {
			f.Voice.Say("%s: nothing is tried before %s: %s", wayName(h), h.Until.Local().Format(arrival), h.Reason)
		}
	}
}

func wayName(h queue.RouteHold) string {
	name := "the smarthost"
	if h.Name != "" {
		name += " of account " + h.Name
	}
	if h.Login {
		return "the login at " + name
	}
	return name
}

// arrival is the form of times in listings, that of asctime(3) without the year.
const arrival = "Mon Jan _2 15:04:05"

// listEntry prints one message: a line with id, size, time and sender, then the
// recipients, those with the same trouble below it in parentheses. An exclamation
// mark at the id tells the held ones.
func listEntry(w io.Writer, s queue.Summary) {
	id, sender := voice.Printable(s.ID), s.Sender
	if s.Held {
		id += "!"
	}
	if sender == "" {
		sender = "MAILER-DAEMON"
	}
	fmt.Fprintf(w, "%-15s %8d %s  %s\n", id, s.Size, s.Submitted.Local().Format(arrival), voice.Printable(sender))
	trouble := ""
	for _, fate := range s.Open() {
		if text := voice.Printable(fate.Text); text != trouble {
			trouble = text
			if text != "" {
				fmt.Fprintf(w, "%s(%s)\n", strings.Repeat(" ", max(0, 76-len(text))), text)
			}
		}
		fmt.Fprintf(w, "%46s%s\n", "", voice.Printable(fate.Recipient))
	}
	fmt.Fprintln(w)
}
