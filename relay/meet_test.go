package relay

import (
	"fmt"
	"testing"

	"mailchute/headers/address"
	"mailchute/relay/envelope"
)

// again delivers once more to those who wait, as a queue does.
func (n *network) again(r *Relay, env *envelope.Envelope, wantFates, wantCopies string) {
	n.t.Helper()
	wake(env)
	r.Deliver(n.t.Context(), env, newMessage("hello\r\n"))
	if got := fates(env); got != wantFates {
		n.t.Errorf("fates of another attempt:\n got %s\nwant %s", got, wantFates)
		for _, r := range env.Recipients {
			n.t.Logf("%s: %s", r.Original, r.Outcome.Text())
		}
	}
	if got := copies(n.peers...); got != wantCopies {
		n.t.Errorf("copies after another attempt:\n got %s\nwant %s", got, wantCopies)
	}
}

// The old mailbox's server sends a@old.example to n@new.example, which the sender has
// named as well. Their ways may differ, and what keeps one from going keeps nobody else.

func TestWhoMayNotGoToAServerTakesNobodyAlong(t *testing.T) {
	const zone = "old.example MX 1 mx.host.example\nnew.example MX 1 mx.host.example\nmx.host.example A 127.0.0.101\n"
	n := newNetwork(t, false, zone)
	p := n.server(101, "EHLO => 250 mx.host.example\nRCPT TO:<a@old => 558 5.2.8 <n@new.example>\nRCPT TO:<n@new => 450 4.2.0 greylisted", nil)
	r := n.relay()
	env := n.expect(r, "a@old.example n@new.example", "a@old.example failed 5.4.4; n@new.example deferred 450", "")
	p.Say("RCPT TO:<n@new", "")
	n.again(r, env, "a@old.example failed 5.4.4; n@new.example delivered", "n@new.example 1")
}

func TestWhoNeedsMoreTLSThanThereIsKeepsNobodyWaiting(t *testing.T) {
	const zone = "old.example MX 1 mx.old.example\nmx.old.example A 127.0.0.102\nnew.example MX 1 mx.new.example\nmx.new.example A 127.0.0.103\n"
	n := newNetwork(t, true, zone)
	security, tlsa := n.certify("mx.old.example")
	n.server(102, withTLS+"RCPT TO:<a@old => 557 5.2.7 <n@new.example>", security)
	p := n.server(103, "RCPT TO:<n@new => 450 4.2.0 greylisted", nil)
	n.names.Set(zone + fmt.Sprintf("_%d._tcp.mx.old.example TLSA %s", n.port, tlsa))
	r := n.relay()
	env := n.expect(r, "a@old.example n@new.example", "a@old.example deferred 4.7.5; n@new.example deferred 450", "")
	p.Say("RCPT TO:<n@new", "")
	// The mailbox has its copy then, as its sender wanted it to have it.
	n.again(r, env, "a@old.example delivered; n@new.example delivered", "n@new.example 1")
}

func TestWhatTheSmarthostRefusesTheDomainsServersMayTake(t *testing.T) {
	n := newNetwork(t, false, "new.example A 127.0.0.104")
	n.server(104, "", nil)
	p := newPeer(t, own+"RCPT TO:<a@old => 557 5.2.7 <n@new.example>\nRCPT TO:<n@new => 550 5.7.1 relaying denied")
	n.peers = append(n.peers, p)
	n.expect(n.relay(p.smarthost()), "a@old.example n@new.example", "a@old.example delivered; n@new.example failed 550", "n@new.example 1")
}

// TestWhatMayHaveArrivedIsNotSentAnotherWay: nobody knows whether the first copy is
// there, so there is no second one before its sender has to try again.
func TestWhatMayHaveArrivedIsNotSentAnotherWay(t *testing.T) {
	for _, tt := range []struct{ end, fates, copies string }{
		{"take, drop", "a@old.example deferred 4.4.2; n@new.example deferred 4.4.2", "n@new.example 1"},
		{"take, 199 hm", "a@old.example deferred 199; n@new.example deferred 199", "n@new.example 1"},
		{"drop", "a@old.example deferred 4.4.2; n@new.example deferred 4.4.2", ""},
		{"451 4.3.0 not now", "a@old.example deferred 451; n@new.example deferred 451", ""},
	} {
		t.Run(tt.end, func(t *testing.T) {
			n := newNetwork(t, false, "new.example A 127.0.0.105")
			theirs := n.server(105, "", nil)
			p := newPeer(t, own+"RCPT TO:<a@old => 557 5.2.7 <n@new.example>\nEND => "+tt.end)
			theirs.Say("END", tt.end)
			n.peers = append(n.peers, p)
			n.expect(n.relay(p.smarthost()), "a@old.example n@new.example", tt.fates, tt.copies)
			if tried := theirs.Told("DATA") == 1; tried != (tt.end == "451 4.3.0 not now") {
				t.Errorf("sent another way: %v", tried)
			}
		})
	}
}

// TestWhoHasACopyGetsNoOtherByAnyWay: in this attempt, or in an earlier one.
func TestWhoHasACopyGetsNoOtherByAnyWay(t *testing.T) {
	n := newNetwork(t, false, "new.example A 127.0.0.106")
	theirs := n.server(106, "", nil)
	p := newPeer(t, own+"RCPT TO:<a@old => 557 5.2.7 <n@new.example>\nRCPT TO:<late@old => 450 4.2.0 later")
	n.peers = append(n.peers, p)
	r := n.relay(p.smarthost())
	env := n.expect(r, "a@old.example late@old.example n@new.example",
		"a@old.example delivered; late@old.example deferred 450; n@new.example delivered", "n@new.example 1")
	p.Say("RCPT TO:<late@old", "557 5.2.7 <n@new.example>")
	n.again(r, env, "a@old.example delivered; late@old.example delivered; n@new.example delivered", "n@new.example 1")
	if theirs.Told("RCPT") > 0 {
		t.Error("the second way was taken")
	}
}

// TestWhoHasACopyByAnotherEnvelopeGetsNone: a mailing list has an envelope of its own.
func TestWhoHasACopyByAnotherEnvelopeGetsNone(t *testing.T) {
	p := newPeer(t, "RCPT TO:<a@old => 557 5.2.7 <n@NEW.example>\nRCPT TO:<b@old => 557 5.2.7 <b@new.example>")
	env := deliver(t, []string{"a@old.example", "b@old.example"}, func(_ *Relay, env *envelope.Envelope) {
		env.Served = []address.Addr{addr("n@new.example"), addr("other@new.example")}
	}, p)
	if fates(env) != "a@old.example delivered; b@old.example delivered" || copies(p) != "b@new.example 1" {
		t.Errorf("%s; copies %s", fates(env), copies(p))
	}
	if text := env.Recipients[0].Outcome.Text(); text != "the mailbox has its copy already" {
		t.Errorf("told as %q", text)
	}
}
