package relay

import (
	"context"
	"crypto/tls"
	"errors"

	"mailchute/relay/envelope"
	"mailchute/relay/fit"
	"mailchute/relay/reply"
	"mailchute/relay/route"
	"mailchute/relay/smtp"
)

// judge is what the replies of a transaction mean for its i-th recipient. The
// earliest bad word counts: the login's, MAIL's, the recipient's own, DATA's,
// the final one. Only a whole row of good words is a delivery.
func judge(res smtp.Result, i int) envelope.Outcome {
	if !loginStands(res) {
		return fromError(res.Err)
	}
	for _, r := range []*reply.Reply{res.Mail, res.Recipients[i], res.Data, res.Final} {
		if r != nil && r.Class() != reply.Success && !(r == res.Data && r.Class() == reply.Intermediate) {
			return fromReply(r)
		}
	}
	switch {
	case res.Mail != nil && res.Recipients[i] != nil && res.Final != nil:
		return fromReply(res.Final)
	case res.Err != nil:
		return fromError(res.Err)
	}
	return envelope.Outcome{State: envelope.Deferred, Cause: envelope.CauseProtocol, Status: protocolStatus, Reason: "the server did not say what became of the message"}
}

var protocolStatus = reply.Enhanced{Class: 4, Subject: 5, Detail: 0}

// fromReply judges by the first digit alone, RFC 5321 section 4.3.2.
// The outcomes of a reply share it: it is never changed.
func fromReply(r *reply.Reply) envelope.Outcome {
	o := envelope.Outcome{Cause: envelope.CauseReply, Reply: r, Status: r.Enhanced}
	switch r.Class() {
	case reply.Success:
		o.State, o.Cause = envelope.Delivered, envelope.CauseNone
	case reply.Temporary:
		o.State = envelope.Deferred
	case reply.Permanent:
		o.State = envelope.Failed
	default: // 1yz, or 3yz where none belongs: a fault, never a success
		o.State, o.Cause, o.Status = envelope.Deferred, envelope.CauseProtocol, protocolStatus
		o.Reason = "the server broke the protocol"
	}
	return o
}

// fromError is the outcome of trouble with the way. It is temporary whatever
// the server said: a smarthost that refuses today is mended tomorrow.
func fromError(err error) envelope.Outcome {
	if errors.Is(err, context.Canceled) {
		return envelope.Outcome{State: envelope.Deferred, Cause: envelope.CauseStopped, Status: reply.Enhanced{Class: 4, Subject: 3, Detail: 2},
			Reason: "broken off, because the program was told to end"}
	}
	o := envelope.Outcome{State: envelope.Deferred, Cause: envelope.CauseRoute, Status: reply.Enhanced{Class: 4, Subject: 4, Detail: 1}, Reason: err.Error()}
	var way *route.Error
	if errors.As(err, &way) {
		return fromRoute(way)
	}
	var e *smtp.Error
	if !errors.As(err, &e) {
		return o
	}
	o.Server, o.Status = e.Server, statusOfPhase(e.Phase)
	if e.Reply != nil {
		context := *e
		context.Reply = nil
		o.Reply, o.Status, o.Reason = e.Reply, e.Reply.Enhanced, context.Error()
	}
	refused := e.Reply != nil && e.Reply.Class() == reply.Permanent
	switch {
	case e.Phase == smtp.PhaseLogin && (refused || e.Local):
		o.Cause = envelope.CauseLogin
	case e.Phase == smtp.PhaseMail && e.Local:
		o.State, o.Cause, o.Status = envelope.Failed, envelope.CauseAddress, reply.Enhanced{Class: 5, Subject: 1, Detail: 7}
	case e.Phase == smtp.PhaseRcpt && e.Local:
		o.State, o.Cause, o.Status = envelope.Failed, envelope.CauseAddress, reply.Enhanced{Class: 5, Subject: 1, Detail: 3}
	case e.Protocol:
		o.Cause, o.Status = envelope.CauseProtocol, protocolStatus
	}
	return o
}

// statusOfPhase says where the way is broken, RFC 3463 sections 3.5 and 3.8.
func statusOfPhase(p smtp.Phase) reply.Enhanced {
	switch p {
	case smtp.PhaseResolve:
		return reply.Enhanced{Class: 4, Subject: 4, Detail: 3} // directory server failure
	case smtp.PhaseConnect:
		return reply.Enhanced{Class: 4, Subject: 4, Detail: 1} // no answer from host
	case smtp.PhaseTLS:
		return reply.Enhanced{Class: 4, Subject: 7, Detail: 5} // cryptographic failure
	case smtp.PhaseLogin:
		return reply.Enhanced{Class: 4, Subject: 7, Detail: 0} // other security status
	}
	return reply.Enhanced{Class: 4, Subject: 4, Detail: 2} // bad connection
}

// unfit is the outcome of a message or an address that cannot go to this server.
// A message that cannot be read just now may be read later.
func unfit(err error) *envelope.Outcome {
	var e *fit.Error
	if !errors.As(err, &e) {
		return &envelope.Outcome{State: envelope.Deferred, Cause: envelope.CauseRoute, Status: reply.Enhanced{Class: 4, Subject: 3, Detail: 0}, Reason: err.Error()}
	}
	return &envelope.Outcome{State: envelope.Failed, Cause: envelope.CauseUnsupported, Status: e.Status, Reason: e.Reason}
}

// unconnected is the outcome of an endpoint that could not be connected to. A
// domain's own server that will have no mail says so for its domain (RFC 5321
// section 3.1, RFC 7504 section 3); a smarthost's words are about us.
func (c *Carrier) unconnected(s route.Smarthost, err error) envelope.Outcome {
	var e *smtp.Error
	if s.Scheme != route.MX || !errors.As(err, &e) {
		return fromError(err)
	}
	if e.Phase == smtp.PhaseGreeting && e.Reply != nil && e.Reply.Class() == reply.Permanent {
		o := fromReply(e.Reply)
		o.Server = e.Server
		return o
	}
	o := fromError(err)
	if e.Phase == smtp.PhaseTLS && c.lane.demand == route.DemandVerified {
		o.Reason += "; " + noWeakerTLS
	}
	return o
}

const noWeakerTLS = "a redirected copy goes over TLS no weaker than was demanded before"

// tooWeak is the outcome at a smarthost that is not gone to for this reason.
func tooWeak(smarthost string) envelope.Outcome {
	return envelope.Outcome{
		State: envelope.Deferred, Cause: envelope.CauseRoute, Status: statusOfPhase(smtp.PhaseTLS),
		Reason: smarthost + " does not demand TLS; " + noWeakerTLS}
}

// inHandshake tells whether TLS failed after the server had agreed to it.
func inHandshake(err error) bool {
	var e *smtp.Error
	return errors.As(err, &e) && e.Phase == smtp.PhaseTLS
}

// fromRoute is the outcome of a way that leads to no server.
func fromRoute(e *route.Error) envelope.Outcome {
	o := envelope.Outcome{State: envelope.Deferred, Cause: envelope.CauseRoute, Status: e.Status, Reason: e.Error()}
	if e.Permanent() {
		o.State, o.Cause = envelope.Failed, envelope.CauseHost
		if e.Status.Detail == 6 { // 5.4.6
			o.Cause = envelope.CauseLoop
		}
	}
	return o
}

// tooMany tells whether a reply to RCPT means that the transaction is full: 452,
// or 552 from a server of the old school (RFC 5321 section 4.5.3.1.10) unless it
// speaks of the mailbox.
func tooMany(r reply.Reply) bool {
	full := reply.Enhanced{Subject: 5, Detail: 3}
	about := reply.Enhanced{Subject: r.Enhanced.Subject, Detail: r.Enhanced.Detail}
	return r.Code == 452 && about.Subject != 2 || r.Code == 552 && (r.Enhanced.IsZero() || about == full)
}

func tlsName(s *tls.ConnectionState) string {
	if s == nil {
		return ""
	}
	switch s.Version {
	case tls.VersionTLS13:
		return "TLS1.3"
	case tls.VersionTLS12:
		return "TLS1.2"
	}
	return "TLS"
}
