package relay

import (
	"slices"
	"strings"

	"mailchute/relay/envelope"
	"mailchute/relay/redirect"
	"mailchute/relay/reply"
	"mailchute/relay/smtp"
)

// admit leaves in a batch what may be offered to the server that is connected now.
// Only now is it known what that calls itself, and it may be another one than that
// which redirected: the next smarthost of the list, or that of a later attempt. Who
// was sent on by the old mailbox's own server must not come back to it
// (draft-sam-smtp-redirects section 3.2): the copy goes another way, or nowhere.
func (d *delivery) admit(batch []*mailbox) []*mailbox {
	var leaving []*envelope.Recipient
	batch = slices.DeleteFunc(batch, func(m *mailbox) bool {
		if !slices.ContainsFunc(m.recipients, isSentOn) {
			return false
		}
		m.recipients = slices.DeleteFunc(m.recipients, func(r *envelope.Recipient) bool {
			if why := d.bars(r); why != "" {
				r.Apply(envelope.Outcome{
					State: envelope.Failed, Cause: envelope.CauseRedirect, Status: reply.Enhanced{Class: 5, Subject: 4, Detail: 4}, Server: d.conn.Name(),
					Reason: "redirected to <" + r.Address.String() + ">, which must not be tried at the old mailbox's own server, and " + why})
				return true
			}
			if !d.sendsAway(r) {
				return false
			}
			leaving = append(leaving, r)
			return true
		})
		if len(m.recipients) > 0 {
			return false
		}
		d.list.forget(m)
		return true
	})
	d.assign(leaving...)
	return batch
}

// bars is why the server that is connected must not be offered r, and there is no
// other way; "" where it may.
func (d *delivery) bars(r *envelope.Recipient) string {
	for _, h := range r.Trail {
		switch {
		case h.Code != 558:
		case d.lane.own && sameServer(h.Server, d.conn.Name()):
			return h.Server + " is the new one's too"
		case !d.lane.own && d.Redirect.Via == redirect.ViaSmarthost && redirect.IsOwn(h.From.Domain, d.serverNames()...):
			return `redirect.via = "smarthost" leaves no other way`
		}
	}
	return ""
}

// sendsAway makes r leave the smarthost that is connected, where that is the own
// server of a mailbox that it was sent on from.
func (d *delivery) sendsAway(r *envelope.Recipient) bool {
	own := func(h envelope.Hop) bool { return redirect.IsOwn(h.From.Domain, d.serverNames()...) }
	if d.lane.own || d.Redirect.Via == redirect.ViaSmarthost || !slices.ContainsFunc(r.Trail, own) {
		return false
	}
	last := &r.Trail[len(r.Trail)-1]
	last.Direct = true
	last.TLS = last.TLS || d.demandsTLS()
	return true
}

// serverNames is what the server that is connected is called: by itself in its
// greeting, which a name stands at the beginning of (RFC 5321 section 4.2), and in
// its reply to EHLO, which may name the client instead; and by us.
func (d *delivery) serverNames() []string {
	names := []string{d.conn.Name(), d.endpoints[0].Host}
	if lines := d.conn.Greeting().Lines; len(lines) > 0 {
		names = append(names, lines[0])
	}
	return names
}

// demandsTLS tells whether verified TLS is demanded of the server in use.
func (d *delivery) demandsTLS() bool { return d.endpoints[0].Security >= smtp.StartTLS }

// sameServer compares what servers call themselves. A name without a dot, such as
// localhost, says nothing.
func sameServer(a, b string) bool {
	return strings.EqualFold(a, b) && strings.Contains(a, ".")
}
