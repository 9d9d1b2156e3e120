package session

import (
	"bufio"
	"strconv"
	"strings"

	"mailchute/relay/reply"
)

// say is a reply with an enhanced status code, RFC 2034.
func say(code, class, subject, detail int, lines ...string) reply.Reply {
	return reply.Reply{Code: code, Enhanced: reply.Enhanced{Class: class, Subject: subject, Detail: detail}, Lines: lines}
}

// no is say for refusals.
func no(code, class, subject, detail int, text string) *reply.Reply {
	r := say(code, class, subject, detail, text)
	return &r
}

func tooLarge(limit int64) *reply.Reply {
	if limit == 0 {
		return no(552, 5, 3, 4, "the message is too large")
	}
	return no(552, 5, 3, 4, "the message is too large: the limit is "+strconv.FormatInt(limit, 10)+" octets")
}

func outOfOrder(text string) reply.Reply { return say(503, 5, 5, 1, text) }

// maxReplyText is what a line of a reply has room for beside code, enhanced
// status code and CR LF, RFC 5321 section 4.5.3.1.5.
const maxReplyText = 512 - len("250-") - len("5.555.555 ") - len("\r\n")

// writeReply writes r as it goes over the wire: one line for each of its texts,
// cut to what a line may have, without a control character or an octet beyond
// ASCII. A reply without a text gets the word for its class.
func writeReply(w *bufio.Writer, r reply.Reply) error {
	lines := r.Lines
	if len(lines) == 0 {
		lines = []string{"OK"}
		if r.Code >= 400 {
			lines = []string{"refused"}
		}
	}
	last := len(lines) - 1
	for _, line := range lines[:last] {
		writeLine(w, r, '-', line)
	}
	return writeLine(w, r, ' ', lines[last])
}

// writeLine writes one line of r; between stands behind the code.
func writeLine(w *bufio.Writer, r reply.Reply, between byte, text string) error {
	w.WriteString(strconv.Itoa(r.Code))
	w.WriteByte(between)
	if !r.Enhanced.IsZero() {
		w.WriteString(r.Enhanced.String())
		w.WriteByte(' ')
	}
	w.WriteString(plainText(text))
	_, err := w.WriteString("\r\n") // bufio keeps the first error
	return err
}

// plainText makes a text fit for a line of a reply.
func plainText(s string) string {
	if len(s) > maxReplyText {
		s = s[:maxReplyText]
	}
	if printable(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r < ' ' || r == 0x7f:
			return ' '
		case r > 0x7f:
			return '?'
		}
		return r
	}, s)
}
