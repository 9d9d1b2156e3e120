package relay

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"mailchute/headers/address"
	"mailchute/relay/envelope"
	"mailchute/relay/message"
	"mailchute/relay/redirect"
	"mailchute/relay/route"
	"mailchute/relay/smtp"
)

// peer is a smarthost on loopback that follows a script. Each line of the script
// is
//
//	[once] COMMAND => REPLY
//
// for commands that begin with COMMAND; the first line that fits counts. CONNECT
// is the greeting, END the reply to the text. EHLO's REPLY is the keywords, parted
// by commas. "drop" closes the connection instead of a reply, and "take, drop"
// behind END does so when the message has been taken.
type peer struct {
	listener net.Listener
	rules    []*rule
	delicate bool // closes when a command comes before the reply to the one in front of it
	deaf     bool // closes when something comes with the text, behind it
	room     int  // recipients that it takes in a transaction; 0: any number
	security *tls.Config

	mu       sync.Mutex
	sessions int
	lines    []string       // what it was told
	copies   map[string]int // by recipient
	groups   []int          // recipients of each message that it took
	texts    []string
}

type rule struct {
	prefix, reply string
	once, used    bool
}

const usualKeywords = "PIPELINING,8BITMIME"

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
	p := &peer{listener: l, copies: map[string]int{}, security: security}
	for line := range strings.Lines(script) {
		prefix, reply, ok := strings.Cut(strings.TrimSpace(line), " => ")
		if !ok {
			continue
		}
		prefix, once := strings.CutPrefix(prefix, "once ")
		p.rules = append(p.rules, &rule{prefix: prefix, reply: reply, once: once})
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.session(c)
		}
	}()
	return p
}

// smarthost is how the peer is configured.
func (p *peer) smarthost() route.Smarthost {
	host, port, _ := net.SplitHostPort(p.listener.Addr().String())
	n, _ := strconv.Atoi(port)
	return route.Smarthost{Scheme: route.Plain, Host: host, Port: n}
}

func (p *peer) reply(command, usual string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.rules {
		if strings.HasPrefix(command, r.prefix) && !(r.once && r.used) {
			r.used = true
			return r.reply
		}
	}
	return usual
}

// told tells how often a command that begins with prefix has come.
func (p *peer) told(prefix string) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.lines {
		if strings.HasPrefix(l, prefix) {
			n++
		}
	}
	return n
}

// dialogue is one session.
type dialogue struct {
	*peer
	conn       net.Conn
	in         *bufio.Reader
	mail       bool
	recipients []string
	text       strings.Builder
}

func (p *peer) session(c net.Conn) {
	defer c.Close()
	p.mu.Lock()
	p.sessions++
	p.mu.Unlock()
	d := &dialogue{peer: p, conn: c, in: bufio.NewReader(c)}
	if !d.say(p.reply("CONNECT", "220 peer.example ESMTP")) {
		return
	}
	for {
		line, err := d.in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		p.mu.Lock()
		p.lines = append(p.lines, line)
		p.mu.Unlock()
		if p.delicate && d.in.Buffered() > 0 && !strings.HasPrefix(line, "BDAT") {
			return
		}
		if !d.obey(line) {
			return
		}
	}
}

func (d *dialogue) say(reply string) bool {
	if reply == "drop" {
		return false
	}
	_, err := io.WriteString(d.conn, strings.ReplaceAll(reply, `\n`, "\r\n")+"\r\n")
	return err == nil && !strings.HasPrefix(reply, "421")
}

func (d *dialogue) obey(line string) bool {
	verb, rest, _ := strings.Cut(line, " ")
	switch verb {
	case "EHLO":
		keywords := d.reply("EHLO", usualKeywords)
		if keywords == "drop" || keywords[0] >= '2' && keywords[0] <= '5' {
			return d.say(keywords)
		}
		return d.say("250-peer.example\r\n250-" + strings.ReplaceAll(keywords, ",", "\r\n250-") + "\r\n250 HELP")
	case "STARTTLS":
		d.say("220 go on")
		d.conn = tls.Server(d.conn, d.security)
		d.in = bufio.NewReader(d.conn)
		return true
	case "QUIT":
		d.say(d.reply("QUIT", "221 bye"))
		return false
	case "MAIL":
		reply := d.reply(line, "250 sender ok")
		d.mail, d.recipients = reply[0] == '2', nil
		return d.say(reply)
	case "RCPT":
		return d.say(d.rcpt(line, rest))
	case "RSET":
		d.mail, d.recipients = false, nil
	case "DATA":
		return d.data(line)
	case "BDAT":
		return d.chunk(rest)
	}
	return d.say(d.reply(line, "250 ok"))
}

func (d *dialogue) rcpt(line, rest string) string {
	usual := "250 recipient ok"
	switch {
	case !d.mail:
		usual = "503 5.5.1 MAIL first"
	case d.room > 0 && len(d.recipients) == d.room:
		usual = "452 4.5.3 too many"
	}
	reply := d.reply(line, usual)
	if reply[0] == '2' {
		path, _, _ := strings.Cut(strings.TrimPrefix(rest, "TO:<"), ">")
		d.recipients = append(d.recipients, path)
	}
	return reply
}

func (d *dialogue) data(line string) bool {
	usual := "354 go on"
	if len(d.recipients) == 0 {
		usual = "503 5.5.1 RCPT first"
	}
	reply := d.reply(line, usual)
	if !d.say(reply) {
		return false
	}
	if reply[0] != '3' {
		return true
	}
	for {
		line, err := d.in.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			return d.end()
		}
		d.text.WriteString(strings.TrimPrefix(line, "."))
	}
}

func (d *dialogue) chunk(rest string) bool {
	size, last, _ := strings.Cut(rest, " ")
	n, _ := strconv.Atoi(size)
	text := make([]byte, n)
	if _, err := io.ReadFull(d.in, text); err != nil {
		return false
	}
	d.text.Write(text)
	if last == "" {
		return d.say("250 go on")
	}
	return d.end()
}

// end is the end of the text. A message without recipients is none.
func (d *dialogue) end() bool {
	usual := "250 taken"
	if len(d.recipients) == 0 {
		usual = "554 no valid recipients"
	}
	reply := d.reply("END", usual)
	reply, taken := strings.CutPrefix(reply, "take, ")
	if taken || reply[0] == '2' {
		d.mu.Lock()
		for _, r := range d.recipients {
			d.copies[r]++
		}
		d.groups = append(d.groups, len(d.recipients))
		d.texts = append(d.texts, d.text.String())
		d.mu.Unlock()
	}
	d.text.Reset()
	d.mail, d.recipients = false, nil
	return d.say(reply) && !(d.deaf && d.in.Buffered() > 0)
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

// copies is how often each mailbox has got the message, of all the peers.
func copies(peers ...*peer) string {
	all := map[string]int{}
	for _, p := range peers {
		p.mu.Lock()
		for a, n := range p.copies {
			all[a] += n
		}
		p.mu.Unlock()
	}
	var words []string
	for a, n := range all {
		words = append(words, fmt.Sprintf("%s %d", a, n))
	}
	slices.Sort(words)
	return strings.Join(words, "; ")
}
