package relay

import (
	"errors"

	"mailchute/relay/envelope"
	"mailchute/relay/smtp"
)

// wayLost is the trouble with the way that ended a transaction, nil where every
// word was said. What this side would not send is no trouble with the way, and
// the server's 421 is, wherever it stands (RFC 5321 section 3.8).
func wayLost(res smtp.Result) *smtp.Error {
	var e *smtp.Error
	switch {
	case errors.As(res.Err, &e) && !(e.Local && (e.Phase == smtp.PhaseMail || e.Phase == smtp.PhaseRcpt)):
		return e
	case res.Final != nil && res.Final.Code == 421:
		return &smtp.Error{Phase: smtp.PhaseFinal, Reply: res.Final}
	case res.Mail != nil && res.Mail.Code == 421:
		return &smtp.Error{Phase: smtp.PhaseMail, Reply: res.Mail}
	}
	for _, r := range res.Recipients {
		if r != nil && r.Code == 421 {
			return &smtp.Error{Phase: smtp.PhaseRcpt, Reply: r}
		}
	}
	return nil
}

// mayHaveArrived tells whether a way was lost behind the final dot, so that nobody
// knows whether the server has the message.
func mayHaveArrived(lost *smtp.Error) bool {
	return lost != nil && lost.Phase == smtp.PhaseFinal && (lost.Reply == nil || lost.Protocol)
}

// sendAgain makes ready for another try of a transaction whose way was lost: by
// a new connection where the old one has served before, without PIPELINING where
// the server broke on a group of commands, or at the next smarthost. It does not
// where there is no other way, and where nobody knows whether the server has the
// message: a second copy could be one too many.
func (d *delivery) sendAgain(lost *smtp.Error) bool {
	switch {
	case mayHaveArrived(lost):
		return false
	case d.served:
		d.disconnect()
	case lost.Pipelined && !d.plainly:
		d.plainly = true
		d.disconnect()
	case d.hasMore():
		d.passOver(d.lostBy(lost))
		d.giveUp()
	default:
		return false
	}
	return true
}

// renew ends a connection that has served and on which the server will have no other
// transaction: 503 to MAIL says that the command is out of order (RFC 5321 section
// 4.2.3), which at the start of a connection it is not, and nothing of the message. It
// tells whether it did.
func (d *delivery) renew(res smtp.Result) bool {
	if !d.served || res.Mail == nil || res.Mail.Code != 503 {
		return false
	}
	d.disconnect()
	return true
}

// leave ends a connection whose way was lost for good. Where it had served
// before, the rest goes by a new one; else it waits, as a server that breaks at
// its first transaction is not asked once for each of thousands.
func (d *delivery) leave(lost *smtp.Error) {
	served, o := d.served, d.lostBy(lost)
	d.disconnect()
	switch {
	case lost.Phase == smtp.PhaseLogin: // the password will not get better
		d.passOver(o)
		d.giveUp()
	case !served:
		d.list.rest(o)
	}
}

func (d *delivery) lostBy(lost *smtp.Error) envelope.Outcome {
	if lost.Server == "" {
		lost.Server = d.conn.Name()
	}
	return fromError(lost)
}
