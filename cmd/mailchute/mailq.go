package main

import (
	"fmt"
	"io"
	"time"

	"mailchute/relay/queue"
)

// mailq is -bp: the queue in the form that users of sendmail and their scripts
// know: a line with id, size, time and sender, the trouble in parentheses, then
// the recipients, and a count at the end.
func (f *face) mailq() error {
	if err := f.load(); err != nil {
		return err
	}
	qs, err := f.queues()
	if err != nil {
		return err
	}
	total, octets := 0, int64(0)
	for _, q := range qs {
		for e, err := range q.List() {
			if err != nil {
				f.voice.say("%v", err)
				continue
			}
			if total == 0 {
				fmt.Fprintln(f.Stdout, "-Queue ID-      --Size-- ----Arrival Time---- -Sender/Recipient-------")
			}
			total++
			octets += e.Size
			listEntry(f.Stdout, e)
		}
		holds, _ := q.RouteHolds()
		for _, h := range holds {
			if h.Active(time.Now()) {
				fmt.Fprintf(f.Stdout, "-- held until %s: %s\n", h.Until.Local().Format(time.ANSIC), printable(h.Reason))
			}
		}
		q.Close()
	}
	if total == 0 {
		fmt.Fprintln(f.Stdout, "Mail queue is empty")
		return nil
	}
	fmt.Fprintf(f.Stdout, "-- %d Kbytes in %d Request", (octets+1023)/1024, total)
	if total > 1 {
		io.WriteString(f.Stdout, "s")
	}
	fmt.Fprintln(f.Stdout, ".")
	return nil
}

// listEntry prints one message. A sign behind the id tells the held ones.
func listEntry(w io.Writer, e queue.Entry) {
	s := e.Summary()
	sign := " "
	if s.Held {
		sign = "!"
	}
	sender := s.Sender
	if sender == "" {
		sender = "MAILER-DAEMON"
	}
	fmt.Fprintf(w, "%-15s%s%8d %s  %s\n", s.ID, sign, s.Size, s.Submitted.Local().Format("Mon Jan _2 15:04:05"), printable(sender))
	if s.LastError != "" {
		fmt.Fprintf(w, "%8s(%s)\n", "", printable(s.LastError))
	}
	for _, r := range s.Recipients {
		fmt.Fprintf(w, "%45s %s\n", "", printable(r))
	}
	fmt.Fprintln(w)
}
