package exit

import "mailchute/relay/envelope"

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
