// Package exit turns meaning into numbers: the statuses of sysexits(3) for callers
// of the program, and replies for clients of a session.
//
// It is the only place that knows them; all others know errors and outcomes.
package exit

import (
	"errors"
	"io/fs"
	"syscall"

	"mailchute/headers"
	"mailchute/headers/address"
	"mailchute/inject"
	"mailchute/inject/aliases"
	"mailchute/inject/config"
	"mailchute/relay/envelope"
	"mailchute/relay/queue"
	"mailchute/relay/reply"
	"mailchute/relay/smtp"
	"mailchute/relay/xqueue"
)

// Status is a status of sysexits(3).
type Status int

// The statuses. This file is the only place where meaning becomes a number.
const (
	OK          Status = 0
	Usage       Status = 64
	DataErr     Status = 65
	NoUser      Status = 67
	NoHost      Status = 68
	Unavailable Status = 69
	Software    Status = 70
	CantCreate  Status = 73
	IOErr       Status = 74
	TempFail    Status = 75
	Protocol    Status = 76
	NoPerm      Status = 77
	Config      Status = 78
)

// OfError is the status of a failure that struck before any recipient had
// an outcome.
func OfError(err error) Status {
	switch {
	case Is[*inject.UsageError](err), Is[*inject.NoRecipients](err):
		return Usage
	case Is[*address.Error](err):
		return DataErr
	case Is[*headers.Error](err):
		return statusOfHeader(err)
	case Is[*inject.SpoolError](err):
		if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) { // there may be room again later
			return TempFail
		}
		return CantCreate
	case Is[*inject.ReadError](err):
		return IOErr
	case ranOut(err):
		return TempFail
	case Is[*config.Error](err), errors.Is(err, config.ErrNone), Is[*aliases.Error](err), Is[*ConfigError](err):
		return Config
	case Is[*ListenError](err):
		return CantCreate
	case errors.Is(err, queue.ErrGone), errors.Is(err, queue.ErrBusy):
		return Unavailable
	case errors.Is(err, queue.ErrUnusable):
		return CantCreate
	case Is[*queue.Error](err):
		return TempFail
	case errors.Is(err, fs.ErrPermission):
		return NoPerm
	case errors.Is(err, xqueue.ErrMalformed):
		return Protocol
	case Is[*smtp.Error](err), Is[*xqueue.RefusedError](err):
		return statusOfServer(err)
	}
	return Software
}

// ranOut tells whether something of the machine has run out or does not answer,
// which is no fault of the configuration it was wanted for: later it may work, and
// a caller that gives up at 78 would lose the mail.
func ranOut(err error) bool {
	for _, e := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.EAGAIN, syscall.EIO, syscall.ESTALE, syscall.ETIMEDOUT} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// statusOfServer is the status of a server that would not answer a question.
func statusOfServer(err error) Status {
	var e *smtp.Error
	if errors.As(err, &e) {
		if e.Protocol {
			return Protocol
		}
		return TempFail
	}
	var r *xqueue.RefusedError
	if errors.As(err, &r) && r.Reply.Class() == reply.Permanent {
		return statusOfReply(envelope.Outcome{Status: r.Reply.Enhanced, Reply: &r.Reply})
	}
	return TempFail
}

// statusOfHeader tells a message that has travelled too far (5.4.6) from one that
// is no message.
func statusOfHeader(err error) Status {
	var e *headers.Error
	if errors.As(err, &e) && e.Status.Subject == 4 {
		return Unavailable
	}
	return DataErr
}

func Is[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}

// OfOutcome is the status that one recipient's outcome asks for, when no
// queue takes care of what is deferred.
func OfOutcome(o envelope.Outcome) Status {
	switch o.State {
	case envelope.Delivered:
		return OK
	case envelope.Failed:
		return statusOfFailure(o)
	}
	switch o.Cause {
	case envelope.CauseLogin:
		return NoPerm
	case envelope.CauseProtocol:
		return Protocol
	case envelope.CauseHold:
		return Unavailable
	}
	return TempFail
}

func statusOfFailure(o envelope.Outcome) Status {
	switch o.Cause {
	case envelope.CauseAddress:
		return DataErr
	case envelope.CauseHost:
		return NoHost
	case envelope.CausePolicy, envelope.CauseLogin:
		return NoPerm
	case envelope.CauseProtocol:
		return Protocol
	case envelope.CauseReply:
		return statusOfReply(o)
	}
	return Unavailable
}

// statusOfReply reads a permanent reply: by its enhanced status code (RFC 3463)
// where there is one, else by the code and the command.
func statusOfReply(o envelope.Outcome) Status {
	switch s := o.Status; {
	case s.Subject == 7:
		return NoPerm
	case s.Subject == 1:
		switch s.Detail {
		case 1, 4, 6: // no such mailbox, ambiguous, moved
			return NoUser
		case 2, 10: // no such host, null MX
			return NoHost
		case 3: // bad syntax
			return DataErr
		}
		return Unavailable
	case !s.IsZero():
		return Unavailable
	}
	switch r := o.Reply; {
	case r == nil:
		return Unavailable
	case r.Code == 530, r.Code == 534, r.Code == 535, r.Code == 538: // RFC 4954 section 6
		return NoPerm
	case r.Command == "RCPT" && (r.Code == 550 || r.Code == 551):
		return NoUser
	case r.Command == "RCPT" && r.Code == 553:
		return DataErr
	}
	return Unavailable
}

// Worst is the status of a whole submission: a permanent failure before a
// temporary one, then the first in the order of the recipients.
func Worst(statuses []Status) Status {
	worst := OK
	for _, s := range statuses {
		switch {
		case s == OK:
		case worst == OK, temporary(worst) && !temporary(s):
			worst = s
		}
	}
	return worst
}

func temporary(s Status) bool { return s == TempFail || s == Protocol }
