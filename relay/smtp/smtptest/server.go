// Package smtptest is an SMTP server for tests. It says what its script tells
// it to, also what no real server would, and keeps what it was told.
//
// Each line of a script is
//
//	[once] COMMAND => REPLY
//
// for commands that begin with COMMAND; the first line that fits counts, "once"
// one time only. CONNECT is the greeting, END the reply to the text; \n parts the
// lines of a reply. EHLO's reply may be its keywords alone, parted by commas.
// "drop" closes the connection instead of a reply, "wait" says nothing until the
// client goes, and "take, drop" behind END drops when the message has been taken.
//
// The promise: a message is counted when, and only when, its final reply was 2xx
// or began with "take", so a test can tell a copy from an attempt.
package smtptest

import (
	"crypto/tls"
	"net"
	"slices"
	"strings"
	"sync"
)

// Server is one server on one listener. Its fields are set before it starts.
type Server struct {
	Keywords string      // what EHLO announces unless the script says else, parted by commas
	TLS      *tls.Config // for STARTTLS, which Keywords has to announce
	Delicate bool        // closes when a command comes before the reply to the one in front of it
	Deaf     bool        // closes when something comes with a text, behind it
	Room     int         // recipients that it takes in a transaction; 0: any number
	Single   bool        // behind a message it takes no other one in that session

	listener net.Listener

	mu       sync.Mutex
	rules    []*rule
	commands []string
	messages []Message
	sessions int        // so far
	open     int        // now
	ended    *sync.Cond // a session has
}

// Message is what the server has taken.
type Message struct {
	Sender     string   // without the angle brackets
	Recipients []string // those accepted
	Envelope   []string // the MAIL command and the RCPT commands accepted, whole
	Text       string   // header and body, dots unstuffed, lines ending in CRLF
	Followed   bool     // something had come behind the text before the reply to it
}

// New is a server that follows the script. It agrees to what the script does not
// speak of.
func New(script string) *Server {
	s := &Server{Keywords: "PIPELINING,8BITMIME", rules: parse(script)}
	s.ended = sync.NewCond(&s.mu)
	return s
}

// Start serves on a free port of 127.0.0.1.
func (s *Server) Start() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err == nil {
		s.Serve(l)
	}
	return err
}

// Serve accepts connections from l until it is closed, and returns at once.
func (s *Server) Serve(l net.Listener) {
	s.listener = l
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.sessions++
			s.open++
			s.mu.Unlock()
			go func() {
				s.talk(c)
				s.mu.Lock()
				s.open--
				s.mu.Unlock()
				s.ended.Broadcast()
			}()
		}
	}()
}

// Close ends the listener; sessions that are open go on.
func (s *Server) Close() { s.listener.Close() }

// Addr is host and port, or the path of the socket, of the listener.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Settle waits until all sessions have ended.
func (s *Server) Settle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.open > 0 {
		s.ended.Wait()
	}
}

// Sessions is how often somebody has connected.
func (s *Server) Sessions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions
}

// Commands is each line that the server was told, texts left out.
func (s *Server) Commands() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.commands)
}

// Told is how often a command that begins with prefix has come.
func (s *Server) Told(prefix string) (n int) {
	for _, c := range s.Commands() {
		if strings.HasPrefix(c, prefix) {
			n++
		}
	}
	return n
}

// Messages is what was taken, in the order in which it came.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// Copies is how many messages each mailbox has got.
func (s *Server) Copies() map[string]int {
	copies := map[string]int{}
	for _, m := range s.Messages() {
		for _, r := range m.Recipients {
			copies[r]++
		}
	}
	return copies
}

// Forget empties what the server has kept of commands and messages.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.commands, s.messages = nil, nil
}
