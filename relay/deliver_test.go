package relay

import (
	"context"
	"slices"
	"strings"
	"testing"

	"mailchute/relay/envelope"
	"mailchute/relay/route"
	"mailchute/relay/secret"
	"mailchute/relay/smtp"
)

// A story is one delivery: what the smarthosts answer, what becomes of the
// recipients, and who got a copy.
type story struct {
	name   string
	to     string // recipients; "" is a@x.example alone
	first  string // script of the first smarthost
	second string // of the second; "none" for none at all
	fates  string
	copies string
}

func play(t *testing.T, stories []story, change func(*Relay, *envelope.Envelope)) {
	for _, s := range stories {
		t.Run(s.name, func(t *testing.T) {
			peers := []*peer{newPeer(t, s.first)}
			if s.second != "none" {
				peers = append(peers, newPeer(t, s.second))
			}
			to := strings.Fields(s.to)
			if s.to == "" {
				to = []string{"a@x.example"}
			}
			env := deliver(t, to, change, peers...)
			if got := fates(env); got != s.fates {
				t.Errorf("fates:\n got %s\nwant %s", got, s.fates)
			}
			if got := copies(peers...); got != s.copies {
				t.Errorf("copies:\n got %s\nwant %s", got, s.copies)
			}
		})
	}
}

func TestEachRecipientHasItsOwnFate(t *testing.T) {
	play(t, []story{
		{name: "all are taken", to: "a@x.example b@x.example", second: "none",
			fates: "a@x.example delivered; b@x.example delivered", copies: "a@x.example 1; b@x.example 1"},
		{name: "one of three is refused", to: "a@x.example b@x.example c@x.example", second: "none",
			first:  "RCPT TO:<b => 550 5.1.1 no such user",
			fates:  "a@x.example delivered; b@x.example failed 550; c@x.example delivered",
			copies: "a@x.example 1; c@x.example 1"},
		{name: "a refusal for now does not lead to the second smarthost", to: "a@x.example b@x.example",
			first:  "RCPT TO:<b => 450 4.2.0 later",
			fates:  "a@x.example delivered; b@x.example deferred 450",
			copies: "a@x.example 1"},
		{name: "all are refused", to: "a@x.example b@x.example", second: "none",
			first: "RCPT => 550 5.1.1 nobody",
			fates: "a@x.example failed 550; b@x.example failed 550"},
		{name: "a refusal of MAIL speaks for all", to: "a@x.example b@x.example", second: "none",
			first: "MAIL => 550 5.7.1 not you",
			fates: "a@x.example failed 550; b@x.example failed 550"},
		{name: "a refusal of MAIL speaks for all, whatever is said to RCPT", to: "a@x.example b@x.example", second: "none",
			first: "MAIL => 451 not now\nRCPT TO:<a => 557 5.2.7 <c@x.example>\nRCPT => 250 fine",
			fates: "a@x.example deferred 451; b@x.example deferred 451"},
		{name: "a refusal of DATA speaks for those that were taken", to: "a@x.example b@x.example", second: "none",
			first: "RCPT TO:<b => 550 5.1.1 no\nDATA => 451 4.3.0 later",
			fates: "a@x.example deferred 451; b@x.example failed 550"},
		{name: "a refusal of the text speaks for those that were taken", to: "a@x.example b@x.example", second: "none",
			first: "RCPT TO:<b => 450 4.2.0 later\nEND => 554 5.7.1 spam",
			fates: "a@x.example failed 554; b@x.example deferred 450"},
		{name: "the same by BDAT", to: "a@x.example b@x.example", second: "none",
			first: "EHLO => PIPELINING,CHUNKING\nRCPT TO:<b => 450 4.2.0 later\nEND => 554 5.7.1 spam",
			fates: "a@x.example failed 554; b@x.example deferred 450"},
		{name: "one that this side cannot send leaves the others alone, and nobody gets two copies",
			to:     "a@x.example " + tooLong,
			fates:  "a@x.example delivered; " + tooLong + " failed 5.1.3",
			copies: "a@x.example 1"},
		{name: "an address that needs SMTPUTF8 fails alone", to: "ä@x.example b@x.example", second: "none",
			fates: "ä@x.example failed 5.6.7; b@x.example delivered", copies: "b@x.example 1"},
		{name: "no smarthost but one that nobody answers", to: "a@x.example b@x.example", second: "none",
			first: "CONNECT => drop", fates: "a@x.example deferred 4.4.2; b@x.example deferred 4.4.2"},
	}, nil)
}

// tooLong is an address that makes RCPT longer than the 512 octets of RFC 5321
// section 4.5.3.1.4.
var tooLong = strings.Repeat("l", 255) + "@" + strings.Repeat(strings.Repeat("d", 60)+".", 4) + "example"

func TestALostWayLeadsToTheNextSmarthost(t *testing.T) {
	var stories []story
	for _, step := range []string{"CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "END"} {
		for _, keywords := range []string{"PIPELINING", "8BITMIME", "PIPELINING,CHUNKING"} {
			script := step + " => 421 4.3.2 closing\n"
			if step != "EHLO" {
				script += "EHLO => " + keywords
			}
			if step == "DATA" && strings.Contains(keywords, "CHUNKING") {
				continue
			}
			stories = append(stories,
				story{name: "421 to " + step + " with " + keywords, first: script, fates: "a@x.example delivered", copies: "a@x.example 1"},
				story{name: "421 to " + step + " with " + keywords + " and no other", first: script, second: "none", fates: "a@x.example deferred 421"})
			if step == "END" {
				continue // nobody knows then; see below
			}
			script = strings.Replace(script, "421 4.3.2 closing", "drop", 1)
			stories = append(stories,
				story{name: "lost at " + step + " with " + keywords, first: script, fates: "a@x.example delivered", copies: "a@x.example 1"},
				story{name: "lost at " + step + " with " + keywords + " and no other", first: script, second: "none", fates: "a@x.example deferred 4.4.2"})
		}
	}
	stories = append(stories,
		story{name: "both are down", first: "CONNECT => drop", second: "CONNECT => 554 no", fates: "a@x.example deferred 4.4.2"},
		story{name: "no word on the text: never a second copy", first: "END => take, drop", fates: "a@x.example deferred 4.4.2", copies: "a@x.example 1"},
		story{name: "nonsense for the text: never a second copy", first: "END => take, 199 hm", fates: "a@x.example deferred 199", copies: "a@x.example 1"},
		story{name: "what the first has refused for good is refused", first: "RCPT => 550 5.1.1 no", fates: "a@x.example failed 550"},
		story{name: "a way lost in the middle gives all to the second", to: "a@x.example b@x.example", first: "RCPT TO:<b => drop",
			fates: "a@x.example delivered; b@x.example delivered", copies: "a@x.example 1; b@x.example 1"},
		story{name: "a way lost in the middle leaves what was said", to: "a@x.example b@x.example c@x.example", second: "none",
			first: "RCPT TO:<a => 550 5.1.1 no\nRCPT TO:<c => 421 4.3.2 closing",
			fates: "a@x.example failed 550; b@x.example deferred 421; c@x.example deferred 421"},
		story{name: "one transaction was good: the rest by a new connection", to: "a@x.example b@x.example c@x.example", second: "none",
			first: "EHLO => PIPELINING,LIMITS RCPTMAX=1\nonce RCPT TO:<b => drop",
			fates: "a@x.example delivered; b@x.example delivered; c@x.example delivered", copies: "a@x.example 1; b@x.example 1; c@x.example 1"})
	play(t, stories, nil)
}

func TestAServerThatBreaksAtItsFirstTransactionIsNotAskedForEachRecipient(t *testing.T) {
	p := newPeer(t, "EHLO => 8BITMIME,LIMITS RCPTMAX=1\nDATA => drop")
	env := deliver(t, numbered(50), nil, p)
	if len(env.Deferred()) != 50 || p.Sessions() != 1 {
		t.Errorf("%d deferred in %d sessions, want 50 in 1", len(env.Deferred()), p.Sessions())
	}
}

func TestASmarthostWithoutAFormHereNeverFailsMailThatAnotherMayTakeLater(t *testing.T) {
	p := newPeer(t, "CONNECT => drop")
	for _, odd := range []int{0, 1} {
		env := deliver(t, []string{"a@x.example"}, func(r *Relay, _ *envelope.Envelope) {
			r.SMTP.Dial = nil
			r.Smarthosts = slices.Insert(r.Smarthosts, odd, route.Smarthost{Scheme: "carrier-pigeon"})
		}, p)
		if env.Recipients[0].Outcome.State != envelope.Deferred {
			t.Errorf("place %d: %s", odd, fates(env))
		}
	}
	if env := deliver(t, []string{"a@x.example"}, nil); env.Recipients[0].Outcome.State != envelope.Deferred {
		t.Errorf("without any smarthost: %s", fates(env))
	}
}

func TestARefusedLogin(t *testing.T) {
	login := func(r *Relay, _ *envelope.Envelope) {
		r.SMTP.Login = &smtp.Login{User: "me", Secret: (secret.Source{Text: "hush"}).Read}
	}
	const refuses = "EHLO => PIPELINING,AUTH PLAIN,LIMITS RCPTMAX=1\nAUTH => 535 5.7.8 wrong password"
	play(t, []story{
		{name: "leads to the next smarthost", first: refuses, second: "EHLO => AUTH PLAIN\nAUTH => 235 ok",
			fates: "a@x.example delivered", copies: "a@x.example 1"},
		{name: "is told of rather than that the second is down", first: refuses, second: "CONNECT => drop", fates: "a@x.example deferred 535"},
		{name: "is told of rather than that the first is down", first: "CONNECT => drop", second: refuses, fates: "a@x.example deferred 535"},
		{name: "redirects nobody", first: "EHLO => PIPELINING,AUTH PLAIN\nAUTH => 535 5.7.8 no\nRCPT => 557 5.2.7 <b@y.example>", second: "none",
			fates: "a@x.example deferred 535"},
	}, login)

	t.Run("is not tried again for each transaction", func(t *testing.T) {
		p := newPeer(t, refuses)
		env := deliver(t, numbered(20), login, p)
		if n := p.Told("AUTH"); n != 1 || len(env.Deferred()) != 20 {
			t.Errorf("%d logins, %d deferred; want 1 and 20", n, len(env.Deferred()))
		}
		if c := env.Recipients[19].Outcome.Cause; c != envelope.CauseLogin {
			t.Errorf("cause %v, want the login", c)
		}
	})
}

func TestAServerThatBreaksWhenPipelinedIsTriedOnceWithout(t *testing.T) {
	p := newPeer(t, "")
	p.Delicate = true
	env := deliver(t, []string{"a@x.example", "b@x.example"}, nil, p)
	if got, want := fates(env), "a@x.example delivered; b@x.example delivered"; got != want || p.Sessions() != 2 {
		t.Errorf("%s in %d sessions, want two of them", got, p.Sessions())
	}
	broken := newPeer(t, "MAIL => drop")
	if env = deliver(t, []string{"a@x.example"}, nil, broken); broken.Sessions() != 2 || len(env.Deferred()) != 1 {
		t.Errorf("%s in %d sessions, want two of them", fates(env), broken.Sessions())
	}
}

func TestACancelledDeliveryLeavesNobodyPending(t *testing.T) {
	p := newPeer(t, "")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	env := newEnvelope(numbered(3)...)
	r := &Relay{Smarthosts: []route.Smarthost{p.smarthost(), p.smarthost()}}
	r.Deliver(ctx, env, newMessage("x\r\n"))
	if len(env.Deferred()) != 3 {
		t.Error(fates(env))
	}
}

// TestBothSpellingsOfADomainAreOneMailbox: in the envelope, and in a reply.
func TestBothSpellingsOfADomainAreOneMailbox(t *testing.T) {
	p := newPeer(t, "EHLO => SMTPUTF8\nRCPT TO:<old@ => 557 5.2.7 <a@bücher.example> (<a@xn--bcher-kva.example>)")
	env := deliver(t, []string{"a@bücher.example", "a@xn--bcher-kva.example", "old@x.example"}, nil, p)
	if want := "a@bücher.example delivered; a@xn--bcher-kva.example delivered; old@x.example delivered"; fates(env) != want || len(copiesOf(p)) != 1 {
		t.Errorf("%s; copies %s", fates(env), copies(p))
	}
}
