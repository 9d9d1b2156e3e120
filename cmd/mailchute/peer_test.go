package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"
	"sync"
)

// peer is a smarthost that follows a script. Each rule is a line
//
//	COMMAND => REPLY
//
// for commands that begin with COMMAND; \n parts the lines of a reply. CONNECT is
// the greeting, END the reply to the text, EHLO's reply is its list of keywords.
// "drop" instead of a reply closes the connection, "wait" leaves the client
// waiting until it goes. A rule is used as often as it
// fits, or once when COMMAND has a 1 in front.
type peer struct {
	listener net.Listener
	mu       sync.Mutex
	rules    []rule
	lines    []string
	accepted []accepted
	open     int        // sessions
	ended    *sync.Cond // one of them has
}

type rule struct {
	prefix, reply string
	once, used    bool
}

type accepted struct {
	envelope []string
	text     []byte
}

// byDir holds the peer of each running script.
var byDir sync.Map

func newPeer(script string) (*peer, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &peer{listener: l}
	p.ended = sync.NewCond(&p.mu)
	for _, line := range strings.Split(script, "\n") {
		prefix, reply, ok := strings.Cut(line, " => ")
		if !ok {
			continue
		}
		prefix, once := strings.CutPrefix(prefix, "1 ")
		p.rules = append(p.rules, rule{prefix: prefix, reply: strings.ReplaceAll(reply, `\n`, "\r\n"), once: once})
	}
	go p.serve()
	return p, nil
}

func (p *peer) address() string { return p.listener.Addr().String() }
func (p *peer) close()          { p.listener.Close() }

// settle waits until all sessions have ended.
func (p *peer) settle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.open > 0 {
		p.ended.Wait()
	}
}

func (p *peer) messages() []accepted {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.accepted
}

func (p *peer) commands() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lines
}

func (p *peer) serve() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		p.open++
		p.mu.Unlock()
		go func() {
			p.session(c)
			p.mu.Lock()
			p.open--
			p.mu.Unlock()
			p.ended.Broadcast()
		}()
	}
}

// reply is the first rule that fits, else the usual.
func (p *peer) reply(command, usual string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.rules {
		r := &p.rules[i]
		if strings.HasPrefix(command, r.prefix) && !(r.once && r.used) {
			r.used = true
			return r.reply
		}
	}
	return usual
}

func (p *peer) session(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	say := func(reply string) bool {
		if reply == "wait" {
			_, _ = io.Copy(io.Discard, r)
			return false
		}
		if reply == "drop" {
			c.Close()
			return false
		}
		_, err := fmt.Fprintf(c, "%s\r\n", reply)
		return err == nil
	}
	if !say(p.reply("CONNECT", "220 peer.example ESMTP")) {
		return
	}
	var envelope []string
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		p.mu.Lock()
		p.lines = append(p.lines, line)
		p.mu.Unlock()
		verb, _, _ := strings.Cut(line, " ")
		reply := p.reply(line, map[string]string{
			"EHLO": "250-peer.example\r\n250-PIPELINING\r\n250-SIZE 100000000\r\n250-DSN\r\n250 8BITMIME", "DATA": "354 go on", "QUIT": "221 bye",
		}[verb])
		switch {
		case verb == "DATA" && len(envelope) < 2 && reply[0] == '3':
			reply = "503 5.5.1 no valid recipients"
		case reply == "":
			reply = "250 ok"
		}
		switch {
		case verb == "MAIL":
			envelope = []string{line}
		case verb == "RCPT" && reply[0] == '2':
			envelope = append(envelope, line)
		}
		if !say(reply) || verb == "QUIT" {
			return
		}
		if verb == "DATA" && reply[0] == '3' {
			text, err := readText(r)
			end := p.reply("END", "250 2.0.0 accepted")
			if err != nil {
				return
			}
			if end[0] == '2' {
				p.mu.Lock()
				p.accepted = append(p.accepted, accepted{envelope, text})
				p.mu.Unlock()
			}
			if !say(end) {
				return
			}
		}
	}
}

// readText reads up to the lone dot and takes the stuffing out.
func readText(r *bufio.Reader) ([]byte, error) {
	var text []byte
	for {
		line, err := r.ReadBytes('\n')
		if err != nil {
			return nil, err
		}
		if string(line) == ".\r\n" {
			return text, nil
		}
		if line[0] == '.' {
			line = line[1:]
		}
		text = append(text, line...)
	}
}

// exitCode is the status of a command that ran.
func exitCode(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	return -1
}
