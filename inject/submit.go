package inject

import (
	"fmt"
	"time"

	"mailchute/headers"
	"mailchute/headers/address"
	"mailchute/inject/aliases"
	"mailchute/relay/envelope"
	"mailchute/relay/message"
)

// Rules is what the configuration says on the making of a submission.
type Rules struct {
	Identity       Identity
	Aliases        *aliases.Table // nil: none
	RewriteAliases bool           // put the alias's address into To and Cc too
}

// Submission is what has been accepted from the caller: the message in its final
// form and its envelopes. There is one envelope, and one more for each mailing
// list (an alias with an owner) among the recipients, because a list has a
// reverse-path of its own (RFC 5321 section 3.9.2).
type Submission struct {
	Who       Who
	Stamp     Stamp
	Envelopes []*envelope.Envelope
	Message   *message.Message
	From      address.Addr // the From address, qualified; null when none was there
	MessageID string       // as it stands in the header, brackets included
	Changes   []headers.Change
	Malformed []Malformed // recipients that cannot be
	Notes     []string    // what was ignored and must be logged

	recipients []*envelope.Recipient // of all envelopes, in the order in which they were named
	origins    origins
}

// NoRecipients is the error of a submission without a single recipient, good or
// bad.
type NoRecipients struct {
	FromHeader bool // -t
	Resent     bool // of a message that was resent
}

func (e *NoRecipients) Error() string {
	switch {
	case e.Resent:
		return "no recipients: neither on the command line nor in Resent-To, Resent-Cc or Resent-Bcc; To, Cc and Bcc are those of the message before it was resent"
	case e.FromHeader:
		return "no recipients: neither on the command line nor in To, Cc or Bcc"
	}
	return "no recipients: name them as arguments, or use -t to take them from the header"
}

// Submit makes a submission of what was typed and what was read. Errors: a
// *NoRecipients, an *address.Error for a malformed -f, a *headers.Error for a
// message that has travelled too far.
func Submit(a *Args, in *Input, w World, r Rules) (*Submission, error) {
	return submit(a, in, w, r, a.options(w.Stamp.Now), func(b *addressing) { b.typed(a, in) })
}

// submit makes a submission; name gives it its recipients.
func submit(a *Args, in *Input, w World, r Rules, options envelope.Options, name func(*addressing)) (*Submission, error) {
	who, err := r.Identity.Resolve(w)
	if err != nil {
		return nil, err
	}
	s := &Submission{Who: who, Stamp: w.Stamp, From: headers.Originator(in.Header).Qualify(who.Domain)}
	if err := r.Aliases.Err(); err != nil {
		s.Notes = append(s.Notes, "the aliases do not count: "+err.Error())
	}
	override, err := s.override(a)
	if err != nil {
		return nil, err
	}
	policy := s.policy(a, w, r, override)
	sender := s.reversePath(override, policy.From)

	name(&addressing{Submission: s, table: r.Aliases, sender: sender, options: options, seen: map[address.Addr]bool{}})
	if len(s.recipients) == 0 && len(s.Malformed) == 0 {
		return nil, &NoRecipients{FromHeader: a.FromHeader, Resent: a.FromHeader && headers.IsResent(in.Header)}
	}
	s.wishes(in.Header)
	h, changes, err := headers.Rewrite(in.Header, policy)
	if err != nil {
		return nil, err
	}
	if r.RewriteAliases && r.Aliases != nil {
		h = s.rewriteAliases(h, r.Aliases, &changes)
	}
	s.Changes = changes
	if f, ok := h.First("Message-ID"); ok {
		s.MessageID = f.Value()
	}
	s.Message = &message.Message{Header: h.Bytes(), Body: in.Body}
	return s, nil
}

// override is the address of -f where it counts, nil where there is none.
func (s *Submission) override(a *Args) (*address.Addr, error) {
	if !a.HasSender {
		return nil, nil
	}
	if !s.Who.Trusted {
		s.Notes = append(s.Notes, fmt.Sprintf("-f %q ignored: the user is not in identity.trusted", a.Sender))
		return nil, nil
	}
	f, err := address.Parse(a.Sender)
	if err != nil {
		return nil, fmt.Errorf("option -f: %w", err)
	}
	f = f.Qualify(s.Who.Domain)
	if f.Domain == "" && !f.IsNull() {
		f.Domain = s.Who.Fallback.Domain
	}
	return &f, nil
}

// reversePath is the envelope sender: -f, the system identity, the From address
// (draft-levine-rfc6409bis section 5 (2)), in the end the address of an added
// From.
func (s *Submission) reversePath(override *address.Addr, added address.Addr) address.Addr {
	switch {
	case override != nil:
		return *override
	case !s.Who.System.IsNull():
		return s.Who.System
	case !s.From.IsNull() && s.From.Domain != "":
		return s.From
	}
	return added
}

// policy is what the rules of the header need to know.
func (s *Submission) policy(a *Args, w World, r Rules, override *address.Addr) headers.Policy {
	from := s.Who.Fallback
	switch {
	case override != nil && !override.IsNull():
		from = *override
	case !s.Who.System.IsNull():
		from = s.Who.System
	}
	name := a.FullName
	if name == "" {
		name = w.FullName
	}
	idDomain := s.Who.Hostname
	if idDomain == "" {
		idDomain = s.Who.Fallback.Domain
	}
	return headers.Policy{
		Identity: s.Who.System, KeepSender: r.Identity.KeepSender, ReplaceFrom: r.Identity.ReplaceFrom,
		From: from, FullName: name, Domain: s.Who.Domain,
		Date: w.Stamp.Now, MessageID: w.Stamp.messageID(idDomain),
		Hops: a.Hops, MaxHops: a.MaxHops,
	}
}

// options is the wishes for the whole message, with times counted from now.
func (a *Args) options(now time.Time) envelope.Options {
	o := a.Options
	if a.DeliverBy.Asked {
		o.DeliverBy = &envelope.DeliverBy{Deadline: now.Add(a.DeliverBy.Within), Return: a.DeliverBy.Return, Trace: a.DeliverBy.Trace}
	}
	switch {
	case a.HoldFor > 0:
		o.Hold = &envelope.Hold{Until: now.Add(a.HoldFor), For: a.HoldFor}
	case !a.HoldUntil.IsZero():
		o.Hold = &envelope.Hold{Until: a.HoldUntil}
	}
	return o
}
