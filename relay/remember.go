package relay

import (
	"cmp"
	"slices"
	"time"

	"mailchute/headers/address"
	"mailchute/relay/envelope"
	"mailchute/relay/redirect"
	"mailchute/relay/route"
	"mailchute/relay/smtp"
)

// recall sends recipients whose mailbox has moved for good, as the memory knows,
// to the new address at once; nobody asks the old one (draft-sam-smtp-redirects
// section 3.1).
func (d *delivery) recall() {
	if d.Memory == nil || !d.Redirect.Remember || d.Redirect.Follow == redirect.FollowNever || d.Memory.Empty() {
		return
	}
	for _, r := range d.open {
		if len(r.Trail) > 0 || r.Outcome.State != envelope.Pending {
			continue
		}
		chain, _ := d.Memory.Lookup(r.Address)
		for _, e := range chain {
			if !d.Redirect.Recalls(e, len(r.Trail)) || r.Visited(e.New) || slices.ContainsFunc(d.refuted, e.Same) {
				break
			}
			r.Redirect(d.recalled(r, e))
		}
		if len(r.Trail) > 0 && d.Observer.Redirected != nil {
			d.Observer.Redirected(d.env, r, d.main.server)
		}
	}
}

// recalled is the next hop of r that was remembered. It takes the way that it would
// take if the smarthost in use said it now. What that calls itself is not known
// before it is connected, so admit looks again.
func (d *delivery) recalled(r *envelope.Recipient, e redirect.Entry) envelope.Hop {
	h := envelope.Hop{From: r.Address, To: e.New, Code: e.Code, Remembered: true, Outside: e.Outside}
	h.Direct = d.Redirect.Leaves(e.Old.Domain) || len(r.Trail) > 0 && r.Trail[len(r.Trail)-1].Direct
	if d.main.next == len(d.main.Smarthosts) {
		return h
	}
	smarthosts := d.main.Smarthosts[d.main.next:]
	// What that domain published nobody asks for now. It counts wherever the domain's
	// own servers could have said it, unless the message has no need of it.
	h.TLS = e.TLS && !d.indifferent() && slices.ContainsFunc(smarthosts, func(s route.Smarthost) bool { return s.Scheme == route.MX })
	switch s := smarthosts[0]; s.Scheme {
	case route.MX:
	case route.SRV:
		h.TLS = true
	default:
		endpoint, _ := s.Endpoint()
		h.TLS = h.TLS || endpoint.Security >= smtp.StartTLS
		h.Direct = h.Direct || d.Redirect.Leaves(e.Old.Domain, s.Host)
	}
	return h
}

// remember makes the memory of what this delivery brought to its end: what led
// there is learnt or confirmed. A 558 is neither (draft-sam-smtp-redirects section
// 3.2).
func (d *delivery) remember() {
	if d.Memory == nil || !d.Redirect.Remember {
		return
	}
	var news, used []redirect.Entry
	for _, r := range d.open {
		if r.Outcome.State != envelope.Delivered {
			continue
		}
		for _, h := range r.Trail {
			switch {
			case h.Remembered:
				used = append(used, redirect.Entry{Old: h.From, New: h.To})
			case h.Code == 557:
				if e := lesson(h); e.Check() == nil { // of a bare postmaster nothing can be kept
					news = append(news, e)
				}
			}
		}
	}
	if len(news) > 0 {
		d.note(d.Memory.Learn(news...))
	}
	if len(used) > 0 {
		d.note(d.Memory.Confirm(used...))
	}
}

// lesson is what a hop teaches. One from a record of an older version does not say
// when it was, nor who can have said it.
func lesson(h envelope.Hop) redirect.Entry {
	e := redirect.Entry{
		Old: h.From, New: h.To, Code: h.Code, Learned: h.Said,
		Server: h.Server, Verified: h.Verified, Unproven: !h.Trusted, TLS: h.Demanded, Outside: h.Outside,
	}
	if e.Learned.IsZero() {
		e.Learned = time.Now().UTC()
	}
	return e
}

// hop is a redirect that the server in use has just said.
func (d *delivery) hop(from, to address.Addr, code int, direct bool) envelope.Hop {
	h := envelope.Hop{
		From: from, To: to, Code: code,
		Said: time.Now().UTC(), Server: d.conn.Name(), Trusted: d.conn.Trusted(), Own: d.lane.own && d.atMX() || redirect.IsOwn(from.Domain, d.serverNames()...),
		Outside: d.outside(), Direct: direct || d.lane.direct, TLS: d.demandsTLS(),
	}
	if d.lane.own && d.atMX() { // else, or behind a demand of ours, nobody knows what the domain wants
		h.Demanded = h.TLS && (d.lane.demand == route.DemandPublished || d.endpoints[0].Verify != nil)
	}
	if h.Trusted && d.conn.TLS() != nil && d.conn.Unverified() == nil {
		asked := d.optionsFor(d.Smarthosts[d.next]).TLS.ServerName
		h.Verified = cmp.Or(asked, d.endpoints[0].Host)
	}
	return h
}

// outside tells whether the server in use is neither on this machine nor in a private
// network.
func (d *delivery) outside() bool {
	return !d.bySocket() && !redirect.IsInside(d.conn.Peer())
}

// forget takes back redirects from the memory whose new address has come to
// nothing: they are forgotten, and the old address is tried again, or what has been
// put in their place since. It tells whether there was one.
func (d *delivery) forget() bool {
	again := false
	for _, r := range d.open {
		if wrong := remembered(r); len(wrong) > 0 && isGone(r.Outcome) {
			if d.Memory != nil { // else the trail is from another day of the configuration
				d.note(d.Memory.Refute(wrong...))
			}
			d.refuted = append(d.refuted, wrong...)
			r.Restart()
			d.remake(r)
			again = true
		}
	}
	if again {
		d.recall()
	}
	return again
}

// GaveUp tells that rcpt was tried for as long as messages are. If it was a memory
// that led to where nobody answers, the next message asks the old address again.
func (r *Relay) GaveUp(rcpt *envelope.Recipient) error {
	if wrong := remembered(rcpt); len(wrong) > 0 && r.Memory != nil && r.isAbout(rcpt) {
		return r.Memory.Refute(wrong...)
	}
	return nil
}

// isAbout tells whether the last word on rcpt is about its address: that of a server to
// RCPT, or of one of the domain's own, or that there is none to talk to. A smarthost
// that is down, or a name server, would say the same of every address.
func (r *Relay) isAbout(rcpt *envelope.Recipient) bool {
	o, n := rcpt.Outcome, len(rcpt.Trail)
	switch {
	case o.Cause == envelope.CauseStopped || o.Server == "":
		return false
	case n > 0 && rcpt.Trail[n-1].Direct, len(r.Smarthosts) > 0 && r.Smarthosts[0].Scheme == route.MX:
		return true
	}
	return o.Cause == envelope.CauseReply && o.Reply.Command == "RCPT" && o.Reply.Code != 421 // which is about the connection, RFC 5321 section 3.8
}

// remembered is what r was sent on by as the memory knew: it stands at the beginning of
// the trail.
func remembered(r *envelope.Recipient) (entries []redirect.Entry) {
	for _, h := range r.Trail {
		if h.Remembered {
			entries = append(entries, redirect.Entry{Old: h.From, New: h.To})
		}
	}
	return entries
}

// isGone tells whether a failure says that there is no such mailbox. To forget a
// redirect that was right costs one more question to the old server, and to keep one
// that is wrong costs the mail; so what may mean it does.
func isGone(o envelope.Outcome) bool {
	if o.State != envelope.Failed {
		return false
	}
	switch {
	case o.Status.Subject == 1, // RFC 3463 section 3.2: the address itself is wrong
		o.Status.Subject == 2 && o.Status.Detail == 1, // section 3.3: the mailbox is disabled
		o.Cause == envelope.CauseHost,                 // its domain, or that has no server
		o.Cause == envelope.CauseRedirect:             // it has moved on, maybe back to the old one, and cannot be followed
		return true
	case o.Reply == nil || o.Reply.Command != "RCPT" || !o.Reply.Enhanced.IsZero():
		return false
	}
	return o.Reply.Code == 550 || o.Reply.Code == 551 || o.Reply.Code == 553 // RFC 5321 section 4.2.2
}

func (d *delivery) note(err error) {
	if err != nil && d.Observer.Note != nil {
		d.Observer.Note(err.Error())
	}
}
