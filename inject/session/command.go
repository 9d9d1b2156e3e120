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
//
// Section 4.1.1 has a blank behind the verb, and wants white space at the end to be
// tolerated. A tab is taken in both places: servers in front of this one may do so,
// and a BDAT that is a command to them and none here would make its chunk commands.
// Anywhere else, as in a quoted local part, a tab is no separator and not allowed.
func parseCommand(line []byte) (command, *reply.Reply) {
	text := strings.TrimRight(string(line), " \t")
	verb, arg := text, ""
	if i := strings.IndexAny(text, " \t"); i >= 0 {
		verb, arg = text[:i], strings.TrimLeft(text[i:], " \t")
	}
	if strings.EqualFold(verb, "BDAT") {
		arg = strings.ReplaceAll(arg, "\t", " ")
	}
	for _, s := range [...]string{verb, arg} {
		if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return command{}, no(500, 5, 5, 2, "control character in a command")
		}
	}
	if !utf8.ValidString(text) {
		return command{}, no(500, 5, 5, 2, "a command is ASCII or UTF-8")
	}
	return command{strings.ToUpper(verb), arg}, nil
}

// isChunk tells whether a line that is no command may announce a chunk all the
// same. Where that is unknown, what follows must not be read as commands.
func isChunk(line []byte) bool {
	return len(line) >= 4 && strings.EqualFold(string(line[:4]), "BDAT")
}
