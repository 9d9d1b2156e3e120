package desk

import (
	"fmt"
	"io"
	"strings"
	"time"

	"mailchute/cmd/mailchute/voice"
	"mailchute/relay/queue"
)

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

// arrival is the form of times in listings, that of asctime(3) without the year.
const arrival = "Mon Jan _2 15:04:05"

// showEntry is what is known of a message; its text comes behind it.
func showEntry(w io.Writer, s queue.Summary) {
	fmt.Fprintf(w, "id         %s\nfrom       <%s>\nsubmitted  %s\n", voice.Printable(s.ID), voice.Printable(s.Sender), s.Submitted.Local().Format(time.RFC1123Z))
	if s.Account != "" {
		fmt.Fprintf(w, "account    %s\n", voice.Printable(s.Account))
	}
	for _, fate := range s.Fates {
		fmt.Fprintf(w, "to         <%s> %s", voice.Printable(fate.Recipient), voice.Printable(fate.State))
		if fate.Attempts > 0 {
			fmt.Fprintf(w, " after attempt %d", fate.Attempts)
		}
		if !fate.Next.IsZero() {
			fmt.Fprintf(w, ", next %s", fate.Next.Local().Format("Mon Jan _2 15:04:05"))
		}
		if fate.Text != "" {
			fmt.Fprintf(w, ": %s", voice.Printable(fate.Text))
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w)
}
