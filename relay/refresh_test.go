package relay

import (
	"testing"

	"mailchute/relay/smtp"
)

// TestTroubleWithADomainIsKnownForAWhile: for a row of messages, not for ever.
func TestTroubleWithADomainIsKnownForAWhile(t *testing.T) {
	for _, tt := range []struct {
		name  string
		after func(*Carrier)
		want  string
	}{
		{"the next message does not try again", func(*Carrier) {}, "k@new.example deferred 4.4.1; k@x.example delivered"},
		{"much later it does", func(c *Carrier) {
			for _, o := range c.others {
				o.learnt = o.learnt.Add(-knownFor)
			}
		}, "k@new.example delivered; k@x.example delivered"},
		{"and where trouble is forgotten", (*Carrier).ForgetTrouble, "k@new.example delivered; k@x.example delivered"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := newNetwork(t, false, "new.example A 127.0.0.114\nx.example A 127.0.0.115")
			other := n.server(115, "", nil)
			c := n.relay().Carrier()
			defer c.Close()
			deliver := func() string {
				env := newEnvelope("k@new.example", "k@x.example")
				c.Deliver(t.Context(), env, newMessage("hello\r\n"), false)
				return fates(env)
			}
			if got, want := deliver(), "k@new.example deferred 4.4.1; k@x.example delivered"; got != want {
				t.Fatalf("%s, want %s", got, want)
			}
			n.server(114, "", nil) // it is up now
			tt.after(c)
			if got := deliver(); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
			if other.Sessions() != 1 {
				t.Errorf("%d connections to who is well", other.Sessions())
			}
		})
	}
}

// TestWhereADomainsServersAreIsAskedAgain: once their connection has ended, and not in a
// row of messages.
func TestWhereADomainsServersAreIsAskedAgain(t *testing.T) {
	n := newNetwork(t, false, "new.example A 127.0.0.116")
	old, now := n.server(116, "", nil), n.server(117, "", nil)
	c := n.relay().Carrier()
	defer c.Close()
	deliver := func() {
		env := newEnvelope("k@new.example")
		c.Deliver(t.Context(), env, newMessage("hello\r\n"), false)
		if fates(env) != "k@new.example delivered" {
			t.Error(fates(env))
		}
	}
	deliver()
	n.names.Set("new.example A 127.0.0.117")
	c.others[0].learnt = c.others[0].learnt.Add(-knownFor)
	deliver()
	c.others[0].disconnect()
	deliver()
	if len(old.Messages()) != 2 || len(now.Messages()) != 1 {
		t.Errorf("%d messages to the old server, %d to the new one", len(old.Messages()), len(now.Messages()))
	}
}

// TestASmarthostThatWasPassedOverGetsAnotherChance: a long run of a queue does not stay
// with the second for ever.
func TestASmarthostThatWasPassedOverGetsAnotherChance(t *testing.T) {
	first, second := newPeer(t, ""), newPeer(t, "")
	first.SayOnce("CONNECT", 1, "421 4.3.2 not now", nil)
	c := (&Relay{SMTP: smtp.Options{Hello: "client.example"}, Smarthosts: deliverBy(first, second)}).Carrier()
	defer c.Close()
	for i, want := range []int{0, 0, 1} {
		if i == 2 {
			c.disconnect()
			c.learnt = c.learnt.Add(-knownFor)
		}
		c.Deliver(t.Context(), newEnvelope("k@new.example"), newMessage("hello\r\n"), false)
		if got := len(first.Messages()); got != want {
			t.Errorf("message %d: %d have gone to the first smarthost, want %d", i, got, want)
		}
	}
}
