// Package relay brings a message to where its envelope says: it picks the way,
// sends by one engine, gives every recipient its outcome and follows redirects.
//
// Who suffers from what:
//
//   - Trouble with the way (a name that does not resolve, a refused connection,
//     TLS, a certificate, the greeting, 421, a lost connection, a refused login)
//     is never the message's fault. The next smarthost is tried; when there is
//     none left, every recipient that is still open is deferred.
//   - A domain's own servers, with no smarthost between, speak for the domain: one
//     that does not exist, takes no mail or greets with 554 fails its recipients.
//   - A reply to MAIL, to DATA or to the text speaks for all recipients of the
//     transaction: 4yz defers them, 5yz fails them.
//   - A reply to RCPT speaks for that recipient alone; the others go on.
//     452 behind accepted ones means "no more in this transaction" and costs
//     nobody anything: the rest goes in the next one (RFC 5321 section
//     4.5.3.1.10).
//   - 557 and 558 give a recipient a new address, and it is open again.
//   - A server that breaks the protocol has not accepted anything: deferred.
//   - A server that does not keep REQUIRETLS is passed over by a message that asks
//     for it, and by no other one.
//   - A message that cannot go to this server as it is (8-bit under a signature,
//     too large, an address that needs SMTPUTF8) fails with words of our own.
package relay

import (
	"context"
	"time"

	"mailchute/relay/dkim"
	"mailchute/relay/envelope"
	"mailchute/relay/message"
	"mailchute/relay/redirect"
	"mailchute/relay/route"
	"mailchute/relay/smtp"
)

// Relay is one account's way out. It may be used many times, but not by two at
// once.
type Relay struct {
	Account    string
	Smarthosts []route.Smarthost // tried in order
	Resolver   *route.Resolver   // finds the servers behind srv: and mx:, and of domains that a redirect leads to; nil is the zero one
	SMTP       smtp.Options
	Redirect   redirect.Policy
	Memory     *redirect.Memory // what 557 taught; nil: nothing is remembered
	Signer     *dkim.Signer     // nil: nothing is signed
	Observer   Observer
}

// Observer is told what happens on the way. Functions may be nil.
type Observer struct {
	// Redirected is called when r, a recipient of env, has been sent on; the last hop of
	// its trail is the news.
	Redirected func(env *envelope.Envelope, r *envelope.Recipient, server string)
	// PassedOver is called when a smarthost is given up for the next in the list.
	PassedOver func(server string, why envelope.Outcome)
	// Note is called with what a log should hold: a smarthost passed over, a wish
	// dropped.
	Note func(text string)
	// Sent is called as the content of a message goes out, with the octets so far
	// and their number in all, -1 where nobody knows it. It must be quick.
	Sent func(n, of int64)
}

// Attempt is what can be told of a delivery besides the outcomes.
type Attempt struct {
	Server string // the smarthost used last
	TLS    string // "TLS1.3", or "" without TLS
	Took   time.Duration
}

// Deliver sends msg to every open recipient of env and leaves each with an
// outcome: none is pending when it returns. It does not retry what is deferred.
func (r *Relay) Deliver(ctx context.Context, env *envelope.Envelope, msg *message.Message) Attempt {
	c := r.Carrier()
	defer c.Close()
	return c.Deliver(ctx, env, msg, true)
}
