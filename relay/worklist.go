package relay

import (
	"slices"
	"strings"

	"mailchute/headers/address"
	"mailchute/relay/envelope"
)

// mailbox is one RCPT: the recipients that meet in one address get one copy.
type mailbox struct {
	addr       address.Addr
	recipients []*envelope.Recipient
	alone      [1]*envelope.Recipient // room for the one that most mailboxes have
	settled    bool                   // it has its outcome
	outcome    envelope.Outcome       // what became of it
}

// apply gives the mailbox its outcome, and so all that meet in it, now and later.
func (m *mailbox) apply(o envelope.Outcome) {
	m.settled, m.outcome = true, o
	for _, r := range m.recipients {
		r.Apply(o)
	}
}

// asked is what is asked for the copy: as the first recipient asks, with the wishes of
// all those who want to know of it.
func (m *mailbox) asked() *envelope.Recipient {
	first := m.recipients[0]
	if len(m.recipients) == 1 {
		return first
	}
	all := *first
	for _, r := range m.recipients[1:] {
		all.Notify = all.Notify.Or(r.Notify)
	}
	return &all
}

// worklist is the mailboxes of one delivery: those that wait for a transaction of
// the lane in use, in the order in which they were named, and what became of the
// others. Each recipient costs the same, however many transactions there are.
//
// Recipients that meet in a mailbox share its fate where they come by the same lane:
// the same servers would say the same again. What fails one way may go another, so
// of other lanes they share a copy alone, and that which may have arrived.
type worklist struct {
	waiting []*mailbox                        // the first next of them are no longer
	next    int                               // the first that waits
	grouped int                               // up to here waiting is grouped by domain
	known   mailboxes                         // of the lane in use
	lanes   map[lane]mailboxes                // of all
	sent    map[address.Addr]envelope.Outcome // by folded address: what has its copy, or may have, whichever way that went
}

// mailboxes are those that wait, are in a transaction, or are settled, by folded
// address.
type mailboxes map[address.Addr]*mailbox

// begin makes an empty list for env. A mailbox that has had its copy in an
// earlier attempt, or waits for the next one, is known.
func (w *worklist) begin(env *envelope.Envelope, laneOf func(*envelope.Recipient) lane) {
	w.known = make(mailboxes, len(env.Recipients))
	w.lanes = map[lane]mailboxes{{}: w.known}
	for _, a := range env.Served {
		w.keep(a, envelope.Outcome{State: envelope.Delivered, Reason: "the mailbox has its copy already"})
	}
	for _, r := range env.Recipients {
		switch r.Outcome.State {
		case envelope.Delivered:
			w.keep(r.Address, r.Outcome)
		case envelope.Deferred:
			w.in(laneOf(r))[r.Address.Folded()] = &mailbox{addr: r.Address, settled: true, outcome: r.Outcome}
		}
	}
}

// in is the mailboxes of a lane.
func (w *worklist) in(l lane) mailboxes {
	if w.lanes[l] == nil {
		w.lanes[l] = mailboxes{}
	}
	return w.lanes[l]
}

// enter goes on in another lane. Nobody waits in that which was in use.
func (w *worklist) enter(l lane) { w.known = w.in(l) }

// keep notes an outcome that holds for a mailbox whichever way leads to it.
func (w *worklist) keep(a address.Addr, o envelope.Outcome) {
	if w.sent == nil {
		w.sent = map[address.Addr]envelope.Outcome{}
	}
	w.sent[a.Folded()] = o
}

// add puts recipients to the mailboxes that they name. One whose mailbox has its
// outcome already shares it: nobody gets two copies.
func (w *worklist) add(recipients ...*envelope.Recipient) {
	for _, r := range recipients {
		key := r.Address.Folded()
		if o, ok := w.sent[key]; ok {
			r.Apply(o)
			continue
		}
		m := w.known[key]
		switch {
		case m == nil:
			m = &mailbox{addr: r.Address}
			m.recipients = append(m.alone[:0], r)
			w.known[key] = m
			w.waiting = append(w.waiting, m)
		case m.settled:
			r.Apply(m.outcome)
		default:
			m.recipients = append(m.recipients, r)
		}
	}
}

// share gives recipients that wait the copy that has come to their mailbox by another
// lane since.
func (w *worklist) share(recipients []*envelope.Recipient) {
	if len(w.lanes) == 1 {
		return
	}
	for _, r := range recipients {
		if o := w.sent[r.Address.Folded()]; r.Outcome.State == envelope.Deferred && o.State == envelope.Delivered {
			r.Apply(o)
		}
	}
}

// isEmpty tells whether nobody waits.
func (w *worklist) isEmpty() bool { return w.next == len(w.waiting) }

// take removes at most most mailboxes from the front, and no more than have room
// among the domains; 0 is no limit. One that stands alone comes without others; nil
// tells that none does.
func (w *worklist) take(most int, domains *domainLimit, alone func(*mailbox) bool) []*mailbox {
	if domains.most > 0 {
		w.group()
	}
	start, ended := w.next, false
	for !ended && w.next < len(w.waiting) && (most == 0 || w.next-start < most) {
		ended = alone != nil && alone(w.waiting[w.next])
		if ended && w.next > start || !domains.add(w.waiting[w.next]) {
			break
		}
		w.next++
	}
	return slices.Clone(w.waiting[start:w.next])
}

// domainLimit is the different domains that a server takes in a session, and those
// that it has heard (RFC 9422 section 4.3). The zero one is no limit.
type domainLimit struct {
	most  int
	heard map[string]bool
}

// add tells whether there is room for the domain of m, and takes it.
func (l *domainLimit) add(m *mailbox) bool {
	if l.most == 0 {
		return true
	}
	domain := strings.ToLower(m.addr.Domain)
	if l.heard[domain] {
		return true
	}
	if len(l.heard) >= l.most {
		return false
	}
	if l.heard == nil {
		l.heard = map[string]bool{}
	}
	l.heard[domain] = true
	return true
}

// back puts mailboxes of the batch that was taken last to the front again.
func (w *worklist) back(batch []*mailbox) {
	w.next -= len(batch)
	copy(w.waiting[w.next:], batch)
}

// group brings those that wait into an order in which each domain stands
// together, where its first mailbox stands.
func (w *worklist) group() {
	if w.grouped == len(w.waiting) {
		return
	}
	w.grouped = len(w.waiting)
	first := map[string]int{}
	for _, m := range w.waiting[w.next:] {
		if domain := strings.ToLower(m.addr.Domain); first[domain] == 0 {
			first[domain] = len(first) + 1
		}
	}
	slices.SortStableFunc(w.waiting[w.next:], func(a, b *mailbox) int {
		return first[strings.ToLower(a.addr.Domain)] - first[strings.ToLower(b.addr.Domain)]
	})
}

// forget opens the address of a mailbox whose recipients have moved away from
// it: whoever is led there asks again.
func (w *worklist) forget(m *mailbox) { delete(w.known, m.addr.Folded()) }

// drain empties the list and gives back all that waited, as if they had never
// been on it.
func (w *worklist) drain() []*envelope.Recipient {
	var out []*envelope.Recipient
	for _, m := range w.waiting[w.next:] {
		delete(w.known, m.addr.Folded())
		out = append(out, m.recipients...)
	}
	w.next = len(w.waiting)
	return out
}

// rest empties the list and gives all that waited their outcome.
func (w *worklist) rest(o envelope.Outcome) {
	for ; w.next < len(w.waiting); w.next++ {
		w.waiting[w.next].apply(o)
	}
}
