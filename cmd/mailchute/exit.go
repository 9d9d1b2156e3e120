package main

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

// exitStatus is a status of sysexits(3).
type exitStatus int

// The statuses. This file is the only place where meaning becomes a number.
const (
	exitOK          exitStatus = 0
	exitUsage       exitStatus = 64
	exitDataErr     exitStatus = 65
	exitNoUser      exitStatus = 67
	exitNoHost      exitStatus = 68
	exitUnavailable exitStatus = 69
	exitSoftware    exitStatus = 70
	exitCantCreate  exitStatus = 73
	exitIOErr       exitStatus = 74
	exitTempFail    exitStatus = 75
	exitProtocol    exitStatus = 76
	exitNoPerm      exitStatus = 77
	exitConfig      exitStatus = 78
)

// statusOfError is the status of a failure that struck before any recipient had
// an outcome.
func statusOfError(err error) exitStatus {
	switch {
	case is[*inject.UsageError](err), is[*inject.NoRecipients](err):
		return exitUsage
	case is[*address.Error](err):
		return exitDataErr
	case is[*headers.Error](err):
		return statusOfHeader(err)
	case is[*inject.SpoolError](err):
		if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) { // there may be room again later
			return exitTempFail
		}
		return exitCantCreate
	case is[*inject.ReadError](err):
		return exitIOErr
	case ranOut(err):
		return exitTempFail
	case is[*config.Error](err), errors.Is(err, config.ErrNone), is[*aliases.Error](err), is[*configError](err):
		return exitConfig
	case is[*listenError](err):
		return exitCantCreate
	case errors.Is(err, queue.ErrGone), errors.Is(err, queue.ErrBusy):
		return exitUnavailable
	case errors.Is(err, queue.ErrUnusable):
		return exitCantCreate
	case is[*queue.Error](err):
		return exitTempFail
	case errors.Is(err, fs.ErrPermission):
		return exitNoPerm
	case errors.Is(err, xqueue.ErrMalformed):
		return exitProtocol
	case is[*smtp.Error](err), is[*xqueue.RefusedError](err):
		return statusOfServer(err)
	}
	return exitSoftware
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
func statusOfServer(err error) exitStatus {
	var e *smtp.Error
	if errors.As(err, &e) {
		if e.Protocol {
			return exitProtocol
		}
		return exitTempFail
	}
	var r *xqueue.RefusedError
	if errors.As(err, &r) && r.Reply.Class() == reply.Permanent {
		return statusOfReply(envelope.Outcome{Status: r.Reply.Enhanced, Reply: &r.Reply})
	}
	return exitTempFail
}

// statusOfHeader tells a message that has travelled too far (5.4.6) from one that
// is no message.
func statusOfHeader(err error) exitStatus {
	var e *headers.Error
	if errors.As(err, &e) && e.Status.Subject == 4 {
		return exitUnavailable
	}
	return exitDataErr
}

func is[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}

// statusOfOutcome is the status that one recipient's outcome asks for, when no
// queue takes care of what is deferred.
func statusOfOutcome(o envelope.Outcome) exitStatus {
	switch o.State {
	case envelope.Delivered:
		return exitOK
	case envelope.Failed:
		return statusOfFailure(o)
	}
	switch o.Cause {
	case envelope.CauseLogin:
		return exitNoPerm
	case envelope.CauseProtocol:
		return exitProtocol
	case envelope.CauseHold:
		return exitUnavailable
	}
	return exitTempFail
}

func statusOfFailure(o envelope.Outcome) exitStatus {
	switch o.Cause {
	case envelope.CauseAddress:
		return exitDataErr
	case envelope.CauseHost:
		return exitNoHost
	case envelope.CausePolicy, envelope.CauseLogin:
		return exitNoPerm
	case envelope.CauseProtocol:
		return exitProtocol
	case envelope.CauseReply:
		return statusOfReply(o)
	}
	return exitUnavailable
}

// statusOfReply reads a permanent reply: by its enhanced status code (RFC 3463)
// where there is one, else by the code and the command.
func statusOfReply(o envelope.Outcome) exitStatus {
	switch s := o.Status; {
	case s.Subject == 7:
		return exitNoPerm
	case s.Subject == 1:
		switch s.Detail {
		case 1, 4, 6: // no such mailbox, ambiguous, moved
			return exitNoUser
		case 2, 10: // no such host, null MX
			return exitNoHost
		case 3: // bad syntax
			return exitDataErr
		}
		return exitUnavailable
	case !s.IsZero():
		return exitUnavailable
	}
	switch r := o.Reply; {
	case r == nil:
		return exitUnavailable
	case r.Code == 530, r.Code == 534, r.Code == 535, r.Code == 538: // RFC 4954 section 6
		return exitNoPerm
	case r.Command == "RCPT" && (r.Code == 550 || r.Code == 551):
		return exitNoUser
	case r.Command == "RCPT" && r.Code == 553:
		return exitDataErr
	}
	return exitUnavailable
}

// worst is the status of a whole submission: a permanent failure before a
// temporary one, then the first in the order of the recipients.
func worst(statuses []exitStatus) exitStatus {
	worst := exitOK
	for _, s := range statuses {
		switch {
		case s == exitOK:
		case worst == exitOK, temporary(worst) && !temporary(s):
			worst = s
		}
	}
	return worst
}

func temporary(s exitStatus) bool { return s == exitTempFail || s == exitProtocol }
