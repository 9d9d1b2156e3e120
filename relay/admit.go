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
			if d.bars(r) {
				r.Apply(barred("redirected to <"+r.Address.String()+">", d.conn.Name(), `redirect.via = "smarthost" leaves no other way`))
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

// bars tells whether the smarthost that is connected must not be offered r, and
// there is no other way.
func (d *delivery) bars(r *envelope.Recipient) bool {
	return !d.lane.own && d.Redirect.Via == redirect.ViaSmarthost && slices.ContainsFunc(r.Trail, func(h envelope.Hop) bool {
		return h.Code == 558 && redirect.IsOwn(h.From.Domain, d.serverNames()...)
	})
}

func barred(what, server, why string) envelope.Outcome {
	return envelope.Outcome{
		State: envelope.Failed, Cause: envelope.CauseRedirect, Status: reply.Enhanced{Class: 5, Subject: 4, Detail: 4}, Server: server,
		Reason: what + ", which must not be tried at the old mailbox's own server, and " + why}
}

// shunned is what the servers call themselves that must not be offered r: those of
// its old mailboxes' own that said 558.
func shunned(r *envelope.Recipient) string {
	var names []string
	for _, h := range r.Trail {
		if h.Code == 558 && h.Own {
			names = append(names, strings.ToLower(h.Server))
		}
	}
	return strings.Join(names, " ")
}

// shuns tells whether the server that is connected must not be offered what goes
// this way. A name without a dot, such as localhost, says nothing.
func (c *Carrier) shuns() bool {
	name := strings.ToLower(c.conn.Name())
	return strings.Contains(name, ".") && slices.Contains(strings.Fields(c.lane.shuns), name)
}

// sendsAway makes r leave the smarthost that is connected, where that is the own
// server of a mailbox that it was sent on from. With via = "smarthost" that takes a
// 558 and another way, which there is where the smarthost stands behind mx:.
func (d *delivery) sendsAway(r *envelope.Recipient) bool {
	stays := d.Redirect.Via == redirect.ViaSmarthost
	leaves := func(h envelope.Hop) bool {
		return (!stays || h.Code == 558) && redirect.IsOwn(h.From.Domain, d.serverNames()...)
	}
	if d.atMX() || stays && !d.lane.own || !slices.ContainsFunc(r.Trail, leaves) {
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
func (c *Carrier) demandsTLS() bool { return c.endpoints[0].Security >= smtp.StartTLS }
