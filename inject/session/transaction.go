package session

import (
	"errors"
	"io"
	"strings"

	"mailchute/headers/address"
	"mailchute/inject"
	"mailchute/relay/reply"
)

// maxEnvelope bounds the octets of the RCPT commands of a message: many
// recipients with short addresses, or fewer with long ones.
const maxEnvelope = 1 << 20

// from is MAIL, RFC 5321 section 4.1.1.2.
func (s *session) from(arg string) reply.Reply {
	if s.mail != nil {
		return outOfOrder("a transaction is open; RSET forgets it")
	}
	path, rest, ok := cutPath(arg, "FROM:")
	if !ok {
		return s.wrong(say(501, 5, 5, 4, "want MAIL FROM:<address>"))
	}
	var sender address.Addr
	if path != "" { // section 4.5.5: the null reverse-path
		var err error
		if sender, err = parsePath(path); err != nil {
			return say(501, 5, 1, 7, reason(err))
		}
	}
	list, refusal := parseParameters(rest)
	if refusal != nil {
		return *refusal
	}
	options, refusal := mailParameters(list, s.Options, s.Now())
	if refusal != nil {
		return *refusal
	}
	if !options.SMTPUTF8 && !sender.IsASCII() {
		return say(553, 5, 6, 7, "an address outside ASCII needs SMTPUTF8") // RFC 6531 section 3.5
	}
	if isBinary(list) && !s.counts() {
		return say(504, 5, 5, 4, binaryMIME+" is not offered where lines end in LF alone")
	}
	if s.From != nil {
		if refusal := s.From(sender); refusal != nil {
			s.sum.Refused++
			return *refusal
		}
	}
	s.mail = &Mail{Hello: s.hello, Extended: s.extended}
	s.mail.Sender, s.mail.Options = sender, options
	s.binary = isBinary(list)
	return say(250, 2, 1, 0, "sender taken")
}

// to is RCPT, RFC 5321 section 4.1.1.3. A refusal is for this recipient alone.
func (s *session) to(arg string) reply.Reply {
	if s.mail == nil || s.chunks != nil {
		return outOfOrder("RCPT stands behind MAIL and in front of the text")
	}
	r, refusal := s.recipient(arg)
	if refusal != nil {
		s.sum.Refused++
		return *refusal
	}
	s.mail.Recipients = append(s.mail.Recipients, r)
	s.octets += len(arg)
	return say(250, 2, 1, 5, "recipient taken")
}

func (s *session) recipient(arg string) (r inject.Mailbox, refusal *reply.Reply) {
	path, rest, ok := cutPath(arg, "TO:")
	if !ok {
		wrong := s.wrong(say(501, 5, 5, 4, "want RCPT TO:<address>"))
		return r, &wrong
	}
	if len(s.mail.Recipients) >= s.Limits.Recipients || s.octets+len(arg) > maxEnvelope {
		return r, no(452, 4, 5, 3, "too many recipients") // section 4.5.3.1.10
	}
	sure := len(s.mail.Recipients) < sureRecipients && s.octets+len(arg) <= sureEnvelope
	if !sure && !s.takes(rcptOverhead+2*len(arg)) {
		return r, no(452, 4, 5, 3, "too many recipients at the moment")
	}
	var err error
	if r.Address, err = parsePath(path); err != nil {
		return r, no(501, 5, 1, 3, reason(err))
	}
	list, refusal := parseParameters(rest)
	if refusal == nil {
		refusal = rcptParameters(&r, list)
	}
	if refusal == nil && !s.mail.Options.SMTPUTF8 && !r.Address.IsASCII() {
		refusal = no(553, 5, 6, 7, "an address outside ASCII needs SMTPUTF8")
	}
	return r, refusal
}

// reason is why an address is none.
func reason(err error) string {
	if e := new(address.Error); errors.As(err, &e) {
		return "malformed address: " + e.Reason
	}
	return "malformed address"
}

// data is DATA, RFC 5321 section 4.1.1.4.
func (s *session) data(arg string) (reply.Reply, error) {
	switch {
	case arg != "":
		return s.wrong(say(501, 5, 5, 4, "DATA stands alone")), nil
	case s.mail == nil:
		return outOfOrder("DATA stands behind MAIL and RCPT"), nil
	case s.chunks != nil: // RFC 3030 section 2
		return outOfOrder("the text has begun with BDAT"), nil
	case s.binary: // RFC 3030 section 3
		return outOfOrder("BODY=BINARYMIME goes by BDAT"), nil
	case len(s.mail.Recipients) == 0:
		return say(554, 5, 5, 1, "no recipient was taken"), nil
	}
	if s.Ready != nil {
		defer s.Ready(s.ctx)()
	}
	if err := writeReply(s.w, reply.Reply{Code: 354, Lines: []string{"the text, and a dot on a line of its own"}}); err != nil {
		return reply.Reply{}, err
	}
	c := s.collect()
	n, err := readData(s.r, c)
	s.sum.Octets += n
	if err != nil {
		c.drop()
		return reply.Reply{}, err
	}
	return s.deliver(c), nil
}

func (s *session) collect() *collector {
	memory := s.Limits.Memory
	if memory > leastMemory && !s.takes(memory) {
		memory = leastMemory
	}
	return &collector{memory: memory, limit: s.Limits.Size, spool: s.Spool}
}

// chunk is BDAT, RFC 3030 section 2. Its octets are read whatever becomes of
// them, unless nobody knows which they are: then nothing behind it is a command.
func (s *session) chunk(arg string) (reply.Reply, error) {
	if !s.counts() {
		s.over = true
		return say(521, 5, 5, 1, "BDAT is not offered where lines end in LF alone; use DATA"), nil
	}
	digits, last, _ := strings.Cut(arg, " ")
	last = strings.TrimLeft(last, " ")
	n, ok := number(digits, 18)
	if !ok || last != "" && !strings.EqualFold(last, "LAST") {
		s.over = true // nobody knows where the next command begins
		return say(521, 5, 5, 4, "want BDAT size, maybe with LAST"), nil
	}
	var refusal *reply.Reply
	switch {
	case s.mail == nil:
		refusal = no(503, 5, 5, 1, "BDAT stands behind MAIL and RCPT")
	case len(s.mail.Recipients) == 0:
		refusal = no(554, 5, 5, 1, "no recipient was taken")
	case s.chunks == nil:
		s.chunks = s.collect()
	}
	var w io.Writer = io.Discard
	if refusal == nil {
		w = s.chunks
	}
	read, err := io.CopyN(w, s.r, n)
	s.sum.Octets += read
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	switch {
	case err != nil:
		return reply.Reply{}, err
	case refusal != nil:
		return *refusal, nil
	case last != "":
		return s.deliver(s.chunks), nil
	case s.chunks.err != nil: // the transaction is over; what is sent ahead gets 503
		return s.deliver(s.chunks), nil
	}
	return say(250, 2, 0, 0, digits+" octets taken"), nil
}

// deliver ends the transaction: the message is handed on, or there is none.
func (s *session) deliver(c *collector) reply.Reply {
	m := s.mail
	s.mail, s.chunks, s.octets = nil, nil, 0
	defer s.release()
	text, err := c.finish()
	if err != nil {
		s.sum.Refused++
		s.sum.Unkept++
		if errors.Is(err, errTooLarge) {
			return *tooLarge(s.Limits.Size)
		}
		return say(452, 4, 3, 1, "no room for the message at the moment")
	}
	defer text.close()
	m.Text = text
	text.binary, text.maxHeader = s.binary, int64(s.Limits.Header)
	r := s.Deliver(s.ctx, m)
	switch r.Class() {
	case reply.Success:
		s.sum.Accepted++
		return r
	case reply.Fault, reply.Intermediate: // nobody has taken it
		r = say(451, 4, 3, 0, "the message was not taken")
	}
	s.sum.Refused++
	return r
}
