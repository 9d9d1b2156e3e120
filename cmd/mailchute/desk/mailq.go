package desk

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"math"
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
		octets += min(max(s.Size, 0), math.MaxInt64-octets) // a server may say anything
		listEntry(out, s)
		return nil
	}
	for _, where := range p.all(ctx) {
		unread = cmp.Or(where.Each(xqueue.Filter{}, each, f.Complain), unread)
	}
	for _, q := range p.Queues {
		listHolds(f.Voice, q)
	}
	p.tellUnseen(f.Voice)
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
	fmt.Fprintf(out, "-- %d Kbytes in %d Request%s.\n", octets/1024+min(octets%1024, 1), total, plural)
	return unread
}

// listHolds tells on standard error, so that no script stumbles over it, which
// ways are in trouble.
func listHolds(v voice.Voice, q *queue.Queue) {
	holds, _ := q.RouteHolds()
	for _, h := range holds {
		if runner.IsWay(h) && h.Active(time.Now()) {
			v.Say("%s: nothing is tried before %s: %s", wayName(h), h.Until.Local().Format(arrival), h.Reason)
		}
	}
}

// wayName is what a hold stands on.
func wayName(h queue.RouteHold) string {
	if h.Login {
		return "the login at " + voice.Way(h.Name)
	}
	return voice.Way(h.Name)
}
