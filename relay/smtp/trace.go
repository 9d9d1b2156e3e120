package smtp

import (
	"strconv"
	"strings"

	"mailchute/relay/reply"
)

// veil is what the secrets of a connection look like on the wire.
type veil []string

const mask = "[secret]"

// add puts a text behind the veil. Very short ones are not: they are part of
// too many other words, and hide nothing.
func (v *veil) add(text string) {
	if len(text) >= 4 {
		*v = append(*v, text)
	}
}

// in is s without the secrets.
func (v veil) in(s string) string {
	for _, text := range v {
		s = strings.ReplaceAll(s, text, mask)
	}
	return s
}

// hide takes the secrets out of a reply: a server may repeat what it was told.
func (c *Conn) hide(r *reply.Reply) {
	if len(c.hidden) > 0 {
		for i, line := range r.Lines {
			r.Lines[i] = c.hidden.in(line)
		}
	}
}

func (c *Conn) trace(line string) {
	if c.options.Trace != nil {
		c.options.Trace(printable(line))
	}
}

// saySecret adds a command whose last part nobody may see.
func (c *Conn) saySecret(s step, shown, secret string) {
	c.trace("C: " + shown + mask)
	c.wire.out = append(c.wire.out, shown...)
	c.wire.out = append(c.wire.out, secret...)
	c.wire.out = append(c.wire.out, '\r', '\n')
	c.due = append(c.due, s)
}

func (c *Conn) traceReply(s step, r *reply.Reply) {
	if c.options.Trace == nil {
		return
	}
	if s == stepAUTH && r.Class() == reply.Intermediate {
		c.trace("S: 334 [challenge]")
		return
	}
	code := strconv.Itoa(1000 + r.Code)[1:]
	for i, line := range r.Lines {
		between := "-"
		if i == len(r.Lines)-1 {
			between = " "
		}
		if !r.Enhanced.IsZero() {
			line = strings.TrimRight(r.Enhanced.String()+" "+line, " ")
		}
		c.trace("S: " + code + between + line)
	}
}
