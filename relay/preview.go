package relay

import (
	"strings"

	"mailchute/relay/envelope"
	"mailchute/relay/message"
	"mailchute/relay/smtp"
)

// Preview is what would be said to a server, as far as it can be known before it
// has said anything.
type Preview struct {
	Commands  []string      // of all transactions, without their CRLF: MAIL, RCPT, DATA
	Body      string        // what of the body was converted for this server; "": nothing
	Changes   []FieldChange // of the header, for this server; of one transaction
	EightBit  bool          // it goes out with octets above 127
	Size      int64         // octets of the message
	Signature []byte        // the DKIM-Signature field; nil: none
	Notes     []string      // wishes that would be dropped

	// Recipients are copies of the envelope's, in its order: with the remembered
	// redirects that apply to them, and with an outcome where they could not be sent
	// to this server.
	Recipients []*envelope.Recipient
}

// Preview is what Deliver would say to a server with these extensions, and says it
// to nobody. secure tells whether the connection keeps what REQUIRETLS promises,
// apart whether each domain gets a transaction of its own, as with mx:. Remembered
// redirects are applied, to copies: env stays as it is.
func (r *Relay) Preview(env *envelope.Envelope, msg *message.Message, ext smtp.Extensions, secure, apart bool) Preview {
	var p Preview
	quiet := *r
	quiet.Observer = Observer{Note: func(text string) { p.Notes = append(p.Notes, text) }}
	d := quiet.Carrier().delivery(copyOf(env), msg)
	for _, l := range d.turns { // the way makes no difference to what is said
		d.list.add(d.waiting[l]...)
	}
	domains := ext.Limits.RcptDomainMax
	if apart {
		domains = 1
	}
	for !d.list.isEmpty() {
		t, sendable, refusal := d.prepareFor(ext, secure, d.list.take(ext.Limits.RcptMax, &domainLimit{most: domains}, alone(ext)))
		for _, m := range sendable {
			if refusal != nil {
				m.apply(*refusal)
			}
		}
		if refusal == nil && len(sendable) > 0 {
			p.add(t, ext, msg)
		}
	}
	p.Recipients = d.env.Recipients
	return p
}

// add adds the commands of a transaction.
func (p *Preview) add(t smtp.Transaction, ext smtp.Extensions, msg *message.Message) {
	p.Commands = append(p.Commands, command("MAIL FROM:<"+t.Sender+">", t.Parameters))
	for _, r := range t.Recipients {
		p.Commands = append(p.Commands, command("RCPT TO:<"+r.Path+">", r.Parameters))
	}
	if ext.Chunking {
		p.Commands = append(p.Commands, "BDAT ... LAST")
	} else {
		p.Commands = append(p.Commands, "DATA")
	}
	if c, ok := t.Content.(*content); ok {
		p.Body, p.EightBit, p.Size, p.Signature = c.Note(), c.BodyType() != "", c.Size(), c.signature
		p.Changes = fieldChanges(msg.Header, c.Header())
		if p.Body == "" && !isAsPipedIn(c.Content, len(c.Header())+len("\r\n"), msg.Body) {
			p.Body = "line ends, or headers of parts, made fit"
			if msg.Body.Traits.BareCR {
				p.Body = "each bare CR made a line end"
			}
		}
	}
}

func command(verb string, parameters []string) string {
	return strings.Join(append([]string{verb}, parameters...), " ")
}

// copyOf is an envelope whose recipients can be given outcomes for nothing.
func copyOf(env *envelope.Envelope) *envelope.Envelope {
	out := *env
	out.Recipients = make([]*envelope.Recipient, len(env.Recipients))
	for i, r := range env.Recipients {
		copied := *r
		out.Recipients[i] = &copied
	}
	return &out
}
