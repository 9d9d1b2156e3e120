package smtp

import (
	"errors"
	"slices"

	"mailchute/relay/reply"
)

// envelopeInGroup sends the envelope in one flight and hears the replies.
func (s *sending) envelopeInGroup(rider *attempt) *Error {
	s.first = !s.open && rider == nil
	s.sayGroup(rider)
	s.flush()
	return s.hearGroup(rider)
}

// sayGroup adds the envelope to the flight: [RSET] [AUTH] MAIL RCPT... [DATA]
// (RFC 2920 section 3.1). DATA is part of it where content goes by DATA and the
// login is settled: a server that refuses the login and takes mail without one
// must not be left waiting for the text. BDAT never is: content behind a BDAT
// that the server refuses would be read as commands.
func (s *sending) sayGroup(rider *attempt) {
	s.sayReset()
	if rider != nil {
		s.sayAuth(rider)
	}
	s.sayMail()
	for i := range s.t.Recipients {
		if !s.skipped(i) {
			s.sayRcpt(i)
		}
	}
	if s.groupHasData(rider) {
		s.say(stepDATA, "DATA")
	}
}

func (s *sending) groupHasData(rider *attempt) bool { return !s.chunked && rider == nil }

// hearGroup reads the replies to the group, each for its command.
func (s *sending) hearGroup(rider *attempt) *Error {
	if err := s.hearReset(); err != nil {
		return err
	}
	if rider != nil {
		r, err := s.hear()
		if err != nil {
			return err
		}
		another, refused := s.judge(rider, r)
		if refused != nil {
			return s.withdraw(refused)
		}
		if another {
			return s.again()
		}
	}
	if err := s.hearMail(); err != nil {
		return err
	}
	s.welcome()
	if err := s.hearRcpts(); err != nil {
		return err
	}
	if !s.groupHasData(rider) {
		if err := s.lostPlace(); err != nil {
			return err
		}
		return s.askForData()
	}
	var err *Error
	if s.result.Data, err = s.hear(); err != nil {
		return err
	}
	if is(s.result.Data, reply.Intermediate) && !s.wanted() {
		return s.nothingToSay()
	}
	return s.lostPlace()
}

// withdraw takes back an envelope whose login was refused: nothing that the
// server said to it counts.
func (s *sending) withdraw(refused *Error) *Error {
	if s.dead == nil && s.hearMail() == nil {
		_ = s.hearRcpts()
	}
	s.result = Result{Recipients: make([]*reply.Reply, len(s.t.Recipients))}
	return refused
}

// again sends the envelope after another login.
func (s *sending) again() *Error {
	if _ = s.withdraw(nil); s.dead != nil {
		return s.dead
	}
	if err := s.logIn(); err != nil {
		return err
	}
	return s.envelopeInGroup(nil)
}

// hearMail reads the reply to MAIL.
func (s *sending) hearMail() (err *Error) {
	s.result.Mail, err = s.hear()
	s.open = err == nil && is(s.result.Mail, reply.Success)
	return err
}

// welcome tells that MAIL was taken, if it was.
func (s *sending) welcome() {
	if s.open && s.t.Welcome != nil {
		s.t.Welcome()
	}
}

// hearRcpts reads the replies to the RCPTs.
func (s *sending) hearRcpts() *Error {
	var last *reply.Reply
	for i := range s.t.Recipients {
		if s.skipped(i) {
			continue
		}
		r, err := s.hear()
		if err != nil {
			return err
		}
		if last != nil && last.Code == r.Code && last.Enhanced == r.Enhanced && slices.Equal(last.Lines, r.Lines) {
			r = last // thousands of recipients get the same few words
		}
		last, s.result.Recipients[i] = r, r
	}
	return nil
}

// wanted tells whether the server wants the content, going by its replies to
// the envelope.
func (s *sending) wanted() bool {
	return s.dead == nil && is(s.result.Mail, reply.Success) && s.result.accepted() > 0
}

// askForData says DATA in a flight of its own, if the content is wanted and
// does not go by BDAT.
func (s *sending) askForData() (err *Error) {
	if s.chunked || !s.wanted() {
		return nil
	}
	s.say(stepDATA, "DATA")
	s.flush()
	s.result.Data, err = s.hear()
	return err
}

// nothingToSay answers a 354 that came though there is nobody to send to: a
// lone dot (RFC 2920 section 3.1). Not if somebody was accepted all the same:
// that one would get an empty message.
func (s *sending) nothingToSay() *Error {
	if s.result.accepted() > 0 {
		s.fail(&Error{Phase: PhaseData, Reply: s.result.Data, Protocol: true, Err: errOutOfPlace})
		return s.dead
	}
	s.say(stepFinal, ".")
	s.flush()
	if _, err := s.hear(); err != nil {
		return err
	}
	s.open = false
	return nil
}

// lostPlace tells whether the server stumbled over the group itself: it did not
// know commands that are good where they stood. Then they are worth another try
// one by one.
func (s *sending) lostPlace() *Error {
	stumbled := func(r *reply.Reply) bool { return r != nil && (r.Code == 500 || r.Code == 502 || r.Code == 503) }
	r := &s.result
	switch good := is(r.Mail, reply.Success); {
	case !good && !s.first && stumbled(r.Mail):
		return s.stumble(PhaseMail, r.Mail)
	case good && r.accepted() > 0 && stumbled(r.Data):
		return s.stumble(PhaseData, r.Data)
	case good && r.accepted() == 0:
		if i := slices.IndexFunc(r.Recipients, stumbled); i >= 0 {
			return s.stumble(PhaseRcpt, r.Recipients[i])
		}
	}
	return nil
}

func (s *sending) stumble(p Phase, r *reply.Reply) *Error {
	return &Error{Phase: p, Reply: r, Pipelined: true, Err: errors.New("the server does not know a command that it was sent in a group")}
}

// envelopeOneByOne sends the envelope without PIPELINING. DATA is said only
// when somebody was accepted.
func (s *sending) envelopeOneByOne() *Error {
	s.sayReset()
	s.flush()
	if err := s.hearReset(); err != nil {
		return err
	}
	s.sayMail()
	s.flush()
	if err := s.hearMail(); err != nil || !s.open {
		return err
	}
	s.welcome()
	for i := range s.t.Recipients {
		if s.skipped(i) {
			continue
		}
		s.sayRcpt(i)
		s.flush()
		var err *Error
		if s.result.Recipients[i], err = s.hear(); err != nil {
			return err
		}
	}
	return s.askForData()
}

func (s *sending) sayMail() { s.sayPath(stepMAIL, "MAIL FROM:<", s.t.Sender, s.t.Parameters) }

func (s *sending) sayRcpt(i int) {
	r := &s.t.Recipients[i]
	s.sayPath(stepRCPT, "RCPT TO:<", r.Path, r.Parameters)
}

// sayPath says a command with a path and parameters. No blank stands around the
// colon: RFC 5321 section 3.3.
func (s *sending) sayPath(what step, command, path string, parameters []string) {
	s.parts = append(s.parts[:0], command, path, ">")
	for _, p := range parameters {
		s.parts = append(s.parts, " ", p)
	}
	s.say(what, s.parts...)
}
