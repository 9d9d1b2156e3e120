// Package reply is an SMTP reply as a value: code, enhanced status code and
// lines, read once from the wire. Log lines, exit status, retries, reports and
// redirects are all made from that value; nobody parses a reply twice.
package reply

import (
	"fmt"
	"strings"
)

// Class is the first digit of a reply code, by which alone a client decides
// (RFC 5321 section 4.3.2).
type Class int

// The classes of RFC 5321 section 4.2.1. Anything else, 1yz included, is a
// fault of the server and never a success.
const (
	Fault        Class = 0
	Success      Class = 2
	Intermediate Class = 3
	Temporary    Class = 4
	Permanent    Class = 5
)

// Enhanced is an enhanced status code, RFC 3463 section 2: class, subject and
// detail. The zero value means that there was none.
type Enhanced struct {
	Class, Subject, Detail int
}

// IsZero tells whether there is no enhanced status code.
func (e Enhanced) IsZero() bool { return e == Enhanced{} }

// String is the form of RFC 3463, "5.1.1"; empty for the zero value.
func (e Enhanced) String() string {
	if e.IsZero() {
		return ""
	}
	return fmt.Sprintf("%d.%d.%d", e.Class, e.Subject, e.Detail)
}

// Reply is one reply of a server.
type Reply struct {
	Code     int      // the three digits of the last line; see Class
	Enhanced Enhanced // from the front of the text, RFC 2034 section 4
	Lines    []string // the text of each line, without code and enhanced code; no control characters
	Command  string   // the verb that it answers, "RCPT"; "" is the greeting
}

// Class is the class of the reply, Fault for a code that is none.
func (r Reply) Class() Class {
	if c := r.Code / 100; c >= 2 && c <= 5 {
		return Class(c)
	}
	return Fault
}

// Text is the reply on one line as users, logs and reports show it: code,
// enhanced status code and the lines joined by blanks. It holds no control
// characters.
func (r Reply) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%03d", r.Code)
	if !r.Enhanced.IsZero() {
		b.WriteString(" " + r.Enhanced.String())
	}
	for _, l := range r.Lines {
		if l = strings.TrimSpace(l); l != "" {
			b.WriteString(" " + l)
		}
	}
	return b.String()
}
