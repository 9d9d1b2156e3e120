package runner

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"

	"mailchute/relay/route"
)

// peer is a smarthost on loopback whose answers a test changes as it goes.
type peer struct {
	listener net.Listener

	mu       sync.Mutex
	answers  []answer
	sessions int
	lines    []string
	arrived  []letter
	along    int // how often something came with a text, behind it
}

type answer struct {
	prefix, reply string
	at            int    // the how manieth time it is given, and no other; 0: always
	then          func() // called when it is given; may be nil
}

// letter is a message that the peer has taken.
type letter struct {
	sender     string
	recipients []string
	text       string
}

func newPeer(t testing.TB) *peer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	p := &peer{listener: l}
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

func (p *peer) smarthost() route.Smarthost {
	host, port, _ := net.SplitHostPort(p.listener.Addr().String())
	n, _ := strconv.Atoi(port)
	return route.Smarthost{Scheme: route.Plain, Host: host, Port: n}
}

// say makes the peer answer commands that begin with prefix; what was said last
// counts. CONNECT is the greeting, END the reply to the text, EHLO's reply is
// keywords parted by commas. "drop" closes the connection, and "" takes an answer back.
func (p *peer) say(prefix, reply string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answers = append(p.answers, answer{prefix: prefix, reply: reply})
}

// sayOnce makes the peer answer so the nth time, and calls then.
func (p *peer) sayOnce(prefix string, nth int, reply string, then func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answers = append(p.answers, answer{prefix, reply, nth, then})
}

func (p *peer) reply(command, usual string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.answers) - 1; i >= 0; i-- {
		if a := p.answers[i]; strings.HasPrefix(command, a.prefix) {
			if a.at != 0 {
				p.answers[i].at--
				if a.at != 1 {
					continue
				}
				p.answers[i].at = -1 // never again
			}
			if a.then != nil {
				a.then()
			}
			if a.reply != "" {
				return a.reply
			}
			break
		}
	}
	return usual
}

// connections is how often somebody has connected.
func (p *peer) connections() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sessions
}

// told is how often a command that begins with prefix has come.
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

// letters is the messages to somebody, in the order in which they came; "" is all.
func (p *peer) letters(to string) (ls []letter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.arrived {
		for _, r := range l.recipients {
			if to == "" || r == to {
				ls = append(ls, l)
				break
			}
		}
	}
	return ls
}

func (p *peer) session(c net.Conn) {
	defer c.Close()
	p.mu.Lock()
	p.sessions++
	p.mu.Unlock()
	in := bufio.NewReader(c)
	say := func(reply string) bool {
		if reply == "drop" {
			return false
		}
		_, err := io.WriteString(c, reply+"\r\n")
		return err == nil && reply[:3] != "421"
	}
	if !say(p.reply("CONNECT", "220 peer.example ESMTP")) {
		return
	}
	var l letter
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		p.mu.Lock()
		p.lines = append(p.lines, line)
		p.mu.Unlock()
		switch reply := p.answer(line, &l); {
		case !say(reply), strings.HasPrefix(line, "QUIT"):
			return
		case line == "DATA" && reply[0] == '3':
			if !p.text(in, &l) {
				return
			}
			p.mu.Lock()
			if in.Buffered() > 0 {
				p.along++
			}
			p.mu.Unlock()
			if !say(p.end(l)) {
				return
			}
			l = letter{}
		}
	}
}

// answer is the reply to a command.
func (p *peer) answer(line string, l *letter) string {
	verb, rest, _ := strings.Cut(line, " ")
	path, _, _ := strings.Cut(rest[strings.IndexByte(rest, '<')+1:], ">")
	switch verb {
	case "EHLO":
		return "250-peer.example\r\n250-" + strings.ReplaceAll(p.reply("EHLO", "PIPELINING,8BITMIME"), ",", "\r\n250-") + "\r\n250 HELP"
	case "MAIL":
		reply := p.reply(line, "250 ok")
		*l = letter{sender: path}
		return reply
	case "RCPT":
		reply := p.reply(line, "250 ok")
		if reply[0] == '2' {
			l.recipients = append(l.recipients, path)
		}
		return reply
	case "DATA":
		if len(l.recipients) == 0 {
			return "503 5.5.1 RCPT first"
		}
		return p.reply(line, "354 go on")
	case "AUTH":
		return p.reply(line, "235 welcome")
	}
	return p.reply(line, "250 ok")
}

func (p *peer) text(in *bufio.Reader, l *letter) bool {
	var b strings.Builder
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			l.text = b.String()
			return true
		}
		b.WriteString(strings.TrimPrefix(line, "."))
	}
}

func (p *peer) end(l letter) string {
	reply := p.reply("END", "250 taken")
	if reply[0] == '2' {
		p.mu.Lock()
		p.arrived = append(p.arrived, l)
		p.mu.Unlock()
	}
	return reply
}

// copies is how often each mailbox got a message with this subject.
func (p *peer) copies(subject string) map[string]int {
	n := map[string]int{}
	for _, l := range p.letters("") {
		if strings.Contains(l.text, fmt.Sprintf("Subject: %s\r\n", subject)) && l.sender != "" {
			for _, r := range l.recipients {
				n[r]++
			}
		}
	}
	return n
}
