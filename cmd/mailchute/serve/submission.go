package serve

import (
	"fmt"
	"time"

	"mailchute/cmd/mailchute/exit"
	"mailchute/headers"
	"mailchute/headers/address"
	"mailchute/inject"
	"mailchute/inject/config"
	"mailchute/inject/session"
	"mailchute/relay/reply"
)

// submission applies the rules of the command line to a message, once.
func (s *settings) submission(c client, m *session.Mail, in *inject.Input) (*inject.Submission, *config.Account, *reply.Reply) {
	fail := func(err error) (*inject.Submission, *config.Account, *reply.Reply) {
		s.journal(c.key()).Refused(err, exit.OfError(err))
		r := exit.ReplyToError(err)
		return nil, nil, &r
	}
	_, w, err := s.who(c, serveRules(&s.Config.Default).Identity)
	if err != nil {
		return fail(&exit.ConfigError{Err: err})
	}
	account, err := s.accountFor(c, m, in, w)
	if err != nil {
		return fail(err)
	}
	r, err := s.rulesFor(c, m.Sender, account, w)
	if err != nil {
		return fail(err)
	}
	sub, err := m.Submit(in, w, r)
	if err != nil {
		return fail(err)
	}
	if len(sub.Malformed) > 0 { // an alias that leads nowhere
		return fail(sub.Malformed[0].Element.Err)
	}
	sub.Message.Header = append(received(s.name, c, m, w.Stamp), sub.Message.Header...)
	return sub, account, nil
}

// accountFor picks the account of a message: by MAIL FROM where that counts, then by
// the From address.
func (s *settings) accountFor(c client, m *session.Mail, in *inject.Input, w inject.World) (*config.Account, error) {
	r, err := s.believed(c, m.Sender, &s.Config.Default, w)
	if err != nil {
		return nil, err
	}
	return s.Config.Match(m.Senders(in, w, r)), nil
}

// rulesFor is the rules of an account for this client and this reverse-path.
func (s *settings) rulesFor(c client, sender address.Addr, a *config.Account, w inject.World) (inject.Rules, error) {
	r, err := s.believed(c, sender, a, w)
	if err != nil {
		return r, err
	}
	r.Aliases, _, _ = s.Aliases(a) // an error comes out where a name leads to it
	return r, nil
}

// believed is the rules of an account, with trust in the client if and only if this
// reverse-path of his counts.
func (s *settings) believed(c client, sender address.Addr, a *config.Account, w inject.World) (inject.Rules, error) {
	r := serveRules(a)
	if !c.known {
		// Nobody is known, so the address that [serve.users] has let in is the
		// identity, and Sender tells it.
		r.Identity.Literal, r.Identity.Trusted = sender, nil
	}
	who, err := r.Identity.Resolve(w)
	if err != nil {
		return r, &exit.ConfigError{Err: err}
	}
	r.Identity.Trusted = nil
	if judge(c, sender, who, s.Config.Default.Serve) == counts {
		r.Identity.Trusted = []string{c.Login}
	}
	return r, nil
}

// received is the trace field of this hop, RFC 5321 section 4.4. It says what
// every server says; a message that comes round again is known by it.
func received(host string, c client, m *session.Mail, stamp inject.Stamp) []byte {
	from := m.Hello
	if !address.IsDomain(from) {
		from = "localhost"
	}
	with := "SMTP"
	switch {
	case m.Options.SMTPUTF8:
		with = "UTF8SMTP" // RFC 6531 section 4.3
	case m.Extended:
		with = "ESMTP"
	}
	by := ""
	if c.known {
		by = fmt.Sprintf(" (uid %d)", c.UID)
	}
	value := fmt.Sprintf("from %s%s by %s (mailchute) with %s; %s", from, by, host, with, stamp.Now.Format(time.RFC1123Z))
	return headers.NewField("Received", value).Raw()
}
