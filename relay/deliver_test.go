package relay

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"mailchute/relay/envelope"
	"mailchute/relay/redirect"
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

func numbered(n int) []string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("r%d@x.example", i))
	}
	return all
}

func TestLimitsOfATransaction(t *testing.T) {
	for _, c := range []struct {
		name, script string
		room         int
		to           []string
		groups       []int
		sessions     int
	}{
		{"452 behind accepted ones puts the rest into further transactions", "", 3, numbered(8), []int{3, 3, 2}, 2},
		{"552 of the old school too", "once RCPT TO:<r2 => 552 too many recipients\nEHLO => 8BITMIME", 0, numbered(4), []int{3, 1}, 1},
		{"RCPTMAX is kept", "EHLO => PIPELINING,LIMITS RCPTMAX=3", 3, numbered(8), []int{3, 3, 2}, 1},
		{"MAILMAX is kept", "EHLO => PIPELINING,LIMITS MAILMAX=2 RCPTMAX=1", 1, numbered(5), []int{1, 1, 1, 1, 1}, 3},
		{"RCPTDOMAINMAX is kept, and each domain stands together", "EHLO => PIPELINING,LIMITS RCPTDOMAINMAX=1", 0,
			[]string{"a@x.example", "a@y.example", "b@X.example", "b@y.example", "c@x.example"}, []int{3, 2}, 2},
		{"RCPTDOMAINMAX is about the session, RFC 9422 4.3, and not about each transaction", "EHLO => PIPELINING,LIMITS RCPTMAX=1 RCPTDOMAINMAX=2", 1,
			[]string{"a@x.example", "a@y.example", "a@z.example", "b@x.example"}, []int{1, 1, 1, 1}, 2},
		{"two domains at a time", "EHLO => PIPELINING,LIMITS RCPTDOMAINMAX=2", 0,
			[]string{"a@x.example", "a@y.example", "a@z.example", "b@x.example"}, []int{3, 1}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPeer(t, c.script)
			p.Room = c.room
			env := deliver(t, c.to, nil, p)
			if !slices.Equal(p.groups(), c.groups) || p.Sessions() != c.sessions {
				t.Errorf("transactions of %v in %d sessions, want %v in %d", p.groups(), p.Sessions(), c.groups, c.sessions)
			}
			everyoneOnce(t, env, p)
		})
	}
}

func everyoneOnce(t *testing.T, env *envelope.Envelope, p *peer) {
	t.Helper()
	for _, r := range env.Recipients {
		if r.Outcome.State != envelope.Delivered || p.Copies()[r.Address.String()] != 1 {
			t.Fatalf("%s: %s, %d copies", r.Address, r.Outcome.Text(), p.Copies()[r.Address.String()])
		}
	}
}

func TestThousandsOfRecipientsCostEachTheSame(t *testing.T) {
	const n = 10_000
	p := newPeer(t, "EHLO => PIPELINING")
	p.Room = 100
	everyoneOnce(t, deliver(t, numbered(n), nil, p), p)
	if got := p.Told("RCPT"); got != 2*n-100 {
		t.Errorf("%d RCPTs; want each once, and once more for those that did not fit the first time", got)
	}

	// The list's own work, counted: a mailbox is looked at when it is put in and
	// when it is taken out, and never while it waits.
	var w worklist
	env := newEnvelope(numbered(n)...)
	w.begin(env)
	w.add(env.Recipients...)
	taken := 0
	for !w.isEmpty() {
		batch := w.take(100, &domainLimit{most: 1})
		w.back(batch[50:])
		taken += len(batch)
	}
	if taken > 2*n+100 {
		t.Errorf("%d mailboxes were taken for %d", taken, n)
	}
}

func TestARedirectedCopy(t *testing.T) {
	moved := func(from, to string) string { return "RCPT TO:<" + from + "> => 557 5.2.7 moved to <" + to + ">\n" }
	play(t, []story{
		{name: "goes to the new address", second: "none", first: moved("a@x.example", "b@y.example"), fates: "a@x.example delivered", copies: "b@y.example 1"},
		{name: "by 558 too", second: "none", first: "RCPT TO:<a => 558 5.2.8 <b@y.example>", fates: "a@x.example delivered", copies: "b@y.example 1"},
		{name: "not by 551, which is not asked for", second: "none", first: "RCPT TO:<a => 551 <b@y.example>", fates: "a@x.example failed 551"},
		{name: "with no address fails", second: "none", first: "RCPT TO:<a => 557 5.2.7 moved away", fates: "a@x.example failed 557"},
		{name: "with two addresses fails", second: "none", first: "RCPT TO:<a => 557 5.2.7 <b@y.example> or <c@y.example>", fates: "a@x.example failed 557"},
		{name: "at MAIL is a failure", second: "none", first: "MAIL => 557 5.2.7 <b@y.example>", fates: "a@x.example failed 557"},
		{name: "after the text is a failure", second: "none", first: "END => 558 5.2.8 <b@y.example>", fates: "a@x.example failed 558"},
		{name: "goes along a chain", second: "none", first: moved("a@x.example", "b@y.example") + moved("b@y.example", "c@z.example"), fates: "a@x.example delivered", copies: "c@z.example 1"},
		{name: "in a circle fails", second: "none", first: moved("a@x.example", "b@y.example") + moved("b@y.example", "a@x.example"), fates: "a@x.example failed 557"},
		{name: "to itself fails", second: "none", first: moved("a@x.example", "a@X.EXAMPLE"), fates: "a@x.example failed 557"},
		{name: "takes five hops", second: "none", first: hops(5), fates: "a@x.example delivered", copies: "h5@x.example 1"},
		{name: "takes no sixth hop", second: "none", first: hops(6), fates: "a@x.example failed 557"},
		{name: "and another one that meet get one copy", second: "none", to: "a@x.example b@x.example",
			first: moved("a@x.example", "n@y.example") + moved("b@x.example", "n@y.example"),
			fates: "a@x.example delivered; b@x.example delivered", copies: "n@y.example 1"},
		{name: "shares a delivery to the new address", second: "none", to: "a@x.example b@x.example", first: moved("a@x.example", "b@x.example"),
			fates: "a@x.example delivered; b@x.example delivered", copies: "b@x.example 1"},
		{name: "shares a delay of the new address", second: "none", to: "b@x.example a@x.example", first: moved("a@x.example", "b@x.example") + "RCPT TO:<b => 450 4.2.0 later",
			fates: "b@x.example deferred 450; a@x.example deferred 450"},
		{name: "shares a failure of the new address", second: "none", to: "b@x.example a@x.example", first: moved("a@x.example", "b@x.example") + "RCPT TO:<b => 550 5.1.1 no",
			fates: "b@x.example failed 550; a@x.example failed 550"},
		{name: "to one that has moved on follows it", second: "none", to: "a@x.example b@x.example",
			first: moved("a@x.example", "b@x.example") + moved("b@x.example", "c@x.example"),
			fates: "a@x.example delivered; b@x.example delivered", copies: "c@x.example 1"},
		{name: "to one that waits for a further transaction meets it there", second: "none", to: "a@x.example b@x.example c@x.example",
			first: moved("a@x.example", "c@x.example") + "once RCPT TO:<c => 452 4.5.3 too many\n",
			fates: "a@x.example delivered; b@x.example delivered; c@x.example delivered", copies: "b@x.example 1; c@x.example 1"},
		{name: "is still known when the way is lost then", to: "a@x.example", first: moved("a@x.example", "b@y.example") + "RCPT TO:<b => 421 closing",
			fates: "a@x.example delivered", copies: "b@y.example 1"},
	}, nil)
}

// hops is a chain of n redirects from a@x.example to h<n>@x.example.
func hops(n int) string {
	var b strings.Builder
	from := "a@x.example"
	for i := range n {
		to := fmt.Sprintf("h%d@x.example", i+1)
		fmt.Fprintf(&b, "RCPT TO:<%s> => 557 5.2.7 <%s>\n", from, to)
		from = to
	}
	return b.String()
}

func TestACopyOfAnEarlierAttemptIsNotSentAgain(t *testing.T) {
	for _, state := range []envelope.State{envelope.Delivered, envelope.Deferred} {
		p := newPeer(t, "RCPT TO:<a => 557 5.2.7 <b@x.example>")
		env := deliver(t, []string{"a@x.example", "b@x.example"}, func(_ *Relay, env *envelope.Envelope) {
			env.Recipients[1].Outcome.State = state
		}, p)
		if got := env.Recipients[0].Outcome.State; got != state || len(p.Copies()) != 0 {
			t.Errorf("state %v, want %v; copies %v", got, state, p.Copies())
		}
	}
}

func TestTheObserverIsToldOfEachRedirectAndOfEachDroppedWishOnce(t *testing.T) {
	p := newPeer(t, "EHLO => 8BITMIME,LIMITS RCPTMAX=1\nRCPT TO:<r1@ => 557 5.2.7 <n@y.example>")
	var told, notes []string
	deliver(t, numbered(4), func(r *Relay, env *envelope.Envelope) {
		env.Options.Return = envelope.ReturnFull
		env.Recipients[2].Notify.Never = true
		r.Observer.Redirected = func(rcpt *envelope.Recipient, server string) {
			told = append(told, rcpt.Original.String()+" to "+rcpt.Address.String()+" by "+server)
		}
		r.Observer.Note = func(text string) { notes = append(notes, text) }
	}, p)
	if want := []string{"r1@x.example to n@y.example by peer.example"}; !slices.Equal(told, want) {
		t.Errorf("redirects %q", told)
	}
	if want := []string{"the server does not offer DSN; sent without"}; !slices.Equal(notes, want) {
		t.Errorf("notes %q", notes)
	}
}

func TestARedirectIsNotFollowedWhereThePolicyForbidsIt(t *testing.T) {
	for name, change := range map[string]func(*redirect.Policy){
		"never":            func(p *redirect.Policy) { p.Follow = redirect.FollowNever },
		"another domain":   func(p *redirect.Policy) { p.AllowDomains = []string{"x.example"} },
		"no hop at all":    func(p *redirect.Policy) { p.MaxHops = 0 },
		"not in the codes": func(p *redirect.Policy) { p.Codes = []int{558} },
	} {
		p := newPeer(t, "RCPT TO:<a => 557 5.2.7 <b@y.example>")
		env := deliver(t, []string{"a@x.example"}, func(r *Relay, _ *envelope.Envelope) { change(&r.Redirect) }, p)
		if len(env.Failed()) != 1 || len(p.Copies()) != 0 {
			t.Errorf("%s: %s, copies %v", name, fates(env), p.Copies())
		}
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
