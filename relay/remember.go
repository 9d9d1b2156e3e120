package relay

import (
	"time"

	"mailchute/headers/address"
	"mailchute/relay/envelope"
	"mailchute/relay/redirect"
)

// recall sends recipients whose mailbox has moved for good, as the memory knows,
// to the new address at once; nobody asks the old one (draft-sam-smtp-redirects
// section 3.1).
func (d *delivery) recall() {
	if d.Memory == nil || !d.Redirect.Remember || d.Redirect.Follow == redirect.FollowNever || d.Memory.Empty() {
		return
	}
	for _, r := range d.env.Open() {
		if len(r.Trail) > 0 {
			continue
		}
		chain, _ := d.Memory.Lookup(r.Address)
		for _, e := range chain {
			if !d.Redirect.Recalls(e, len(r.Trail)) || r.Visited(e.New) {
				break
			}
			r.Redirect(envelope.Hop{From: r.Address, To: e.New, Code: e.Code, Remembered: true})
		}
		if len(r.Trail) > 0 && d.Observer.Redirected != nil {
			d.Observer.Redirected(r, d.server)
		}
	}
}

// learnt keeps where a 557 was seen, until the copy has arrived there.
func (d *delivery) learnt(h envelope.Hop) {
	if d.Memory == nil || !d.Redirect.Remember || h.Code != 557 { // a 558 never is, section 3.2
		return
	}
	e := redirect.Entry{Old: h.From, New: h.To, Code: h.Code, Learned: time.Now().UTC(), Server: d.conn.Name(), Unproven: !d.conn.Trusted()}
	if d.conn.TLS() != nil && d.conn.Trusted() {
		e.Verified = d.endpoints[0].Host
	}
	if d.lessons == nil {
		d.lessons = map[string]redirect.Entry{}
	}
	d.lessons[h.From.Key()] = e
}

// remember makes the memory of what was delivered: what led there is learnt or
// confirmed.
func (d *delivery) remember() {
	if d.Memory == nil {
		return
	}
	var news []redirect.Entry
	var used []address.Addr
	for _, r := range d.env.Recipients {
		if r.Outcome.State != envelope.Delivered {
			continue
		}
		for _, h := range r.Trail {
			if h.Remembered {
				used = append(used, h.From)
			} else if e, ok := d.lessons[h.From.Key()]; ok {
				news = append(news, e)
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

// forget takes back redirects from the memory whose new address has come to
// nothing: they are forgotten, and the old address is tried again. It tells
// whether there was one.
func (d *delivery) forget() bool {
	if d.Memory == nil {
		return false
	}
	again := false
	for _, r := range d.env.Recipients {
		// 5.1.z: the address itself is wrong, RFC 3463 section 3.2; or it has moved on,
		// maybe back to the old one, and cannot be followed.
		gone := r.Outcome.Status.Subject == 1 || r.Outcome.Cause == envelope.CauseRedirect
		if r.Outcome.State != envelope.Failed || !gone || len(r.Trail) == 0 || !r.Trail[0].Remembered {
			continue
		}
		var olds []address.Addr
		for _, h := range r.Trail {
			if h.Remembered {
				olds = append(olds, h.From)
			}
		}
		d.note(d.Memory.Forget(olds...))
		r.Restart()
		again = true
	}
	return again
}

func (d *delivery) note(err error) {
	if err != nil && d.Observer.Note != nil {
		d.Observer.Note(err.Error())
	}
}
