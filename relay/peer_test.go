package relay

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"

	"mailchute/headers/address"
	"mailchute/relay/envelope"
	"mailchute/relay/message"
	"mailchute/relay/redirect"
	"mailchute/relay/route"
	"mailchute/relay/smtp"
	"mailchute/relay/smtp/smtptest"
)

// peer is a smarthost on loopback.
type peer struct {
	*smtptest.Server
	listener net.Listener
}

func newPeer(t testing.TB, script string) *peer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return servePeer(t, l, script, nil)
}

// servePeer is a peer on a listener of the caller's; with security it knows
// STARTTLS, when the script makes it say so.
func servePeer(t testing.TB, l net.Listener, script string, security *tls.Config) *peer {
	t.Helper()
	t.Cleanup(func() { l.Close() })
	p := &peer{smtptest.New(script), l}
	p.TLS = security
	p.Serve(l)
	return p
}

// smarthost is how the peer is configured.
func (p *peer) smarthost() route.Smarthost {
	host, port, _ := net.SplitHostPort(p.listener.Addr().String())
	n, _ := strconv.Atoi(port)
	return route.Smarthost{Scheme: route.Plain, Host: host, Port: n}
}

// deliver sends a small message to the recipients by the peers, in that order.
func deliver(t testing.TB, recipients []string, change func(*Relay, *envelope.Envelope), peers ...*peer) *envelope.Envelope {
	t.Helper()
	env := newEnvelope(recipients...)
	r := &Relay{SMTP: smtp.Options{Hello: "client.example"}, Redirect: everyRedirect(), Smarthosts: deliverBy(peers...)}
	if change != nil {
		change(r, env)
	}
	r.Deliver(context.Background(), env, newMessage("hello\r\n"))
	for _, p := range peers {
		p.listener.Close()
	}
	return env
}

// everyRedirect follows all that a server on loopback says.
func everyRedirect() redirect.Policy {
	return redirect.Policy{Follow: redirect.FollowVerified, Codes: []int{557, 558}, Via: redirect.ViaSmarthost, MaxHops: 5, AllowDomains: []string{"*"}}
}

func deliverBy(peers ...*peer) (smarthosts []route.Smarthost) {
	for _, p := range peers {
		smarthosts = append(smarthosts, p.smarthost())
	}
	return smarthosts
}

func newEnvelope(recipients ...string) *envelope.Envelope {
	env := &envelope.Envelope{Sender: addr("me@here.example")}
	for _, r := range recipients {
		env.Recipients = append(env.Recipients, &envelope.Recipient{Original: addr(r), Address: addr(r)})
	}
	return env
}

func newMessage(body string) *message.Message {
	var s message.Scanner
	io.WriteString(&s, body)
	return &message.Message{Header: []byte("From: me@here.example\r\nSubject: test\r\n"), Body: message.NewBody([]byte(body), s.Traits())}
}

func addr(s string) address.Addr {
	a, err := address.Parse(s)
	if err != nil {
		panic(fmt.Sprintf("%q: %v", s, err))
	}
	return a
}

// fates is the outcomes in short: "a@x delivered; b@x failed 550".
func fates(env *envelope.Envelope) string {
	var words []string
	for _, r := range env.Recipients {
		o := r.Outcome
		state := [...]string{"pending", "delivered", "deferred", "failed"}[o.State]
		switch {
		case o.Reply != nil && o.State != envelope.Delivered:
			state += " " + strconv.Itoa(o.Reply.Code)
		case o.State != envelope.Delivered && !o.Status.IsZero():
			state += " " + o.Status.String()
		}
		words = append(words, r.Original.String()+" "+state)
	}
	return strings.Join(words, "; ")
}

// copiesOf is how many messages each mailbox has got of all the peers.
func copiesOf(peers ...*peer) map[string]int {
	all := map[string]int{}
	for _, p := range peers {
		for a, n := range p.Copies() {
			all[a] += n
		}
	}
	return all
}

// groups is the number of recipients of each message that the peer has taken.
func (p *peer) groups() (groups []int) {
	for _, m := range p.Messages() {
		groups = append(groups, len(m.Recipients))
	}
	return groups
}

// texts is the messages that the peer has taken.
func (p *peer) texts() (texts []string) {
	for _, m := range p.Messages() {
		texts = append(texts, m.Text)
	}
	return texts
}

// copies is how often each mailbox has got the message, of all the peers.
func copies(peers ...*peer) string {
	var words []string
	for a, n := range copiesOf(peers...) {
		words = append(words, fmt.Sprintf("%s %d", a, n))
	}
	slices.Sort(words)
	return strings.Join(words, "; ")
}
