package logbook

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// textLine is the form for people: key=value, what one looks for first in front,
// in the words of a Postfix log, so that a grep for "to=<a@b>" finds its line.
//
// Each recipient has its own to=, with orig_to= behind it where the two differ;
// status= (and state= where it is not the event) speaks of all recipients in
// front of it back to the one before.
func textLine(r Record) []byte {
	var l line
	l.word("id", r.ID)
	l.word("event", r.Event)
	if r.Sender != "" || len(r.Recipients) > 0 {
		l.address("from", r.Sender)
	}
	l.recipients(r)
	l.number("more_recipients", int64(r.More))
	l.word("relay", r.Smarthost)
	l.word("account", r.Account)
	l.word("tls", r.TLS)
	l.session(r.Session)
	l.number("size", r.Size)
	if r.Took != 0 {
		l.word("took", strconv.FormatFloat(r.Took.Seconds(), 'f', 3, 64)+"s")
	}
	if r.MessageID != "" {
		l.address("msgid", r.MessageID)
	}
	l.word("user", r.User)
	l.number("exit", int64(r.Exit))
	l.text("text", r.Text)
	return l
}

// line grows by one pair at a time.
type line []byte

func (l *line) recipients(r Record) {
	for i, c := range r.Recipients {
		l.address("to", c.Address)
		if c.Original != "" {
			l.address("orig_to", c.Original)
		}
		if next := i + 1; next < len(r.Recipients) && r.Recipients[next].State == c.State && r.Recipients[next].Reply == c.Reply {
			continue // the same fate: said once, behind the last of them
		}
		if c.State != r.Event {
			l.word("state", c.State)
		}
		l.text("status", c.Reply)
	}
}

// session has every number, so that a line says 0 where it was.
func (l *line) session(s *Session) {
	if s == nil {
		return
	}
	if s.UID >= 0 {
		l.word("uid", strconv.Itoa(s.UID))
	}
	l.word("end", s.End)
	for _, n := range s.numbers() {
		l.word(n.name, strconv.Itoa(n.value))
	}
}

// key begins a pair.
func (l *line) key(name string) {
	if len(*l) > 0 {
		*l = append(*l, ' ')
	}
	*l = append(append(*l, name...), '=')
}

// word adds a value that is written without quotes where it can be.
func (l *line) word(name, value string) {
	switch {
	case value == "":
	case plain(value):
		l.key(name)
		*l = append(*l, value...)
	default:
		l.text(name, value)
	}
}

// text adds a value in quotes, with Go's escapes for what cannot be shown.
func (l *line) text(name, value string) {
	if value != "" {
		l.key(name)
		*l = strconv.AppendQuote(*l, value)
	}
}

// address adds an address in angle brackets; in quotes too where the address
// itself holds what could end it early. The null one is <>.
func (l *line) address(name, value string) {
	if strings.ContainsAny(value, "<>") {
		l.text(name, "<"+value+">")
		return
	}
	l.word(name, "<"+value+">")
}

func (l *line) number(name string, value int64) {
	if value != 0 {
		l.word(name, strconv.FormatInt(value, 10))
	}
}

// plain tells whether a value can stand without quotes: it has no blank, no
// quote, no backslash and nothing that cannot be shown.
func plain(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return r == ' ' || r == '"' || r == '\\' || !unicode.IsPrint(r)
	})
}
