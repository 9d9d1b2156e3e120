package session

import (
	"strings"

	"mailchute/inject"
)

// model is a session told in another way: over the whole text at once, with
// searches instead of states of a reader. It shares the grammar of the commands'
// arguments with the real one, and nothing of what cuts the stream to pieces.
type model struct {
	rest    string
	replies int
	texts   []string

	unix                bool // lines end in LF alone, and there are no chunks
	open, chunked, utf8 bool
	binary              bool
	recipients          int
	chunks              string
	errors              int
}

// run gives the texts that are delivered and counts the replies.
func (m *model) run() {
	m.replies = 1
	for m.line() {
	}
}

func (m *model) bad() bool { m.errors++; return m.errors < defaultErrors }

func (m *model) line() (goesOn bool) {
	end := strings.Index(m.rest, "\n")
	if end < 0 {
		return false
	}
	line := m.rest[:end+1]
	m.rest = m.rest[end+1:]
	m.replies++
	if !strings.HasSuffix(line, "\r\n") {
		return false
	}
	c, refusal := parseCommand([]byte(line[:len(line)-2]))
	if refusal != nil || len(line) > maxLine {
		return !isChunk([]byte(line)) && m.bad() // its chunk could follow
	}
	return m.command(c)
}

func (m *model) command(c command) (goesOn bool) {
	switch c.verb {
	case "QUIT":
		return false
	case "NOOP", "HELP":
		return true
	case "VRFY":
		return c.arg != "" || m.bad()
	case "EHLO", "HELO":
		if c.arg == "" {
			return m.bad()
		}
		m.open, m.chunked, m.recipients, m.chunks = false, false, 0, ""
		return true
	case "RSET":
		if c.arg != "" {
			return m.bad()
		}
		m.open, m.chunked, m.recipients, m.chunks = false, false, 0, ""
		return true
	case "MAIL":
		return m.mail(c.arg)
	case "RCPT":
		return m.rcpt(c.arg)
	case "DATA":
		return m.data(c.arg)
	case "BDAT":
		return m.bdat(c.arg)
	}
	return m.bad()
}

func (m *model) mail(arg string) bool {
	if m.open {
		return true
	}
	path, parameters, ok := cutPath(arg, "FROM:")
	if !ok {
		return m.bad()
	}
	sender, err := parsePath(path)
	list, refusal := parseParameters(parameters)
	if path != "" && err != nil || refusal != nil {
		return true
	}
	w, refusal := mailParameters(list, Options{RequireTLS: true, MaxHold: 72 * 3600e9}, noon)
	m.open = refusal == nil && !(m.unix && isBinary(list)) && (w.SMTPUTF8 || sender.IsASCII())
	m.utf8 = w.SMTPUTF8
	m.binary = isBinary(list)
	return true
}

func (m *model) rcpt(arg string) bool {
	if !m.open || m.chunked {
		return true
	}
	path, parameters, ok := cutPath(arg, "TO:")
	if !ok {
		return m.bad()
	}
	a, err := parsePath(path)
	list, refusal := parseParameters(parameters)
	if err != nil || refusal != nil || rcptParameters(new(inject.Mailbox), list) != nil || !a.IsASCII() && !m.utf8 {
		return true
	}
	m.recipients++
	return true
}

func (m *model) data(arg string) bool {
	if arg != "" {
		return m.bad()
	}
	if !m.open || m.chunked || m.recipients == 0 || m.binary {
		return true
	}
	m.replies++ // 354, and the one for the text
	whole := "\r\n" + m.rest
	end := strings.Index(whole, "\r\n.\r\n")
	if end < 0 {
		m.replies--
		m.rest = ""
		return false
	}
	m.rest = whole[end+5:]
	text := strings.ReplaceAll(whole[:end+2], "\r\n.", "\r\n")
	m.deliver(text[2:])
	return true
}

func (m *model) bdat(arg string) bool {
	if m.unix {
		return false
	}
	digits, last, _ := strings.Cut(arg, " ")
	last = strings.TrimLeft(last, " ")
	n, ok := number(digits, 18)
	if !ok || last != "" && !strings.EqualFold(last, "LAST") {
		return false
	}
	if int64(len(m.rest)) < n {
		m.replies--
		return false
	}
	chunk := m.rest[:n]
	m.rest = m.rest[n:]
	if !m.open || m.recipients == 0 {
		return true
	}
	m.chunked = true
	m.chunks += chunk
	if last != "" {
		m.deliver(m.chunks)
	}
	return true
}

func (m *model) deliver(text string) {
	m.texts = append(m.texts, text)
	m.open, m.chunked, m.recipients, m.chunks = false, false, 0, ""
}
