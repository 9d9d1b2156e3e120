package report

import (
	"strings"
	"time"

	"mailchute/headers/address"
	"mailchute/relay/envelope"
)

// date is the form of RFC 5322 section 3.3.
const date = "Mon, 2 Jan 2006 15:04:05 -0700"

// status is the machine-readable part, RFC 3464 section 2.1.
func (o Original) status(s Stamp, about []*envelope.Recipient, k kind) string {
	var b strings.Builder
	field(&b, "Reporting-MTA", "dns; "+s.Host)
	field(&b, "Original-Envelope-Id", o.Envelope.Options.EnvelopeID)
	if !o.Submitted.IsZero() {
		field(&b, "Arrival-Date", o.Submitted.Format(date))
	}
	for _, r := range about {
		b.WriteString("\r\n")
		o.recipient(&b, s, r, k)
	}
	return b.String()
}

// recipient is the fields about one recipient, RFC 3464 section 2.3.
func (o Original) recipient(b *strings.Builder, s Stamp, r *envelope.Recipient, k kind) {
	field(b, "Original-Recipient", first(r))
	field(b, "Final-Recipient", typed(r.Address))
	field(b, "Action", k.action)
	field(b, "Status", k.status(r.Outcome).String())
	if name := r.Outcome.Server; hostname(name) {
		field(b, "Remote-MTA", "dns; "+name)
	}
	switch {
	case r.Outcome.Reply != nil:
		field(b, "Diagnostic-Code", "smtp; "+cut(r.Outcome.Reply.Text()))
	case r.Outcome.Reason != "":
		field(b, "Diagnostic-Code", "x-mailchute; "+cut(r.Outcome.Reason))
	}
	field(b, "Last-Attempt-Date", s.Date.Format(date))
	field(b, "Final-Log-ID", o.ID)
	if !k.until.IsZero() {
		field(b, "Will-Retry-Until", k.until.Format(date))
	}
}

// first is whom the sender first named, RFC 3464 section 2.3.1: what a client told
// with ORCPT, decoded.
func first(r *envelope.Recipient) string {
	kind, name := r.OriginalRecipient().Decode()
	return kind + "; " + name
}

// typed is an address with its type, RFC 3464 section 2.3.1 and RFC 6533 section 3.
func typed(a address.Addr) string {
	if a.IsASCII() {
		return "rfc822; " + a.String()
	}
	return "utf-8; " + a.String()
}

// hostname tells whether s can stand as a name of type dns: a server may have
// called itself anything.
func hostname(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._:[]", c) >= 0) {
			return false
		}
	}
	return s != "" && len(s) <= 255
}

// most is how many octets of a server's words about one recipient are told.
const most = 2000

// cut keeps the first octets of long words.
func cut(s string) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + " ..."
}

// lineLength is where lines end if they can, hardLength where they must: RFC 5322
// section 2.1.1, with room for what is in front.
const (
	lineLength = 76
	hardLength = 900
)

// field writes a field, folded; an empty value writes none.
func field(b *strings.Builder, name, value string) {
	if value = clean(value); value == "" {
		return
	}
	line := name + ":"
	for _, w := range words(value) {
		if len(line)+1+len(w) > lineLength && line != name+":" {
			b.WriteString(line + "\r\n")
			line = ""
		}
		line += " " + w
	}
	b.WriteString(line + "\r\n")
}

// words is s at its blanks, and words that no line could hold in pieces.
func words(s string) []string {
	var ws []string
	for _, w := range strings.Fields(s) {
		for len(w) > hardLength {
			n := hardLength
			for n > hardLength-4 && w[n]&0xC0 == 0x80 { // not inside a rune
				n--
			}
			ws = append(ws, w[:n])
			w = w[n:]
		}
		ws = append(ws, w)
	}
	return ws
}

// clean makes a line of s: no control characters, valid UTF-8.
func clean(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?")))
}

// when is a time for people.
func when(t time.Time) string { return t.Format("Mon, 2 Jan 2006 15:04 -0700") }
