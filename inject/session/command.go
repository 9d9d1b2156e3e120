package session

import (
	"strings"
	"unicode/utf8"

	"mailchute/relay/reply"
)

// command is one line of a client: a verb in upper case and what stands behind
// it, without blanks at its ends.
type command struct {
	verb, arg string
}

// parseCommand reads a line without its CR LF, RFC 5321 section 4.1.1. The reply
// is not nil when the line is no command at all: it has a control character or is
// no UTF-8 (RFC 6531 section 3.3).
func parseCommand(line []byte) (command, *reply.Reply) {
	for _, c := range line {
		if c < ' ' || c == 0x7f {
			return command{}, no(500, 5, 5, 2, "control character in a command")
		}
	}
	if !utf8.Valid(line) {
		return command{}, no(500, 5, 5, 2, "a command is ASCII or UTF-8")
	}
	// Blanks at the end: section 4.1.1 wants them tolerated.
	verb, arg, _ := strings.Cut(strings.TrimRight(string(line), " "), " ")
	return command{strings.ToUpper(verb), strings.Trim(arg, " ")}, nil
}

// isBrowser tells the verbs of HTTP. A web page can make a browser send a form
// to a port of this machine, and the form may hold SMTP.
func isBrowser(verb string) bool {
	switch verb {
	case "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "PATCH", "TRACE":
		return true
	}
	return false
}
