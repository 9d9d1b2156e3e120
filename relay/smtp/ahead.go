package smtp

import "mailchute/relay/reply"

// The content of a message is explicitly allowed to be the first of a group (RFC
// 2920 section 3.1). So the envelope of the next transaction can travel behind
// it, and a row of messages takes one flight each instead of two:
//
//	content of 1, MAIL 2, RCPT 2        [the replies to all of them]
//	content of 2, MAIL 3, RCPT 3        ...
//
// One is also the least there can be: what RCPT 2 is told must be known before
// content 2 is sent, and RCPT 3 comes behind that content.
//
// The reply to the message comes first. It is handed to the caller, who records
// it, and the other replies stay in the connection until the caller sends the
// transaction that they are for. Whatever becomes of message 1 says nothing
// about the envelope of 2: each has its own replies, and if the connection is
// lost before content 2, then nobody has got 2.

// aheadMost is how many recipients an envelope may have that goes ahead. Their
// replies wait in the connection unread and must not fill it (RFC 2920 section
// 3.1).
const aheadMost = 100

// follow adds to the flight that ends the content what may come behind it: QUIT,
// or the envelope of the next transaction.
func (s *sending) follow() {
	switch {
	case !s.pipelining():
	case s.t.Last:
		s.quit()
	case s.t.Next != nil && s.mayMail():
		if t := s.t.Next(s.result); t != nil {
			s.sayAhead(t)
		}
	}
}

// sayAhead says the envelope of t, if t is one that can be sent in the usual way.
// What is wrong with it is told by its own Send.
func (s *sending) sayAhead(t *Transaction) {
	next := newSending(s.Conn, t)
	if len(t.Recipients) > aheadMost || next.check() != nil || next.refused != nil {
		return
	}
	next.said = true
	s.ahead = next
	s.mails++
	s.open = s.chunked // see conclude
	next.sayGroup(nil)
	s.group = len(s.due) - s.heard
}

// begun is the work on t if its envelope went ahead; nil: it did not.
func (c *Conn) begun(t *Transaction) *sending {
	s := c.ahead
	if s == nil || s.t != t {
		return nil
	}
	c.ahead = nil
	return s
}

// takeBack hears the replies to an envelope that went ahead of a transaction that
// will not be sent now; RSET is said in front of the next one then. Where the
// server has asked for the text already there is nothing to do but to close the
// connection: even a lone dot would be a message.
func (c *Conn) takeBack() *Error {
	s := c.ahead
	if s == nil {
		return nil
	}
	c.ahead = nil
	_ = s.hearGroup(nil)
	if c.dead == nil && s.wanted() && is(s.result.Data, reply.Intermediate) {
		c.abort()
	}
	if c.dead != nil {
		return c.unsaid()
	}
	return nil
}
