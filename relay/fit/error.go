package fit

import (
	"fmt"
	"strconv"
	"strings"

	"mailchute/relay/message"
	"mailchute/relay/reply"
)

// Error says why a message, or an address, cannot go to a server at all: a
// permanent failure.
type Error struct {
	Status reply.Enhanced // 5.6.x, RFC 3463 section 3.7
	Reason string         // for people; lower case, no control characters
}

// Error is the status and the reason.
func (e *Error) Error() string { return e.Status.String() + " " + e.Reason }

// The statuses of RFC 3463 section 3.7 and RFC 6531 section 4.2 used here.
func badMedia() reply.Enhanced     { return reply.Enhanced{Class: 5, Subject: 6, Detail: 1} }
func noConversion() reply.Enhanced { return reply.Enhanced{Class: 5, Subject: 6, Detail: 3} }
func needsUTF8() reply.Enhanced    { return reply.Enhanced{Class: 5, Subject: 6, Detail: 7} }

// obstacle says what keeps text with the traits t from going out as it is.
func (l limits) obstacle(t message.Traits) string {
	switch {
	case t.NUL:
		return "it holds a NUL octet"
	case t.LongestLine > MaxLine:
		return fmt.Sprintf("it has a line of %d octets where %d are allowed", t.LongestLine, MaxLine)
	case t.EightBit && !l.eightBit:
		return "it holds 8-bit text and the server does not offer 8BITMIME"
	case t.BareCR:
		return "it holds a CR that ends no line"
	}
	return "its line ends are not kept in transport"
}

// place is a part of a message as people count: the second part of the first
// part is {1, 2}, the message itself is {}.
type place []int

func (p place) child(n int) place { return append(p[:len(p):len(p)], n) }

func (p place) String() string {
	if len(p) == 0 {
		return "the message"
	}
	var b strings.Builder
	b.WriteString("part ")
	for i, n := range p {
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(strconv.Itoa(n))
	}
	return b.String()
}

// at puts the place in front of the reason of an error.
func (p place) at(err error) error {
	if e, ok := err.(*Error); ok {
		return &Error{e.Status, p.String() + " cannot go to this server: " + e.Reason}
	}
	return err
}
