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

// OfError is the status of a failure that struck before any recipient had
// an outcome.
func OfError(err error) Status {
	switch {
	case is[*inject.UsageError](err), is[*inject.NoRecipients](err):
		return Usage
	case is[*address.Error](err):
		return DataErr
	case is[*headers.Error](err):
		return statusOfHeader(err)
	case is[*inject.SpoolError](err):
		if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) { // there may be room again later
			return TempFail
		}
		return CantCreate
	case is[*inject.ReadError](err):
		return IOErr
	case ranOut(err):
		return TempFail
	case is[*config.Error](err), errors.Is(err, config.ErrNone), is[*aliases.Error](err), is[*ConfigError](err):
		return Config
	case is[*ListenError](err):
		return CantCreate
	case errors.Is(err, queue.ErrGone), errors.Is(err, queue.ErrBusy), errors.Is(err, queue.ErrHeld):
		return Unavailable
	case errors.Is(err, queue.ErrUnusable):
		return CantCreate
	case is[*queue.Error](err):
		return TempFail
	case errors.Is(err, fs.ErrPermission):
		return NoPerm
	case errors.Is(err, xqueue.ErrMalformed):
		return Protocol
	case is[*smtp.Error](err), is[*xqueue.RefusedError](err):
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

// is tells whether an error of type E is in the chain of err.
func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}
