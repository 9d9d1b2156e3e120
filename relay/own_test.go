package relay

import (
	"context"
	"fmt"
	"maps"
	"net"
	"strings"
	"testing"

	"mailchute/relay/envelope"
	"mailchute/relay/redirect"
	"mailchute/relay/route"
	"mailchute/relay/secret"
	"mailchute/relay/smtp"
)

// own is a smarthost that is old.example's own server.
const own = "CONNECT => 220 mail.old.example ESMTP\n"

func TestARedirectByTheOldMailboxsOwnServer(t *testing.T) {
	const zone = `
		new.example MX 1 mx.new.example
		mx.new.example A 127.0.0.41
		far.example A 127.0.0.42
		null.example MX 0 .
	`
	for _, tt := range []struct {
		name, smarthost, first, fates, copies string
	}{
		{"goes by the new domain's servers", "558 5.2.8 <k@new.example>", "", "k@old.example delivered", "k@new.example 1"},
		{"and on over three domains", "558 5.2.8 <k@new.example>", "RCPT TO:<k@new => 557 5.2.7 <k@far.example>", "k@old.example delivered", "k@far.example 1"},
		{"in a circle", "558 5.2.8 <k@new.example>", "RCPT TO:<k@new => 557 5.2.7 <k@old.example>", "k@old.example failed 557", ""},
		{"to a domain that takes no mail", "557 5.2.7 <k@null.example>", "", "k@old.example failed 5.1.10", ""},
		{"to a domain that is not there", "557 5.2.7 <k@nowhere.example>", "", "k@old.example failed 5.1.2", ""},
		{"and is refused there", "557 5.2.7 <k@new.example>", "RCPT => 550 5.1.1 no", "k@old.example failed 550", ""},
		{"a 558 to a server that is the old one: never there", "558 5.2.8 <k@new.example>", "EHLO => 250 peer.example", "k@old.example failed 5.4.4", ""},
		{"a 557 to the same server: the address has a new name", "557 5.2.7 <k@new.example>", "EHLO => 250 peer.example", "k@old.example delivered", "k@new.example 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := newNetwork(t, false, zone)
			smarthost := newPeer(t, own+"EHLO => 250 "+ehloName(tt.first)+"\nRCPT TO:<k@old => "+tt.smarthost)
			n.server(41, tt.first, nil)
			n.server(42, "", nil)
			s := smarthost.smarthost()
			s.Host = "127.0.0.1"
			r := n.relay(s)
			n.expect(r, "k@old.example", tt.fates, tt.copies)
			if smarthost.Told("RCPT TO:<k@new") != 0 {
				t.Error("the old server was offered the new address")
			}
		})
	}
}

// ehloName makes the smarthost call itself as the new server does, where a case
// is about that.
func ehloName(first string) string {
	if strings.HasPrefix(first, "EHLO => 250 ") {
		return strings.TrimPrefix(first, "EHLO => 250 ")
	}
	return "mail.old.example"
}

// atNewServer plays a message for k@old.example, whose copy goes to k@new.example and
// needs verified TLS there, against servers of that domain that have it or not. It is
// delivered by expect.
func atNewServer(t *testing.T, last int, play func(t *testing.T, n *network, p *peer, expect func(*Relay) *envelope.Envelope)) {
	for _, tt := range []struct {
		name, script, cert, fate, copies string
	}{
		{"no STARTTLS there", "", "new.example", "deferred 4.7.5", ""},
		{"a certificate for another name", withTLS, "evil.example", "deferred 4.7.5", ""},
		{"a good certificate", withTLS, "new.example", "delivered", "k@new.example 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := newNetwork(t, false, fmt.Sprintf("new.example A 127.0.0.%d", last))
			theirs, _ := n.certify(tt.cert)
			p := n.server(last, tt.script, theirs)
			play(t, n, p, func(r *Relay) *envelope.Envelope {
				env := n.expect(r, "k@old.example", "k@old.example "+tt.fate, tt.copies)
				if tt.copies == "" && p.Told("MAIL") > 0 {
					t.Error("the new server was shown the envelope")
				}
				return env
			})
		})
	}
}

func TestARedirectedCopyTravelsWithNoWeakerTLS(t *testing.T) {
	atNewServer(t, 51, func(t *testing.T, n *network, p *peer, expect func(*Relay) *envelope.Envelope) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ours, _ := n.certify("smarthost.old.example")
		smarthost := servePeer(t, l, "EHLO => STARTTLS,AUTH PLAIN\nAUTH => 235 ok\nRCPT TO:<k@old => 557 5.2.7 <k@new.example>", ours)
		s := smarthost.smarthost()
		s.Scheme = route.Submission
		r := n.relay(s)
		r.Redirect.Via = redirect.ViaMX
		r.SMTP.TLS.ServerName = "smarthost.old.example"
		r.SMTP.Login = &smtp.Login{User: "u", Secret: func(context.Context) (secret.Secret, error) { return secret.New("hunter2"), nil }}
		env := expect(r)
		if p.Told("AUTH") != 0 {
			t.Error("the new server was offered a login")
		}
		if smarthost.Told("AUTH") != 1 {
			t.Error("nobody logged in at the smarthost")
		}
		// The next attempt takes the same way: the trail says so.
		if env.Recipients[0].Outcome.State == envelope.Deferred {
			env.Recipients[0].Outcome = envelope.Outcome{}
			r.Deliver(context.Background(), env, newMessage("hello\r\n"))
			if smarthost.Told("RCPT TO:<k@new") != 0 {
				t.Error("the old server was offered the new address in the second attempt")
			}
		}
	})
}

// TestTheOldMailboxsOwnServerBehindMX: where the new domain's servers are down, the
// smarthosts behind mx: take over, but not that one.
func TestTheOldMailboxsOwnServerBehindMX(t *testing.T) {
	const zone = "old.example MX 1 mx.hoster.example\nmx.hoster.example A 127.0.0.107\nnew.example MX 1 mx.new.example\nmx.new.example A 127.0.0.108\n"
	for _, tt := range []struct {
		name, via, code string
		fate            string
		shown           bool
	}{
		{"a 558 is kept from it", redirect.ViaAuto, "558", "deferred 4.4.1", false},
		{"so is a 557", redirect.ViaAuto, "557", "deferred 4.4.1", false},
		{"and with via = mx", redirect.ViaMX, "558", "deferred 4.4.1", false},
		{"a 558 also where via = smarthost: mx: is another way", redirect.ViaSmarthost, "558", "deferred 4.4.1", false},
		{"a 557 with via = smarthost stays with the smarthosts", redirect.ViaSmarthost, "557", "delivered", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := newNetwork(t, false, zone)
			n.server(107, "EHLO => 250 mx.hoster.example\nRCPT TO:<a@old => "+tt.code+" <n@new.example>", nil)
			mail := newPeer(t, own+"EHLO => 250 mail.old.example")
			n.peers = append(n.peers, mail)
			r := n.relay(route.Smarthost{Scheme: route.MX}, mail.smarthost())
			r.Redirect.Via = tt.via
			n.expect(r, "a@old.example", "a@old.example "+tt.fate, map[bool]string{true: "n@new.example 1"}[tt.shown])
			if shown := mail.Told("RCPT TO:<n@new") > 0; shown != tt.shown {
				t.Errorf("the old mailbox's own server was offered the new address: %v", shown)
			}
		})
	}
}

// TestAServerThatGreetsUsByOurNameIsNotTheOldMailboxsOwn: we have our name below the
// old mailbox's domain, and the server only repeats it.
func TestAServerThatGreetsUsByOurNameIsNotTheOldMailboxsOwn(t *testing.T) {
	for _, tt := range []struct {
		greeting, ours string
		via, code      string
		copies         map[string]int // of the smarthost
	}{
		{"relay.provider.example ESMTP", "desk1.old.example", redirect.ViaAuto, "557", map[string]int{"k@new.example": 1}},
		{"relay.provider.example ESMTP", "desk1.old.example", redirect.ViaSmarthost, "558", map[string]int{"k@new.example": 1}},
		{"relay.provider.example ESMTP", "DESK1.old.example", redirect.ViaAuto, "558", map[string]int{"k@new.example": 1}},
		{"desk1.old.example ESMTP", "desk1.old.example", redirect.ViaAuto, "558", map[string]int{}}, // we are at the same machine
	} {
		t.Run(tt.greeting+" to "+tt.ours+", via "+tt.via+", "+tt.code, func(t *testing.T) {
			n := newNetwork(t, false, "new.example A 127.0.0.111")
			n.server(111, "", nil)
			p := newPeer(t, "CONNECT => 220 "+tt.greeting+"\nEHLO => 250-desk1.old.example Hello\\n250 PIPELINING\nRCPT TO:<k@old => "+tt.code+" <k@new.example>")
			n.peers = append(n.peers, p)
			r := n.relay(p.smarthost())
			r.Redirect.Via, r.SMTP.Hello = tt.via, tt.ours
			n.expect(r, "k@old.example", "k@old.example delivered", "k@new.example 1")
			if got := p.Copies(); !maps.Equal(got, tt.copies) {
				t.Errorf("by the smarthost went %v, want %v", got, tt.copies)
			}
		})
	}
}
