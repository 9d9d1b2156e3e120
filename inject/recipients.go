package inject

import (
	"slices"
	"strings"
	"time"

	"mailchute/headers"
	"mailchute/headers/address"
	"mailchute/inject/aliases"
	"mailchute/relay/envelope"
)

// Malformed is a recipient that is no address. The good ones get the message
// all the same.
type Malformed struct {
	Element address.Element // its Err is set
	Before  int             // how many good recipients stand in front of it
}

// Each goes through the recipients in the order in which they were named, the
// malformed ones in their place.
func (s *Submission) Each(good func(*envelope.Recipient), bad func(Malformed)) {
	next := 0
	for i, r := range s.recipients {
		for ; next < len(s.Malformed) && s.Malformed[next].Before <= i; next++ {
			bad(s.Malformed[next])
		}
		good(r)
	}
	for ; next < len(s.Malformed); next++ {
		bad(s.Malformed[next])
	}
}

// Senders is what an account can be chosen by before there is one: the envelope
// sender as far as the command line gives it, and the From address.
func Senders(a *Args, in *Input, w World, r Rules) (sender, from address.Addr) {
	who, err := r.Identity.Resolve(w)
	if err != nil {
		return address.Addr{}, headers.Originator(in.Header)
	}
	from = headers.Originator(in.Header).Qualify(who.Domain)
	if a.HasSender && who.Trusted {
		if f, err := address.Parse(a.Sender); err == nil {
			return f.Qualify(who.Domain), from
		}
	}
	return address.Addr{}, from
}

// typed names the recipients of a command line: arguments first, then the
// header's addresses with -t.
func (b *addressing) typed(a *Args, in *Input) {
	b.notify = a.Notify
	for _, arg := range a.Recipients {
		b.add(address.ParseArgument(arg))
	}
	if a.FromHeader {
		for _, n := range headers.Named(in.Header) {
			b.origin.Field = n.Field
			b.add(n.Elements)
		}
	}
}

// addressing makes the envelopes of a submission, each mailbox once.
type addressing struct {
	*Submission
	table   *aliases.Table
	sender  address.Addr
	options envelope.Options
	seen    map[address.Addr]bool // folded

	orcpt      envelope.ORCPT // of the recipients that are added
	notify     envelope.Notify
	validSince time.Time
	validElse  envelope.ValidElse
	origin     Origin
}

func (b *addressing) add(elements []address.Element) {
	if len(b.seen) == 0 { // one list often names them all
		b.seen = make(map[address.Addr]bool, len(elements))
		b.recipients = slices.Grow(b.recipients, len(elements))
	}
	for i := range elements {
		e := &elements[i]
		if e.Err != nil {
			if a, ok := unescaped(e); ok {
				b.recipient(a, b.sender)
				continue
			}
			b.Malformed = append(b.Malformed, Malformed{*e, len(b.recipients)})
			continue
		}
		if e.Addr.IsNull() {
			continue
		}
		b.origin.Group = e.Group
		if b.table != nil && b.Who.isLocal(e.Addr) && b.expand(*e) {
			continue
		}
		b.recipient(e.Addr, b.sender)
	}
}

// unescaped is the mailbox of an element such as \root: to sendmail that is root
// as it stands, whatever the aliases say.
func unescaped(e *address.Element) (a address.Addr, ok bool) {
	name, ok := strings.CutPrefix(e.Text, `\`)
	if !ok {
		return a, false
	}
	a, err := address.Parse(name)
	return a, err == nil && !a.IsNull()
}

// recipient gives to a copy, unless it has one already.
func (b *addressing) recipient(a, sender address.Addr) {
	a = b.Who.qualify(a)
	key := a.Folded()
	if b.seen[key] {
		return
	}
	b.seen[key] = true
	r := &envelope.Recipient{Original: a, Address: a, Notify: b.notify, ValidSince: b.validSince, ValidElse: b.validElse}
	if sender == b.sender { // else it is a list that writes to its members
		r.ORCPT = b.orcpt
	}
	b.remember(len(b.recipients))
	b.recipients = append(b.recipients, r)
	env := b.envelope(sender)
	env.Recipients = append(env.Recipients, r)
}

// envelope is the one with this sender.
func (b *addressing) envelope(sender address.Addr) *envelope.Envelope {
	for _, e := range b.Envelopes {
		if e.Sender == sender {
			return e
		}
	}
	e := &envelope.Envelope{Sender: sender, Options: b.options}
	b.Envelopes = append(b.Envelopes, e)
	return e
}
