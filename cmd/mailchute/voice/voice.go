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
	"strings"
	"unicode"
	"unicode/utf8"

	"mailchute/headers/address"
	"mailchute/relay/envelope"
)

// Voice speaks to the user on standard error.
type Voice struct{ W io.Writer }

// Say writes one line. Whatever it holds of servers, arguments or fields, it is
// one line and shows no control characters.
func (v Voice) Say(format string, args ...any) {
	fmt.Fprintf(v.W, "mailchute: %s\n", Printable(fmt.Sprintf(format, args...)))
}

// Hint says what to do about the line in front of it.
func (v Voice) Hint(format string, args ...any) {
	fmt.Fprintf(v.W, "  %s\n", Printable(fmt.Sprintf(format, args...)))
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

const HintNoConfig = "make one with: mailchute init; or write it to ~/.config/mailchute/mailchute.toml or /etc/mailchute/mailchute.toml; the least it needs is a line such as smarthost = \"submission://smtp.example.org\", see mailchute.toml(5)"

const HintNotReadable = "where only root may read it, mailchute serve sends for all users; or make a configuration of your own with: mailchute init"

const HintCheck = "mailchute check looks at configuration, server and login, and says what to mend"

// NoTokens is what to do where somebody wants to log in and nothing says how.
func NoTokens(account string) string {
	table := "[oauth]"
	if account != "" {
		table = "[account." + account + ".oauth]"
	}
	return "there is no " + table + `, so nothing logs in by token; the least it needs is provider = "google" or "microsoft" and client_id = "...", see mailchute.toml(5)`
}

func RedirectMeaning(code int) string {
	switch code {
	case 557:
		return "moved for good: please use the new address from now on"
	case 558:
		return "moved for now: keep the old address"
	}
	return "user not local"
}

func Path(a address.Addr) string { return "<" + a.String() + ">" }

// Printable makes control characters visible and invalid UTF-8 harmless.
func Printable(s string) string {
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
		case unicode.IsControl(r), SpeaksToTerminals(r):
			fmt.Fprintf(&b, `\x{%X}`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// SpeaksToTerminals tells of characters beyond ASCII that are no text: controls,
// and what turns the direction of a line or ends it.
func SpeaksToTerminals(r rune) bool {
	return r >= 0x7f && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == 0x2028 || r == 0x2029
}
