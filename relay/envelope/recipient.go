package envelope

import (
	"time"

	"mailchute/headers/address"
	"mailchute/relay/reply"
)

// Recipient is one mailbox that shall get a copy, and what became of it.
type Recipient struct {
	Original   address.Addr // as it was named here, after aliases: the name in every report
	ORCPT      ORCPT        // whom the sender first named, where a client told; "" is Original
	Address    address.Addr // where the copy goes now; differs from Original behind a redirect
	Trail      []Hop        // the redirects that led from Original to Address, in order
	Notify     Notify
	ValidSince time.Time // RRVS, RFC 7293; the zero time: not asked
	ValidElse  ValidElse // what to do where the next server has no RRVS
	Outcome    Outcome   // the latest word on it
}

// ValidElse is what a sender wants done with a recipient where the next server has no
// RRVS, RFC 7293 section 3.1.
type ValidElse string

// The actions.
const (
	NotSaid  ValidElse = ""  // as Continue
	Continue ValidElse = "C" // the copy goes on without the test, and the header tells of it
	Reject   ValidElse = "R" // it does not
)

// Hop is one followed redirect. It holds all that may be learnt from it, for the
// copy may arrive in a later attempt, made by another process.
type Hop struct {
	From, To   address.Addr
	Code       int  // 551, 557 or 558
	Remembered bool // applied from memory, no server was asked

	Said     time.Time // when; zero when remembered
	Server   string    // who sent it on, as it calls itself; "" when remembered
	Verified string    // the name that its certificate was verified for; "" for none
	Trusted  bool      // said over verified TLS, a Unix socket or loopback: nobody else can have said it
	Own      bool      // said by a server of From's own, not by one that passed it on
	Outside  bool      // said by a server that is neither on this machine nor in a private network: it must not lead there

	Direct bool // from here on by the new domain's own servers, not by a smarthost
	TLS    bool // verified TLS was demanded up to here, and so it is from here on
	// Demanded: From's domain itself demands verified TLS, by DANE or MTA-STS. That can
	// be learnt; what a smarthost was configured with is another matter each time.
	Demanded bool
}

// State is where a recipient stands.
type State int

// The states. Pending is the zero value. Deferred may become anything later;
// Delivered and Failed are final.
const (
	Pending State = iota
	Delivered
	Deferred
	Failed
)

// Cause says what kind of trouble an outcome is; the exit table turns it into a
// status of sysexits(3).
type Cause int

// The causes.
const (
	CauseNone        Cause = iota
	CauseReply             // the server's reply says it all
	CauseAddress           // the address or the message is malformed, or cannot be sent as it is
	CauseHost              // a host name does not exist, for good
	CauseRoute             // trouble with the way: resolve, connect, TLS, greeting, lost connection, timeout
	CauseLogin             // the login was refused
	CauseProtocol          // the server broke the protocol
	CausePolicy            // our own policy forbids it
	CauseUnsupported       // the server cannot do what was asked for
	CauseRedirect          // a redirect that was not followed
	CauseLoop              // a circle of redirects, or too many hops
	CauseHold              // a later release was asked for, and the server does not do it
	CauseStopped           // this program was told to end: nobody has said anything
)

// Outcome is the latest word on a recipient: the state, why, and in whose words.
type Outcome struct {
	State  State
	Cause  Cause
	Reply  *reply.Reply   // what the server said, nil when it said nothing
	Status reply.Enhanced // the enhanced status code: the reply's, else our own
	Reason string         // in words, when there is no reply or more must be said
	Server string         // who said it: the name of the server

	// ReportsSuccess: the server that took the copy offers DSN, so that NOTIFY=SUCCESS
	// is its to answer (RFC 3461 section 5.2.1).
	ReportsSuccess bool
}

// Text is the outcome in words for people: the reply, or our own code and
// reason, or both.
func (o Outcome) Text() string {
	switch {
	case o.Reply != nil && o.Reason != "" && o.Status != o.Reply.Enhanced && !o.Status.IsZero():
		return o.Reply.Text() + " (" + o.Status.String() + " " + o.Reason + ")"
	case o.Reply != nil && o.Reason != "":
		return o.Reply.Text() + " (" + o.Reason + ")"
	case o.Reply != nil:
		return o.Reply.Text()
	case !o.Status.IsZero() && o.Reason != "":
		return o.Status.String() + " " + o.Reason
	}
	return o.Reason
}

// OriginalRecipient is whom the sender first named, as far as anybody knows.
func (r *Recipient) OriginalRecipient() ORCPT {
	if r.ORCPT != "" {
		return r.ORCPT
	}
	return orcptOf(r.Original)
}

// Apply gives r its next outcome. What is final stays: a delivered copy is never
// failed afterwards, nor the other way round.
func (r *Recipient) Apply(o Outcome) {
	if r.Outcome.State == Delivered || r.Outcome.State == Failed {
		return
	}
	r.Outcome = o
}

// Redirect puts the new address on the trail and makes r pending again.
func (r *Recipient) Redirect(h Hop) {
	r.Trail = append(r.Trail, h)
	r.Address = h.To
	r.Outcome = Outcome{}
}

// Restart takes r back to where the sender sent it, for when a remembered
// redirect has come to nothing. It is the one way back from Failed.
func (r *Recipient) Restart() {
	r.Address, r.Trail, r.Outcome = r.Original, nil, Outcome{}
}

// Visited tells whether a has been an address of r already: a circle.
func (r *Recipient) Visited(a address.Addr) bool {
	if r.Address.Equal(a) || r.Original.Equal(a) {
		return true
	}
	for _, h := range r.Trail {
		if h.From.Equal(a) {
			return true
		}
	}
	return false
}

// Open is the recipients that still wait for an attempt.
func (e *Envelope) Open() []*Recipient { return e.in(Pending) }

// Deferred is the recipients to be tried again later.
func (e *Envelope) Deferred() []*Recipient { return e.in(Deferred) }

// Copies is the mailboxes that have a copy of the message.
func (e *Envelope) Copies() (all []address.Addr) {
	for _, r := range e.in(Delivered) {
		all = append(all, r.Address)
	}
	return all
}

// Failed is the recipients that failed for good.
func (e *Envelope) Failed() []*Recipient { return e.in(Failed) }

func (e *Envelope) in(s State) []*Recipient {
	n := 0
	for _, r := range e.Recipients {
		if r.Outcome.State == s {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	rs := make([]*Recipient, 0, n)
	for _, r := range e.Recipients {
		if r.Outcome.State == s {
			rs = append(rs, r)
		}
	}
	return rs
}
