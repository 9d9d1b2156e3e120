package relay

import (
	"context"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"mailchute/relay/envelope"
	"mailchute/relay/redirect"
	"mailchute/relay/route"
)

// knows makes the relay remember redirects, each "old new".
func (n *network) knows(r *Relay, pairs ...string) {
	n.t.Helper()
	r.Redirect.Remember = true
	r.Memory = redirect.OpenMemory(filepath.Join(n.t.TempDir(), "redirects"))
	for _, pair := range pairs {
		old, to, _ := strings.Cut(pair, " ")
		if err := r.Memory.Learn(redirect.Entry{Old: addr(old), New: addr(to), Code: 557, Server: "mail.old.example", Verified: "mail.old.example"}); err != nil {
			n.t.Fatal(err)
		}
	}
}

func TestWhatIsRememberedGoesAsAFreshReplyWould(t *testing.T) {
	const zone = "new.example MX 1 mx.new.example\nmx.new.example A 127.0.0.61\nfar.example A 127.0.0.62\nmid.example A 127.0.0.63"
	const other = "EHLO => 250 relay.example\n"
	const ours = "EHLO => 250 mail.old.example\n"
	const chain = "k@old.example m@mid.example; m@mid.example k@new.example"
	for _, tt := range []struct {
		name, via, script, knows string
		at                       string // who gets the copy: "smarthost" or "domain"
	}{
		{"by the smarthost that passes on now, though it was the old mailbox's own that said it", redirect.ViaAuto, other, "k@old.example k@new.example", "smarthost"},
		{"by the new domain's servers, where the smarthost is the old mailbox's own", redirect.ViaAuto, ours, "k@old.example k@new.example", "domain"},
		{"by the new domain's servers, with via = mx", redirect.ViaMX, other, "k@old.example k@new.example", "domain"},
		{"by the smarthost, with via = smarthost", redirect.ViaSmarthost, ours, "k@old.example k@new.example", "smarthost"},
		{"a chain by the smarthost", redirect.ViaAuto, other, chain, "smarthost"},
		{"a chain that begins at the own server", redirect.ViaAuto, ours, chain, "domain"},
		{"a chain that passes by the own server", redirect.ViaAuto, "EHLO => 250 mail.mid.example\n", chain, "domain"},
		{"a chain that ends at the own server", redirect.ViaAuto, "EHLO => 250 mail.new.example\n", chain, "smarthost"},
		{"a chain with via = mx", redirect.ViaMX, ours, chain, "domain"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := newNetwork(t, false, zone)
			smarthost, domain := newPeer(t, tt.script), n.server(61, "", nil)
			n.peers = append(n.peers, smarthost)
			r := n.relay(smarthost.smarthost())
			r.Redirect.Via = tt.via
			n.knows(r, strings.Split(tt.knows, "; ")...)
			n.expect(r, "k@old.example", "k@old.example delivered", "k@new.example 1")
			if got := map[bool]string{true: "smarthost", false: "domain"}[domain.Copies()["k@new.example"] == 0]; got != tt.at {
				t.Errorf("the copy went by the %s", got)
			}
			if tt.at == "domain" && smarthost.Told("RCPT") > 0 {
				t.Error("the smarthost was told of it")
			}
		})
	}
}

func TestWhatCameToNothingIsForgottenAndTheOldMailboxAsked(t *testing.T) {
	for says, forgotten := range map[string]bool{
		"550 5.1.1 no such user":            true,
		"550 no such user":                  true,
		"553 no":                            true,
		"550 5.2.1 disabled":                true,
		"557 5.2.7 moved away":              true,
		"557 5.2.7 <k@old.example>":         true,
		"550 5.7.1 you are on a list":       false,
		"552 5.2.2 mailbox full":            false,
		"554 no":                            false,
		"450 4.2.1 disabled for the moment": false,
	} {
		p := newPeer(t, "RCPT TO:<k@new => "+says)
		n := &network{t: t}
		var r *Relay
		env := deliver(t, []string{"k@old.example"}, func(made *Relay, _ *envelope.Envelope) {
			r = made
			n.knows(r, "k@old.example k@new.example")
		}, p)
		asked := p.Told("RCPT TO:<k@old") == 1
		delivered := env.Recipients[0].Outcome.State == envelope.Delivered
		if entries, _ := r.Memory.List(); (len(entries) == 0) != forgotten || asked != forgotten || delivered != forgotten {
			t.Errorf("%q: %s, asked %v, known %v", says, fates(env), asked, entries)
		}
	}
}

func TestWhatIsRememberedOfTheSmarthostsHostIsNotEvenDialled(t *testing.T) {
	n := newNetwork(t, false, "new.example A 127.0.0.64")
	n.server(64, "", nil)
	s := route.Smarthost{Scheme: route.Plain, Host: "smtp.old.example", Port: 1}
	r := n.relay(s)
	n.knows(r, "k@old.example m@mid.example", "m@mid.example k@new.example", "a@old.example b@new.example")
	n.expect(r, "k@old.example a@old.example", "k@old.example delivered; a@old.example delivered", "b@new.example 1; k@new.example 1")
}

// TestTheNextSmarthostMayBeTheOldMailboxsOwn: who has redirected is another one than
// who is left when that is lost.
func TestTheNextSmarthostMayBeTheOldMailboxsOwn(t *testing.T) {
	const first = "EHLO => 250 relay.example\nRCPT TO:<k@old => %d 5.2.8 <k@new.example>\nRCPT TO:<k@new => 421 4.3.2 closing"
	for _, tt := range []struct {
		name, via, code, fate, copies string
		shown                         int // RCPTs at the old mailbox's own server
	}{
		{"a 558 goes by the new domain's servers", redirect.ViaAuto, "558", "delivered", "k@new.example 1", 0},
		{"so does a 557", redirect.ViaAuto, "557", "delivered", "k@new.example 1", 0},
		{"a 558 with via = smarthost has nowhere to go", redirect.ViaSmarthost, "558", "failed 5.4.4", "", 0},
		{"a 557 with via = smarthost stays with the smarthosts", redirect.ViaSmarthost, "557", "delivered", "k@new.example 1", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := newNetwork(t, false, "new.example A 127.0.0.65")
			n.server(65, "", nil)
			relay, own := newPeer(t, strings.Replace(first, "%d", tt.code, 1)), newPeer(t, "EHLO => 250 mail.old.example\n")
			n.peers = append(n.peers, relay, own)
			r := n.relay(relay.smarthost(), own.smarthost())
			r.Redirect.Via = tt.via
			env := n.expect(r, "k@old.example", "k@old.example "+tt.fate, tt.copies)
			if own.Told("RCPT") != tt.shown {
				t.Errorf("the old mailbox's own server heard %d RCPTs", own.Told("RCPT"))
			}
			if reason := env.Recipients[0].Outcome.Text(); tt.copies == "" && !strings.Contains(reason, `redirect.via = "smarthost" leaves no other way`) {
				t.Errorf("the reason is %q", reason)
			}
		})
	}
}

func TestA558OfTheOwnServerIsNotFollowedByTheSmarthostAlone(t *testing.T) {
	n := newNetwork(t, false, "new.example A 127.0.0.66\nold.example A 127.0.0.67")
	n.server(66, "", nil)
	own := n.server(67, "EHLO => 250 mail.old.example\nRCPT TO:<k@old => 558 5.2.8 <k@new.example>", nil)
	s := own.smarthost()
	r := n.relay(s)
	r.Redirect.Via = redirect.ViaSmarthost
	env := n.expect(r, "k@old.example", "k@old.example failed 558", "")
	want := `558 5.2.8 <k@new.example> (not followed to <k@new.example>: the server of "old.example" must not be offered it (558), and redirect.via = "smarthost" leaves no other way)`
	if got := env.Recipients[0].Outcome.Text(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	// Where "the smarthost" is mx:, the copy goes to another server anyway.
	r = n.relay()
	r.Redirect.Via = redirect.ViaSmarthost
	n.expect(r, "k@old.example", "k@old.example delivered", "k@new.example 1")
	if own.Told("RCPT TO:<k@new") > 0 {
		t.Error("the old server was offered the new address")
	}
}

func TestWhatIsRememberedTravelsWithNoWeakerTLS(t *testing.T) {
	atNewServer(t, 68, func(_ *testing.T, n *network, _ *peer, expect func(*Relay) *envelope.Envelope) {
		r := n.relay(route.Smarthost{Scheme: route.Submissions, Host: "smtp.relay.example", Port: 465})
		r.Redirect.Via = redirect.ViaMX
		n.knows(r, "k@old.example k@new.example")
		expect(r)
	})
}

// TestWhatADomainDemandedIsRemembered: with mx: nobody asks the old domain again what
// it demands of TLS.
func TestWhatADomainDemandedIsRemembered(t *testing.T) {
	for _, demanded := range []bool{true, false} {
		n := newNetwork(t, false, "new.example A 127.0.0.69")
		n.server(69, "", nil)
		r := n.relay()
		n.knows(r)
		if err := r.Memory.Learn(redirect.Entry{Old: addr("k@old.example"), New: addr("k@new.example"), Code: 557, TLS: demanded}); err != nil {
			t.Fatal(err)
		}
		env := newEnvelope("k@old.example")
		r.Deliver(context.Background(), env, newMessage("hello\r\n"))
		if got := env.Recipients[0].Outcome.State == envelope.Deferred; got != demanded {
			t.Errorf("demanded %v: %s", demanded, fates(env))
		}
	}
}

func TestTheVerifiedNameIsThatOfTheCertificate(t *testing.T) {
	for _, tt := range []struct {
		name, host, cert, asked, want string
	}{
		{"the smarthost's host", "smtp.old.example", "smtp.old.example", "", "smtp.old.example"},
		{"the name that is configured", "smtp.old.example", "other.example", "other.example", "other.example"},
		{"none, where a certificate for another is put up with on loopback", "127.0.0.79", "other.example", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := newNetwork(t, false, "new.example A 127.0.0.78\nold.example MX 1 smtp.old.example\nsmtp.old.example A 127.0.0.79")
			n.server(78, "", nil)
			config, _ := n.certify(tt.cert)
			p := n.server(79, withTLS+"RCPT TO:<k@old => 557 5.2.7 <k@new.example>", config)
			s := route.Smarthost{Scheme: route.SMTP, Host: tt.host, Port: n.port}
			r := n.relay(s)
			r.SMTP.TLS.ServerName = tt.asked
			r.SMTP.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				if strings.HasPrefix(address, "smtp.old.example:") {
					address = p.listener.Addr().String()
				}
				return (&net.Dialer{}).DialContext(ctx, network, address)
			}
			n.knows(r)
			n.expect(r, "k@old.example", "k@old.example delivered", "k@new.example 1")
			if entries, _ := r.Memory.List(); len(entries) != 1 || entries[0].Verified != tt.want {
				t.Errorf("learnt %+v", entries)
			}
		})
	}
}

// TestATrailFromMemoryIsTakenBackWithoutOne: a message may wait in the queue longer than
// the memory that led it.
func TestATrailFromMemoryIsTakenBackWithoutOne(t *testing.T) {
	p := newPeer(t, "RCPT TO:<new@ => 550 5.1.1 no")
	e := deliver(t, []string{"old@x.example"}, func(_ *Relay, e *envelope.Envelope) {
		e.Recipients[0].Redirect(envelope.Hop{From: addr("old@x.example"), To: addr("new@y.example"), Code: 557, Remembered: true})
	}, p)
	if fates(e) != "old@x.example delivered" || copies(p) != "old@x.example 1" {
		t.Errorf("%s; copies %s", fates(e), copies(p))
	}
}

// TestWhatCannotBeKeptKeepsNothingElseFromBeingLearnt: postmaster without a domain is
// an address (RFC 5321 section 4.1.1.3) that is another one at each server.
func TestWhatCannotBeKeptKeepsNothingElseFromBeingLearnt(t *testing.T) {
	p := newPeer(t, "RCPT TO:<postmaster> => 557 5.2.7 <p@new.example>\nRCPT TO:<old@ => 557 5.2.7 <new@new.example>")
	n := &network{t: t}
	var m *redirect.Memory
	e := deliver(t, []string{"postmaster", "old@x.example"}, func(r *Relay, _ *envelope.Envelope) {
		n.knows(r)
		m = r.Memory
		r.Observer.Note = func(text string) { t.Errorf("noted %q", text) }
	}, p)
	entries, err := m.List()
	if fates(e) != "postmaster delivered; old@x.example delivered" || err != nil || len(entries) != 1 || entries[0].Old != addr("old@x.example") {
		t.Errorf("%s, learnt %v, %v", fates(e), entries, err)
	}
}

// TestAStaleMessageDoesNotUndoWhatAPersonMended: it takes the way that was put in its
// place, and so does the next.
func TestAStaleMessageDoesNotUndoWhatAPersonMended(t *testing.T) {
	p := newPeer(t, "")
	n := &network{t: t, peers: []*peer{p}}
	r := &Relay{Redirect: everyRedirect(), Smarthosts: deliverBy(p)}
	n.knows(r, "k@old.example k@dead.example")
	p.Say("RCPT TO:<k@dead", "450 4.2.0 later")
	env := newEnvelope("k@old.example")
	r.Deliver(t.Context(), env, newMessage("hello\r\n"))
	if err := r.Memory.Set(redirect.Entry{Old: addr("k@old.example"), New: addr("k@right.example"), Code: 557}); err != nil {
		t.Fatal(err)
	}
	p.Say("RCPT TO:<k@dead", "550 5.1.1 gone")
	wake(env)
	r.Deliver(t.Context(), env, newMessage("hello\r\n"))
	n.expect(r, "k@old.example", "k@old.example delivered", "k@right.example 2")
	entries, err := r.Memory.List()
	if err != nil || len(entries) != 1 || entries[0].New.Domain != "right.example" || entries[0].Uses != 2 || p.Told("RCPT TO:<k@old") > 0 {
		t.Errorf("%s: remembered %+v, %v", fates(env), entries, err)
	}
}

// TestWhatIsGivenUpIsForgottenForItsOwnFaultAlone: a smarthost that is down for days,
// or a name server, says nothing of where a redirect leads.
func TestWhatIsGivenUpIsForgottenForItsOwnFaultAlone(t *testing.T) {
	const later = " => 451 4.3.0 later"
	mx := []route.Smarthost{{Scheme: route.MX}}
	for _, tt := range []struct {
		name, script string
		smarthosts   []route.Smarthost // nil: a server with the script
		forgotten    bool
	}{
		{"the smarthost is down", "CONNECT => 421 4.3.2 down", nil, false},
		{"it says nothing", "CONNECT => drop", nil, false},
		{"it closes at the mailbox", "RCPT => 421 4.3.2 closing", nil, false},
		{"it does not like the sender for now", "MAIL" + later, nil, false},
		{"it does not like the text for now", "END" + later, nil, false},
		{"the mailbox is not taken for now", "RCPT" + later, nil, true},
		{"by MX: the domain's server is down", "CONNECT => 421 4.3.2 down", mx, true},
		{"by MX: it does not like the sender for now", "MAIL" + later, mx, true},
		{"by MX: nobody listens", "nobody", mx, true},
		{"by MX: no name server answers", "no DNS", mx, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			zone := "new.example A 127.0.0.128"
			if tt.script == "no DNS" {
				zone = "new.example FAIL"
			}
			n := newNetwork(t, false, zone)
			p := n.server(128, tt.script, nil)
			if tt.script == "nobody" {
				p.Close()
			}
			r := n.relay(tt.smarthosts...)
			if tt.smarthosts == nil {
				r.Smarthosts = deliverBy(p)
			}
			n.knows(r, "k@old.example k@new.example")
			env := newEnvelope("k@old.example")
			r.Deliver(t.Context(), env, newMessage("hello\r\n"))
			if s := env.Recipients[0].Outcome.State; s != envelope.Deferred {
				t.Fatalf("it is not deferred: %s", fates(env))
			}
			if err := r.GaveUp(env.Recipients[0]); err != nil {
				t.Error(err)
			}
			if entries, _ := r.Memory.List(); (len(entries) == 0) != tt.forgotten {
				t.Errorf("%s: known %+v", env.Recipients[0].Outcome.Text(), entries)
			}
		})
	}
}
