package relay

import (
	"context"
	"fmt"
	"testing"

	"mailchute/relay/envelope"
	"mailchute/relay/smtp"
)

// TestAServerThatTakesOneMessageInASessionGetsThemAll: what it says to the second MAIL
// is about the session, and not about the message.
func TestAServerThatTakesOneMessageInASessionGetsThemAll(t *testing.T) {
	for _, keywords := range []string{"PIPELINING,CHUNKING", "PIPELINING", "8BITMIME"} {
		for _, ahead := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, envelopes go ahead: %t", keywords, ahead), func(t *testing.T) {
				p := newPeer(t, "EHLO => "+keywords)
				p.Single = true
				var envs []*envelope.Envelope
				if ahead {
					envs = deliverRow(t, 4, nil, p)
				} else {
					envs = deliverOneByOne(4, p)
				}
				for _, env := range envs {
					everyoneOnce(t, env, p)
				}
				if p.Sessions() != 4 {
					t.Errorf("%d sessions for 4 messages", p.Sessions())
				}
			})
		}
	}
}

// TestAnOutOfOrderMAILIsTriedOnOneNewConnection and no more: then it is the message's
// fate.
func TestAnOutOfOrderMAILIsTriedOnOneNewConnection(t *testing.T) {
	p := newPeer(t, "MAIL FROM:<s1@ => 503 5.5.1 no")
	envs := deliverOneByOne(3, p)
	for i, env := range envs {
		if failed := len(env.Failed()) > 0; failed != (i == 1) {
			t.Errorf("message %d: %s", i, env.Recipients[0].Outcome.Text())
		}
	}
	if p.Told("MAIL FROM:<s1@") != 2 || p.Sessions() != 2 {
		t.Errorf("tried %d times in %d sessions", p.Told("MAIL FROM:<s1@"), p.Sessions())
	}
}

// deliverOneByOne delivers n messages over one carrier, which knows of none what
// follows. Message i goes from s<i> to m<i>.
func deliverOneByOne(n int, p *peer) (envs []*envelope.Envelope) {
	c := (&Relay{SMTP: smtp.Options{Hello: "client.example"}, Smarthosts: deliverBy(p)}).Carrier()
	defer c.Close()
	for i := range n {
		env := newEnvelope(fmt.Sprintf("m%d@x.example", i))
		env.Sender.Local = fmt.Sprintf("s%d", i)
		c.Deliver(context.Background(), env, newMessage("hello\r\n"), false)
		envs = append(envs, env)
	}
	return envs
}
