package relay

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"mailchute/relay/envelope"
	"mailchute/relay/message"
	"mailchute/relay/redirect"
	"mailchute/relay/route"
	"mailchute/relay/smtp"
)

// deliverRow delivers n messages by one carrier that knows of each what follows.
// Message i goes from s<i> to m<i>a and m<i>b.
func deliverRow(t testing.TB, n int, change func(*Relay, []*envelope.Envelope), peers ...*peer) []*envelope.Envelope {
	t.Helper()
	envs := make([]*envelope.Envelope, n)
	for i := range envs {
		envs[i] = newEnvelope(fmt.Sprintf("m%da@x.example", i), fmt.Sprintf("m%db@x.example", i))
		envs[i].Sender.Local = fmt.Sprintf("s%d", i)
	}
	r := &Relay{SMTP: smtp.Options{Hello: "client.example"}, Redirect: redirect.Policy{
		Follow: redirect.FollowVerified, Codes: []int{557, 558}, Via: redirect.ViaSmarthost, MaxHops: 5, AllowDomains: []string{"*"},
	}}
	for _, p := range peers {
		r.Smarthosts = append(r.Smarthosts, p.smarthost())
	}
	if change != nil {
		change(r, envs)
	}
	c := r.Carrier()
	current, asked := 0, -1
	c.Ahead = func() (*envelope.Envelope, *message.Message) {
		if current+1 == n {
			return nil, nil
		}
		if asked == current {
			t.Errorf("asked twice what follows message %d", current)
		}
		asked = current
		return envs[current+1], newMessage(fmt.Sprintf("text %d\r\n", current+1))
	}
	for current = range envs {
		c.Deliver(context.Background(), envs[current], newMessage(fmt.Sprintf("text %d\r\n", current)), false)
	}
	c.Close()
	for _, p := range peers {
		p.listener.Close()
	}
	return envs
}

func TestARowOfMessagesIsTakenAheadOfItself(t *testing.T) {
	for _, keywords := range []string{"PIPELINING,CHUNKING", "PIPELINING"} {
		p := newPeer(t, "EHLO => "+keywords)
		envs := deliverRow(t, 6, nil, p)
		for i, env := range envs {
			everyoneOnce(t, env, p)
			if want := fmt.Sprintf("text %d\r\n", i); !strings.HasSuffix(p.texts()[i], want) {
				t.Errorf("%s: message %d is %q", keywords, i, p.texts()[i])
			}
		}
		if p.Sessions() != 1 || p.Told("MAIL") != 6 {
			t.Errorf("%s: %d sessions, %d times MAIL", keywords, p.Sessions(), p.Told("MAIL"))
		}
		text := strings.Join(p.Commands(), "\n")
		before, _, _ := strings.Cut(text, "MAIL FROM:<s1@")
		if chunked := strings.Contains(keywords, "CHUNKING"); chunked != strings.HasSuffix(before, "RSET\n") {
			t.Errorf("%s: in front of the envelope that went ahead stands %q", keywords, before)
		}
	}
}

// TestNobodyInARowIsLostOrDoubled plays each way to misbehave at each step of a
// row of messages. What holds for one message holds for each of them, whatever
// becomes of the one whose content its envelope travelled with.
func TestNobodyInARowIsLostOrDoubled(t *testing.T) {
	steps := []string{"MAIL", "MAIL FROM:<s1@", "MAIL FROM:<s2@", "RCPT", "RCPT TO:<m1a@", "RCPT TO:<m1b@", "RCPT TO:<m1", "RCPT TO:<m2", "DATA", "END", "RSET", "QUIT"}
	replies := []string{"drop", "421 4.3.2 closing", "451 4.3.0 later", "452 4.5.3 too many", "550 5.1.1 no", "503 5.5.1 bad sequence",
		"250 fine", "354 go on", "199 hm", "what?", "557 5.2.7 <moved@x.example>", "take, drop"}
	ways := []string{"PIPELINING", "PIPELINING,CHUNKING", "CHUNKING", "PIPELINING,LIMITS MAILMAX=2", "PIPELINING,CHUNKING,LIMITS RCPTMAX=1"}
	misbehave(t, steps, replies, ways, func(t *testing.T, script, way string) {
		checkRow(t, script, newPeer(t, script))
		checkRow(t, script+" and a second smarthost", newPeer(t, script), newPeer(t, "EHLO => "+way))
	})
}

func checkRow(t *testing.T, script string, peers ...*peer) {
	t.Helper()
	envs := deliverRow(t, 4, nil, peers...)
	all := copiesOf(peers...)
	unsaid := strings.Contains(script, "take,") || strings.HasPrefix(strings.TrimPrefix(script, "once "), "END =>")
	for _, env := range envs {
		for _, r := range env.Recipients {
			n, moved := all[r.Address.String()], len(r.Trail) > 0 // to where others may have moved too
			switch {
			case r.Outcome.State == envelope.Pending:
				t.Errorf("%s: %s is pending", script, r.Original)
			case r.Outcome.State == envelope.Delivered && (n == 0 || n > 1 && !moved):
				t.Errorf("%s: %s is delivered and got %d copies", script, r.Original, n)
			case r.Outcome.State != envelope.Delivered && n > 0 && !unsaid && !moved, n > 1 && !moved:
				t.Errorf("%s: %s got %d copies: %s", script, r.Original, n, r.Outcome.Text())
			}
		}
	}
}

// TestTheNextMessageSuffersNothing: what becomes of one message says nothing
// about that whose envelope travelled with it.
func TestTheNextMessageSuffersNothing(t *testing.T) {
	for _, c := range []struct {
		name, script string
		fates        string // of three messages, first recipients
		sessions     int
	}{
		{"the text is refused", "once END => 554 5.7.1 spam", "failed delivered delivered", 1},
		{"421 behind the text", "once END => 421 4.3.2 closing", "deferred delivered delivered", 2},
		{"no word on the text", "once END => take, drop", "deferred delivered delivered", 2},
		{"421 to the next MAIL", "once MAIL FROM:<s1 => 421 4.7.0 enough", "delivered delivered delivered", 2},
		{"the next MAIL is refused", "MAIL FROM:<s1 => 550 5.7.1 not you", "delivered failed delivered", 1},
		{"all of the next recipients are refused", "RCPT TO:<m1 => 550 5.1.1 no", "delivered failed delivered", 1},
		{"the connection is lost behind the text", "once MAIL FROM:<s1 => drop", "delivered delivered delivered", 2},
		{"the server is at a loss behind the text", "once MAIL FROM:<s1 => 503 5.5.1 what", "delivered delivered delivered", 2},
		{"the next has moved", "RCPT TO:<m1a => 557 5.2.7 <new@y.example>", "delivered delivered delivered", 1},
		{"the next does not fit one transaction", "once RCPT TO:<m1b => 452 4.5.3 too many", "delivered delivered delivered", 1},
		{"MAILMAX", "EHLO => PIPELINING,CHUNKING,LIMITS MAILMAX=2", "delivered delivered delivered", 2},
	} {
		for _, way := range []string{"PIPELINING", "PIPELINING,CHUNKING"} {
			t.Run(c.name+" with "+way, func(t *testing.T) {
				p := newPeer(t, c.script+"\nEHLO => "+way)
				var got []string
				for _, env := range deliverRow(t, 3, nil, p) {
					state := [...]string{"pending", "delivered", "deferred", "failed"}[env.Recipients[0].Outcome.State]
					got = append(got, state)
				}
				if s := strings.Join(got, " "); s != c.fates || p.Sessions() != c.sessions {
					t.Errorf("%s in %d sessions, want %s in %d", s, p.Sessions(), c.fates, c.sessions)
				}
			})
		}
	}
}

func TestAServerThatBreaksOnWhatGoesAheadIsSpokenToInTurns(t *testing.T) {
	p := newPeer(t, "EHLO => PIPELINING,CHUNKING")
	p.Deaf = true
	for _, env := range deliverRow(t, 5, nil, p) {
		everyoneOnce(t, env, p)
	}
	if p.Sessions() != 2 {
		t.Errorf("%d sessions, want two: it breaks once", p.Sessions())
	}
}

func TestAnEnvelopeThatWentAheadIsMadeAnewForAnotherConnection(t *testing.T) {
	p := newPeer(t, "once EHLO => PIPELINING,SIZE 100000\nEHLO => PIPELINING\nonce END => 421 4.3.2 closing")
	envs := deliverRow(t, 3, nil, p)
	everyoneOnce(t, envs[1], p)
	if n := p.Told("MAIL FROM:<s1@here.example> SIZE="); n != 0 || p.Sessions() != 2 {
		t.Errorf("SIZE was said %d times to a server that does not offer it, in %d sessions", n, p.Sessions())
	}
}

func TestAnotherMessageThanTheOneThatWentAhead(t *testing.T) {
	for _, way := range []string{"PIPELINING", "PIPELINING,CHUNKING"} {
		p := newPeer(t, "EHLO => "+way)
		r := &Relay{SMTP: smtp.Options{Hello: "client.example"}, Smarthosts: []route.Smarthost{p.smarthost()}}
		c := r.Carrier()
		never, other := newEnvelope("never@x.example"), newEnvelope("other@x.example")
		c.Ahead = func() (*envelope.Envelope, *message.Message) { return never, newMessage("never\r\n") }
		first := newEnvelope("first@x.example")
		c.Deliver(t.Context(), first, newMessage("first\r\n"), false)
		c.Ahead = nil
		c.Deliver(t.Context(), other, newMessage("other\r\n"), false)
		c.Close()
		everyoneOnce(t, first, p)
		everyoneOnce(t, other, p)
		if len(p.texts()) != 2 || slices.ContainsFunc(p.texts(), func(s string) bool { return strings.Contains(s, "never") }) {
			t.Errorf("%s: texts %q", way, p.texts())
		}
	}
}

// TestRealPeersTakeARow sends a row of messages to the servers that people have:
// each envelope with the content before it where the server offers PIPELINING.
func TestRealPeersTakeARow(t *testing.T) {
	eachRealPeer(t, func(t *testing.T, s *stage, p realPeer) {
		for _, smarthost := range p.smarthosts {
			s.await(smarthost.Port)
			t.Run(string(smarthost.Scheme), func(t *testing.T) { s.sendRow(t, p, smarthost, 20) })
		}
	})
}

func (s *stage) sendRow(t *testing.T, p realPeer, smarthost route.Smarthost, n int) {
	before := 0
	if p.texts != nil {
		before = len(p.texts())
	}
	var dialogue []string
	c := s.relay(p, smarthost, &dialogue).Carrier()
	envs, current := make([]*envelope.Envelope, n), 0
	for i := range envs {
		envs[i] = newEnvelope(numbered(1 + i%3)...)
	}
	letter := func(i int) *message.Message {
		m := newMessage(fmt.Sprintf(".text %d\r\n%s", i, strings.Repeat("a line\r\n", i*100)))
		m.Header = append([]byte(fmt.Sprintf("To: all@x.example\r\nDate: Sun, 1 Mar 2026 12:00:00 +0000\r\nMessage-ID: <%d@here.example>\r\n", i)), m.Header...)
		return m
	}
	c.Ahead = func() (*envelope.Envelope, *message.Message) {
		if current+1 == n {
			return nil, nil
		}
		return envs[current+1], letter(current + 1)
	}
	for current = range envs {
		c.Deliver(t.Context(), envs[current], letter(current), false)
	}
	c.Close()
	for i, env := range envs {
		if len(env.Open())+len(env.Deferred())+len(env.Failed()) > 0 {
			t.Fatalf("message %d: %s\n%s\n%s", i, fates(env), strings.Join(dialogue, "\n"), s.output())
		}
	}
	ahead := 0
	for i, line := range dialogue {
		if i > 0 && strings.HasPrefix(line, "C: MAIL") && strings.HasPrefix(dialogue[i-1], "C: ") {
			ahead++
		}
	}
	if piped := slices.ContainsFunc(dialogue, func(l string) bool { return strings.Contains(l, "PIPELINING") }); piped && ahead < n-1 {
		t.Errorf("%d envelopes went ahead\n%s", ahead, strings.Join(dialogue, "\n"))
	}
	if p.texts == nil {
		return
	}
	texts := p.texts()[before:]
	if len(texts) != n {
		t.Fatalf("%d messages arrived, want %d", len(texts), n)
	}
	for i := range n {
		if !slices.ContainsFunc(texts, func(text string) bool {
			return strings.Contains(text, fmt.Sprintf("\r\n\r\n.text %d\r\n", i)) && strings.Count(text, "a line\r\n") == i*100
		}) {
			t.Errorf("message %d is not among those that arrived", i)
		}
	}
}
