package sendmail

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"mailchute/cmd/mailchute/explain"
	"mailchute/cmd/mailchute/voice"
	"mailchute/cmd/mailchute/wire"
	"mailchute/headers"
	"mailchute/inject"
	"mailchute/inject/config"
	"mailchute/relay"
	"mailchute/relay/envelope"
	"mailchute/relay/route"
	"mailchute/relay/smtp"
)

// rehearsal is what would be said for a submission to two kinds of server.
type rehearsal struct {
	sub     *inject.Submission
	account *config.Account
	kinds   []kind
}

// kind is a kind of server, and what would be said to it for each envelope.
type kind struct {
	name     string
	previews []relay.Preview
}

// rehearse prepares the messages for both kinds.
func (c *call) rehearse(sub *inject.Submission, account *config.Account) *rehearsal {
	d := &rehearsal{sub: sub, account: account}
	r := wire.NewRelay(account, sub.Who.Hostname, nil)
	r.Memory = wire.OpenMemory(account, c.Part, c.Getenv)
	modern := smtp.Extensions{Pipelining: true, EightBitMIME: true, SMTPUTF8: true, EnhancedStatusCodes: true, DSN: true, RequireTLS: true,
		RRVS: true, MTPriority: true, Size: true, DeliverBy: true, FutureRelease: true}
	for _, k := range []struct {
		name string
		ext  smtp.Extensions
	}{{"that offers all that is asked for", modern}, {"that offers nothing, no 8BITMIME either", smtp.Extensions{}}} {
		kind := kind{name: k.name}
		for _, env := range sub.Envelopes {
			kind.previews = append(kind.previews, r.Preview(env, sub.Message, k.ext, securely(account), d.scheme() == route.MX))
		}
		d.kinds = append(d.kinds, kind)
	}
	return d
}

// scheme is that of the smarthost that is tried first.
func (d *rehearsal) scheme() route.Scheme {
	if len(d.account.Smarthosts) == 0 {
		return ""
	}
	return d.account.Smarthosts[0].Scheme
}

// securely tells whether the first smarthost is reached in the way that REQUIRETLS
// asks for.
func securely(a *config.Account) bool {
	return len(a.Smarthosts) > 0 && slices.Contains([]route.Scheme{route.Submissions, route.Submission, route.Unix, route.SRV}, a.Smarthosts[0].Scheme)
}

// redirects is the remembered ones that apply to a recipient.
func (d *rehearsal) redirects(env, recipient int) []string {
	words := []string{}
	for _, h := range d.kinds[0].previews[env].Recipients[recipient].Trail {
		words = append(words, "moved for good to "+voice.Path(h.To)+", as "+strconv.Itoa(h.Code)+" has taught: the copy goes there at once")
	}
	return words
}

// signature is the DKIM-Signature field that a modern server would get.
func (d *rehearsal) signature() string {
	for _, p := range d.kinds[0].previews {
		if p.Signature != nil {
			return string(p.Signature)
		}
	}
	return ""
}

// servers is both kinds in words.
func (d *rehearsal) servers() []explain.Server {
	var all []explain.Server
	for i, k := range d.kinds {
		s := explain.Server{Kind: k.name, Commands: d.opening(i == 0), Changes: []explain.Change{}, Notes: []string{}, Refused: []explain.Trouble{}}
		for _, p := range k.previews {
			d.add(&s, p)
		}
		s.Body = cmp.Or(s.Body, "nothing goes there")
		s.Commands = append(s.Commands, "QUIT")
		all = append(all, s)
	}
	return all
}

// add tells of one envelope what a server would get. What is the same in several is
// told once.
func (d *rehearsal) add(s *explain.Server, p relay.Preview) {
	s.Body = cmp.Or(s.Body, bodyWords(p))
	s.Commands = append(s.Commands, p.Commands...)
	for _, f := range p.Changes {
		if c := changeFor(f); !slices.Contains(s.Changes, c) {
			s.Changes = append(s.Changes, c)
		}
	}
	for _, n := range p.Notes {
		if !slices.Contains(s.Notes, n) {
			s.Notes = append(s.Notes, n)
		}
	}
	for _, r := range p.Recipients {
		if o := r.Outcome; o.Cause != envelope.CauseNone {
			s.Refused = append(s.Refused, explain.Trouble{Recipient: voice.Path(r.Original), Reason: d.refusal(o)})
		}
	}
}

// refusal is why a server could not get a copy; a hold that it does not offer is
// kept here.
func (d *rehearsal) refusal(o envelope.Outcome) string {
	if o.Cause == envelope.CauseHold && d.account.Queue.Enabled {
		return o.Text() + "; the queue keeps it until then"
	}
	return o.Text()
}

func bodyWords(p relay.Preview) string {
	octets := ", " + strconv.FormatInt(p.Size, 10) + " octets with its header"
	switch {
	case len(p.Commands) == 0:
		return ""
	case p.Body != "":
		return p.Body + octets
	case p.EightBit:
		return "as it is, in 8 bits" + octets
	}
	return "as it is" + octets
}

// changeFor is what a field becomes for one kind of server, and why.
func changeFor(f relay.FieldChange) explain.Change {
	c := explain.Change{Before: string(f.Before.Raw()), After: string(f.After.Raw())}
	named := f.Before
	if c.Before == "" {
		named = f.After
	}
	switch {
	case named.Is(headers.PriorityField):
		c.Rule = "the server has no MT-PRIORITY (RFC 6758 3.3)"
	case c.After == "" && named.Is(headers.ValidSinceField):
		c.Rule = "said by a parameter, or to that mailbox alone (RFC 7293 6)"
	case c.After == "" && !named.Is("Content-Transfer-Encoding"):
		c.Rule = "said by a parameter"
	case named.Is(headers.ValidSinceField):
		c.Rule = "the server has no RRVS (RFC 7293 6)"
	case !isASCII(c.Before):
		c.Rule = "8-bit text made ASCII (RFC 2047; in an address RFC 5890 or RFC 6857)"
	case named.Is("MIME-Version"), named.Is("Content-Type"), named.Is("Content-Transfer-Encoding"):
		c.Rule = "says what the body is (RFC 2045)"
	default:
		c.Rule = "no line above 998 octets (RFC 5322 2.1.1)"
	}
	return c
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}

// opening is what is said before the first envelope.
func (d *rehearsal) opening(tls bool) []string {
	hello := "EHLO " + cmp.Or(d.sub.Who.Hostname, "[address of this end of the connection]")
	lines := []string{hello}
	switch d.scheme() {
	case route.Submission:
		lines = append(lines, "STARTTLS", hello)
	case route.SMTP, route.MX:
		if tls {
			lines = append(lines, "STARTTLS", hello)
		}
	}
	if loginWords(d.account) != "none" {
		lines = append(lines, "AUTH ...")
	}
	return lines
}
