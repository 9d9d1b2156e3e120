package smtp

import (
	"context"
	"errors"
	"io"

	"mailchute/relay/reply"
)

// Recipient is one RCPT command.
type Recipient struct {
	Path       string   // the forward-path as it goes over the wire, without its brackets
	Parameters []string // "NOTIFY=NEVER"
}

// Content is the text of a message. All its lines end in CRLF, the last one too,
// and none is longer than 998 octets without it, unless BODY=BINARYMIME says
// otherwise. WriteTo is called once; the writer that it gets is an
// io.ReaderFrom too, where the server takes chunks.
type Content interface {
	io.WriterTo
	Size() int64 // exactly what WriteTo writes; -1: unknown
}

// Transaction is one message to its recipients.
type Transaction struct {
	Sender     string   // the reverse-path as it goes over the wire, without its brackets; "" is the null one
	Parameters []string // of MAIL: "SIZE=2048"; only of extensions that the server offers
	Recipients []Recipient
	Content    Content
	Last       bool // QUIT follows; its reply is not waited for
	Binary     bool // the content needs BDAT: BODY=BINARYMIME

	// Next, if not nil, is asked for the transaction that will be sent behind this
	// one; nil: not known. It is called once the content is written and only its
	// flight is left to be ended, and is told what the server has said so far. The
	// envelope that it gives travels in the same flight where that is allowed, and
	// the Send of that very transaction finds its replies there.
	Next func(sofar Result) *Transaction

	// Welcome, if not nil, is called once the server has taken MAIL, and with it the
	// login: it may take minutes for all the rest.
	Welcome func()
}

// Result is what the server said. A nil reply means that none was read: the
// command was not sent because one before it failed, or Err says why.
type Result struct {
	Mail, Data, Final *reply.Reply
	Recipients        []*reply.Reply // in the order of the transaction's; equal replies may be the same value
	Err               error          // *Error: what ended the transaction before all was said, or what was refused on this side
}

// accepted tells how many recipients the server has taken.
func (r *Result) accepted() (n int) {
	for _, a := range r.Recipients {
		if is(a, reply.Success) {
			n++
		}
	}
	return n
}

func is(r *reply.Reply, class reply.Class) bool { return r != nil && r.Class() == class }

// Send sends one transaction, after the login if one is due. Recipients that
// the server refuses do not stop the others. With PIPELINING it takes two
// flights; a third when the login is part of it and the content goes by DATA;
// and only one when its envelope has gone ahead with the content before it.
//
// Where no recipient is accepted no content is sent. A message has been taken
// when Result.Final is there and a success. Err with PhaseFinal means that
// nobody knows; with any other phase the server has not taken the message.
func (c *Conn) Send(ctx context.Context, t *Transaction) Result {
	defer c.under(ctx)()
	s := c.begun(t)
	if s == nil {
		s = newSending(c, t)
	}
	if t.Last {
		c.hurrying = true
	}
	err := s.run(ctx)
	if err == nil {
		err = s.refused
	}
	if err != nil {
		if err.Server == "" {
			err.Server = c.server()
		}
		s.result.Err = err
	}
	return s.result
}

// sending is one transaction on its way.
type sending struct {
	*Conn
	t       *Transaction
	result  Result
	chunked bool   // BDAT
	said    bool   // the envelope went ahead
	first   bool   // MAIL is the first of its group
	skip    []bool // recipients that this side refused; nil: none
	refused *Error // why, for the first of them
	parts   []string
}

func newSending(c *Conn, t *Transaction) *sending {
	return &sending{Conn: c, t: t, result: Result{Recipients: make([]*reply.Reply, len(t.Recipients))}}
}

func (s *sending) run(ctx context.Context) *Error {
	if s.dead != nil {
		return s.unsaid()
	}
	err := s.envelope(ctx)
	switch {
	case err != nil:
		return err
	case s.dead != nil && s.result.accepted() > 0: // 421: the content has nowhere to go
		return s.dead
	case !s.wanted():
		return nil
	case s.chunked:
		return s.decide(s.sendChunked)
	case is(s.result.Data, reply.Intermediate):
		return s.decide(s.sendData)
	}
	return nil
}

// decide does what sends a content and hears what became of it. Who gives up in
// the middle cannot know whether the server has the message, and a second copy
// would be one too many: so once it has begun it gets a moment to come to its end.
func (s *sending) decide(send func() *Error) *Error {
	s.undecided.Store(true) // before ctx is looked at: who ends it later sees this
	defer s.undecided.Store(false)
	if err := s.ctx.Err(); err != nil {
		return s.broken(err)
	}
	return send()
}

// envelope brings the replies to MAIL and to the RCPTs, and to DATA where content
// goes by it.
func (s *sending) envelope(ctx context.Context) *Error {
	if s.said {
		return s.hearGroup(nil)
	}
	if err := s.takeBack(); err != nil {
		return err
	}
	if err := s.check(); err != nil {
		return err
	}
	if len(s.skip) > 0 && s.toSend() == 0 {
		return s.refused
	}
	rider, err := s.logInFirst(ctx)
	if err != nil {
		return err
	}
	s.mails++
	if s.pipelining() {
		return s.envelopeInGroup(rider)
	}
	return s.envelopeOneByOne()
}

// unsaid is why nothing was said of a transaction: the connection had died, and
// in whatever phase that was, it was another transaction's.
func (c *Conn) unsaid() *Error {
	e := *c.dead
	e.Phase, e.Pipelined, e.Local = PhaseMail, false, false
	return &e
}

// check refuses what must not get on the wire.
func (s *sending) check() *Error {
	s.chunked = s.extensions.Chunking
	if s.t.Binary && !(s.chunked && s.extensions.BinaryMIME) { // RFC 3030 section 3
		return &Error{Phase: PhaseMail, Err: errors.New("the server takes no BINARYMIME"), Local: true}
	}
	unicode := usesSMTPUTF8(s.t.Parameters)
	if err := checkCommand(s.t.Sender, s.t.Parameters, unicode); err != nil {
		return &Error{Phase: PhaseMail, Err: err, Local: true}
	}
	for i, r := range s.t.Recipients {
		err := checkCommand(r.Path, r.Parameters, unicode)
		if err == nil && r.Path == "" {
			err = errors.New("empty forward-path")
		}
		if err == nil {
			continue
		}
		if s.skip == nil {
			s.skip = make([]bool, len(s.t.Recipients))
			s.refused = &Error{Phase: PhaseRcpt, Err: err, Local: true}
		}
		s.skip[i] = true
	}
	return nil
}

func (s *sending) skipped(i int) bool { return s.skip != nil && s.skip[i] }

func (s *sending) toSend() (n int) {
	for i := range s.t.Recipients {
		if !s.skipped(i) {
			n++
		}
	}
	return n
}

// logInFirst logs in, or gives the mechanism that may travel with the envelope.
func (s *sending) logInFirst(ctx context.Context) (*attempt, *Error) {
	if !s.loginDue() {
		return nil, nil
	}
	if err := s.prepareLogin(ctx); err != nil {
		return nil, err
	}
	if rider := s.rider(); rider != nil {
		return rider, nil
	}
	return nil, s.logIn()
}

func (c *Conn) pipelining() bool { return c.extensions.Pipelining && !c.options.NoPipelining }

// sayReset ends a transaction that failed, if there is one.
func (c *Conn) sayReset() {
	if c.open {
		c.say(stepRSET, "RSET")
	}
}

// hearReset reads the reply to what sayReset has said.
func (c *Conn) hearReset() *Error {
	if !c.open {
		return nil
	}
	r, err := c.hear()
	switch {
	case err != nil:
		return err
	case r.Class() != reply.Success: // RFC 5321 section 4.1.1.5: it cannot be refused
		c.fail(&Error{Phase: PhaseMail, Reply: r, Protocol: true, Err: errOutOfPlace})
		return c.dead
	}
	c.open = false
	return nil
}
