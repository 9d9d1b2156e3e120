package inject

import (
	"time"

	"mailchute/headers/address"
	"mailchute/relay/envelope"
)

// Transaction is what an SMTP client says in front of a text, RFC 5321 section
// 3.3: who sends, who shall receive, and the wishes of both.
type Transaction struct {
	Sender     address.Addr // MAIL FROM; the zero value is the null reverse-path
	Recipients []Mailbox
	Options    envelope.Options
}

// Mailbox is one RCPT TO.
type Mailbox struct {
	Address    address.Addr    // without a domain when none was given
	ORCPT      envelope.ORCPT  // RFC 3461 section 4.2; "": not told
	Notify     envelope.Notify // RFC 3461 section 4.1
	ValidSince time.Time       // RRVS, RFC 7293; zero: not asked
	ValidElse  envelope.ValidElse
}

// Submit makes a submission of a transaction and its text, as Submit does of a
// command line: MAIL FROM is what -f is there, RCPT TO a recipient as an argument.
// The errors are the same.
func (t *Transaction) Submit(in *Input, w World, r Rules) (*Submission, error) {
	a := &Args{HasSender: true, Sender: t.Sender.String()}
	if who, err := r.Identity.Resolve(w); err == nil && !who.Trusted && t.Sender.Local == w.Login {
		a.HasSender = false // a client has to name somebody, and this one names its own user
	}
	return submit(a, in, w, r, t.Options, func(b *addressing) {
		for _, m := range t.Recipients {
			b.orcpt, b.notify, b.validSince, b.validElse = m.ORCPT, m.Notify, m.ValidSince, m.ValidElse
			b.add([]address.Element{{Addr: m.Address, Text: m.Address.String()}})
		}
	})
}

// Senders is what an account can be chosen by, as Senders is for a command line.
func (t *Transaction) Senders(in *Input, w World, r Rules) (sender, from address.Addr) {
	return Senders(&Args{HasSender: true, Sender: t.Sender.String()}, in, w, r)
}
