// Package voice holds the words to the user and how they are shown.
//
// Style: on standard error, behind the program's name, lower case, no full stop;
// first what is wrong and with what, then, behind a semicolon or on a line of its
// own, what to do. Whatever a line holds of servers, arguments or fields, it is one
// line and shows no control characters.
package voice

import (
	"fmt"
	"io"
	"time"

	"mailchute/headers/address"
	"mailchute/relay/envelope"
)

// Voice speaks to the user.
type Voice struct{ w io.Writer }

// To speaks on w, which is standard error but where words are collected.
func To(w io.Writer) Voice { return Voice{w} }

// Say writes one line. Whatever it holds of servers, arguments or fields, it is
// one line and shows no control characters.
func (v Voice) Say(format string, args ...any) {
	fmt.Fprintf(v.w, "mailchute: %s\n", Printable(fmt.Sprintf(format, args...)))
}

// Hint says what to do about the line in front of it.
func (v Voice) Hint(format string, args ...any) {
	fmt.Fprintf(v.w, "  %s\n", Printable(fmt.Sprintf(format, args...)))
}

// Fail is the line of a recipient that did not get the message.
func (v Voice) Fail(r *envelope.Recipient) {
	if text := r.Outcome.Text(); len(r.Trail) > 0 && !r.Address.Equal(r.Original) {
		v.Say("%s: %s (redirected to %s)", Path(r.Original), text, Path(r.Address))
	} else {
		v.Say("%s: %s", Path(r.Original), text)
	}
}

// Malformed is the line of a recipient that is no address.
func (v Voice) Malformed(e address.Element) { v.Say("%s: %v", e.Text, e.Err) }

// Redirected tells of a followed redirect, as draft-sam-smtp-redirects section
// 3.1 asks.
func (v Voice) Redirected(old address.Addr, h envelope.Hop) {
	v.Say("%s: redirected to %s (%d, %s)", Path(old), Path(h.To), h.Code, RedirectMeaning(h.Code))
}

// Path is an address as SMTP writes it, in angle brackets; the null one is "<>".
func Path(a address.Addr) string { return "<" + a.String() + ">" }

// Way names the way out of an account, "" for the top level.
func Way(account string) string {
	if account == "" {
		return "the smarthost"
	}
	return "the smarthost of account " + account
}

// Time is a moment in lines for people: local time, to the minute.
func Time(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }

// Mistakes is the errors that an error was joined from, each of which has a line of
// its own; any other error is the only one.
func Mistakes(err error) []error {
	if e, ok := err.(interface{ Unwrap() []error }); ok {
		return e.Unwrap()
	}
	return []error{err}
}
