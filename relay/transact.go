package relay

import (
	"context"
	"errors"
	"time"

	"mailchute/headers/address"
	"mailchute/relay/envelope"
	"mailchute/relay/fit"
	"mailchute/relay/redirect"
	"mailchute/relay/reply"
	"mailchute/relay/smtp"
)

// batch picks the mailboxes for the next transaction, as many as the server
// takes in one: what it says of itself (RFC 9422), and what it has shown. There are none
// where it takes no other domain in this session.
func (d *delivery) batch() []*mailbox {
	limits := d.conn.Extensions().Limits
	d.domains.most = limits.RcptDomainMax
	most := limits.RcptMax
	if d.most > 0 && (most == 0 || d.most < most) {
		most = d.most
	}
	return d.list.take(most, &d.domains, alone(d.conn.Extensions()))
}

// transaction is one transaction that is ready for the connection.
type transaction struct {
	smtp.Transaction
	conn  *smtp.Conn
	batch []*mailbox // of its recipients, in the same order
}

// transaction is the next one. It is nil when none of the mailboxes that were
// picked can be sent to this server; they have their outcomes then.
func (d *delivery) transaction() *transaction {
	if t := d.wentAhead(); t != nil {
		return t
	}
	batch := d.batch()
	if len(batch) == 0 {
		d.disconnect()
		return nil
	}
	if batch = d.admit(batch); len(batch) == 0 {
		return nil
	}
	if refusal := d.unprotected(); refusal != nil {
		d.seek(batch, *refusal)
		return nil
	}
	t, batch, err := d.prepare(batch)
	switch {
	case err != nil:
		for _, m := range batch {
			m.apply(*err)
		}
		return nil
	case len(batch) == 0:
		return nil
	}
	return &transaction{t, d.conn, batch}
}

// transact sends one transaction and gives its recipients their outcomes.
func (d *delivery) transact(ctx context.Context, t *transaction) {
	batch := t.batch
	t.Last = d.last && d.list.isEmpty()
	if d.mayLookAhead() {
		t.Next = d.lookAhead
	}
	t.Welcome = d.home.Welcome
	res := d.conn.Send(ctx, &t.Transaction)
	lost := wayLost(res)
	d.apart = d.apart || lost != nil && !isGoodbye(lost)
	if lost != nil && d.sendAgain(lost) || d.renew(res) {
		d.list.back(batch)
		return
	}
	d.settle(batch, res, mayHaveArrived(lost))
	if lost != nil {
		d.leave(lost)
		return
	}
	d.served = true
}

// prepare fits message, addresses and parameters to the server. Mailboxes that
// cannot be sent to it get their outcome and are left out; the outcome that is
// returned holds for all.
func (d *delivery) prepare(batch []*mailbox) (smtp.Transaction, []*mailbox, *envelope.Outcome) {
	return d.prepareFor(d.conn.Extensions(), d.secure(), batch)
}

func (d *delivery) prepareFor(ext smtp.Extensions, secure bool, batch []*mailbox) (smtp.Transaction, []*mailbox, *envelope.Outcome) {
	var t smtp.Transaction
	content, err := d.content(ext, d.wantsUTF8(batch), dated(batch))
	if err != nil {
		return t, batch, unfit(err)
	}
	t.Content, t.Binary = content, content.BodyType() == "BINARYMIME"
	if d.Observer.Sent != nil {
		t.Content = watched{content, d.Observer.Sent}
	}
	if t.Sender, err = fit.Path(d.env.Sender, content.SMTPUTF8()); err != nil {
		return t, batch, unfit(err)
	}
	p := d.parametersFor(ext, secure)
	mail, refusal := p.mail(content)
	if refusal != nil {
		return t, batch, refusal
	}
	t.Parameters = mail
	sendable := make([]*mailbox, 0, len(batch))
	t.Recipients = make([]smtp.Recipient, 0, len(batch))
	for _, m := range batch {
		path, err := fit.Path(m.addr, content.SMTPUTF8())
		if err != nil {
			m.apply(*unfit(err))
			continue
		}
		asked := m.asked()
		if refusal := p.untested(asked); refusal != nil {
			m.apply(*refusal)
			continue
		}
		t.Recipients = append(t.Recipients, smtp.Recipient{Path: path, Parameters: p.rcpt(asked, content.SMTPUTF8())})
		sendable = append(sendable, m)
	}
	return t, sendable, nil
}

func (d *delivery) parametersFor(ext smtp.Extensions, secure bool) parameters {
	return parameters{options: d.env.Options, returning: d.env.Sender.IsNull(), ext: ext, secure: secure, now: time.Now(), note: d.remark}
}

// wantsUTF8 tells whether an address cannot travel without SMTPUTF8, or the user
// asked for it. A domain alone never needs it: it has an A-label (RFC 5890).
func (d *delivery) wantsUTF8(batch []*mailbox) bool {
	if d.env.Options.SMTPUTF8 || !(address.Addr{Local: d.env.Sender.Local}).IsASCII() {
		return true
	}
	for _, m := range batch {
		if !(address.Addr{Local: m.addr.Local}).IsASCII() {
			return true
		}
	}
	return false
}

// settle gives each mailbox of the batch what the replies mean for it. unknown tells
// that the server may have the message without having said so.
func (d *delivery) settle(batch []*mailbox, res smtp.Result, unknown bool) {
	accepted := 0
	for _, r := range res.Recipients {
		if isYes(r) {
			accepted++
		}
	}
	welcome := loginStands(res) && isYes(res.Mail)
	var open []*mailbox
	for i, m := range batch {
		r := res.Recipients[i]
		switch {
		case r == nil || !welcome:
		case tooMany(*r) && accepted > 0:
			d.most = accepted
			open = append(open, m) // for the next transaction
			continue
		case d.Redirect.Covers(r.Code):
			d.list.forget(m)
			d.redirect(m, *r)
			continue
		}
		o := judge(res, i)
		if r != nil && r.Code == 251 && o.State == envelope.Delivered {
			// RFC 5321 section 3.4: the address may be worth an update
			d.remark("<" + m.addr.String() + ">: " + r.Text())
		}
		o.Server, o.ReportsSuccess = d.conn.Name(), o.State == envelope.Delivered && d.conn.Extensions().DSN
		m.apply(o)
		if o.State == envelope.Delivered || unknown && isYes(r) {
			d.list.keep(m.addr, o)
		}
	}
	d.list.back(open)
	d.assign(d.redirected...)
	d.redirected = d.redirected[:0]
}

func isYes(r *reply.Reply) bool { return r != nil && r.Class() == reply.Success }

func loginStands(res smtp.Result) bool {
	if res.Err == nil { // it is asked for each of thousands
		return true
	}
	var e *smtp.Error
	return !errors.As(res.Err, &e) || e.Phase != smtp.PhaseLogin
}

// redirect asks the policy what a redirecting reply means for each recipient of
// the mailbox: their trails may differ.
func (d *delivery) redirect(m *mailbox, r reply.Reply) {
	for _, rcpt := range m.recipients {
		v := d.Redirect.Decide(redirect.Question{
			Reply: r, Old: rcpt.Address, Visited: rcpt.Visited, Hops: len(rcpt.Trail), Trusted: d.conn.Trusted(),
			ServerNames: d.serverNames(), DomainsOwn: d.lane.own,
		})
		if !v.Follow {
			rcpt.Apply(envelope.Outcome{State: envelope.Failed, Cause: envelope.CauseRedirect, Reply: &r, Status: v.Status, Reason: v.Reason, Server: d.conn.Name()})
			continue
		}
		rcpt.Redirect(d.hop(rcpt.Address, v.To, r.Code, v.Direct))
		d.remake(rcpt)
		if d.Observer.Redirected != nil {
			d.Observer.Redirected(d.env, rcpt, d.conn.Name())
		}
		d.redirected = append(d.redirected, rcpt)
	}
}

// remark notes a text, once in a delivery.
func (d *delivery) remark(text string) {
	if d.Observer.Note == nil || d.remarks[text] {
		return
	}
	if d.remarks == nil {
		d.remarks = map[string]bool{}
	}
	d.remarks[text] = true
	d.Observer.Note(text)
}
