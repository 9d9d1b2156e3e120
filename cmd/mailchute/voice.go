package main

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"mailchute/headers/address"
	"mailchute/relay/envelope"
)

// This file holds the words to the user. Style: on standard error, behind the
// program's name, lower case, no full stop; first what is wrong and with what,
// then, behind a semicolon or on a line of its own, what to do.

// voice speaks to the user on standard error.
type voice struct{ w io.Writer }

// say writes one line. Whatever it holds of servers, arguments or fields, it is
// one line and shows no control characters.
func (v voice) say(format string, args ...any) {
	fmt.Fprintf(v.w, "mailchute: %s\n", printable(fmt.Sprintf(format, args...)))
}

// hint says what to do about the line in front of it.
func (v voice) hint(format string, args ...any) {
	fmt.Fprintf(v.w, "  %s\n", printable(fmt.Sprintf(format, args...)))
}

// fail is the line of a recipient that did not get the message.
func (v voice) fail(r *envelope.Recipient) {
	if text := r.Outcome.Text(); len(r.Trail) > 0 && !r.Address.Equal(r.Original) {
		v.say("%s: %s (redirected to %s)", path(r.Original), text, path(r.Address))
	} else {
		v.say("%s: %s", path(r.Original), text)
	}
}

// malformed is the line of a recipient that is no address.
func (v voice) malformed(e address.Element) { v.say("%s: %v", e.Text, e.Err) }

// redirected tells of a followed redirect, as draft-sam-smtp-redirects section
// 3.1 asks.
func (v voice) redirected(old address.Addr, h envelope.Hop) {
	v.say("%s: redirected to %s (%d, %s)", path(old), path(h.To), h.Code, redirectMeaning(h.Code))
}

const hintNoConfig = "make one with: mailchute init; or write it to ~/.config/mailchute/mailchute.toml or /etc/mailchute/mailchute.toml; the least it needs is a line such as smarthost = \"submission://smtp.example.org\", see mailchute.toml(5)"

const hintNotReadable = "where only root may read it, mailchute serve sends for all users; or make a configuration of your own with: mailchute init"

const hintCheck = "mailchute check looks at configuration, server and login, and says what to mend"

// noTokens is what to do where somebody wants to log in and nothing says how.
func noTokens(account string) string {
	table := "[oauth]"
	if account != "" {
		table = "[account." + account + ".oauth]"
	}
	return "there is no " + table + `, so nothing logs in by token; the least it needs is provider = "google" or "microsoft" and client_id = "...", see mailchute.toml(5)`
}

func redirectMeaning(code int) string {
	switch code {
	case 557:
		return "moved for good: please use the new address from now on"
	case 558:
		return "moved for now: keep the old address"
	}
	return "user not local"
}

func path(a address.Addr) string { return "<" + a.String() + ">" }

// printable makes control characters visible and invalid UTF-8 harmless.
func printable(s string) string {
	clean := true
	for i := 0; i < len(s) && clean; i++ {
		clean = s[i] >= ' ' && s[i] < 0x7f
	}
	if clean {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == utf8.RuneError:
			b.WriteByte('?')
		case unicode.IsControl(r), speaksToTerminals(r):
			fmt.Fprintf(&b, `\x{%X}`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// speaksToTerminals tells of characters beyond ASCII that are no text: controls,
// and what turns the direction of a line or ends it.
func speaksToTerminals(r rune) bool {
	return r >= 0x7f && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == 0x2028 || r == 0x2029
}
