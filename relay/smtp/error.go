package smtp

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"mailchute/relay/reply"
)

// Phase is how far a connection had come when something went wrong.
type Phase string

// The phases, in their order.
const (
	PhaseResolve  Phase = "resolve"
	PhaseConnect  Phase = "connect"
	PhaseTLS      Phase = "tls"
	PhaseGreeting Phase = "greeting"
	PhaseHello    Phase = "hello"
	PhaseLogin    Phase = "login"
	PhaseMail     Phase = "mail"
	PhaseRcpt     Phase = "rcpt"
	PhaseData     Phase = "data"
	PhaseContent  Phase = "content" // the message was being sent: the server has not got it
	PhaseFinal    Phase = "final"   // the message was sent, its reply is missing: nobody knows whether the server has it
	PhaseAsk      Phase = "ask"     // a question that is no part of a transaction
)

// Reasons that callers ask for with errors.Is.
var (
	ErrUntrusted   = errors.New("credentials are sent only over verified TLS, a Unix socket or loopback")
	ErrNoMechanism = errors.New("the server offers no login mechanism that can be used")
	ErrNoPassword  = errors.New("a user name is configured for the login, and no password")
)

// Error is trouble with a connection, a login or the dialogue. It holds no
// secret, and no control character when it is printed.
type Error struct {
	Phase     Phase
	Server    string       // the name of the server, as the caller knows it
	Port      string       // of the server, where a connection to it could not be made
	Reply     *reply.Reply // what the server said, if that is the trouble
	Err       error        // what else; nil when Reply says it all
	Timeout   bool         // a time limit was passed
	Protocol  bool         // the server broke the protocol
	Pipelined bool         // it happened in a group of commands: worth another try with Options.NoPipelining
	Local     bool         // this side refused: to send something, or to go on with a login
}

func (e *Error) Unwrap() error { return e.Err }

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(printable(e.Server))
	b.WriteString(": ")
	b.WriteString(e.what())
	switch {
	case errors.Is(e.Err, context.DeadlineExceeded): // the caller's limit, over all of it
		b.WriteString(": it took too long")
	case e.Err != nil:
		b.WriteString(": " + printable(e.Err.Error()))
	}
	if e.Reply != nil {
		b.WriteString(": " + e.Reply.Text())
	}
	return b.String()
}

// what is the phase in words for people.
func (e *Error) what() string {
	switch e.Phase {
	case PhaseResolve:
		return "cannot find its address"
	case PhaseConnect:
		if e.Port != "" {
			return "cannot connect to port " + e.Port
		}
		return "cannot connect"
	case PhaseTLS:
		return "no secure connection"
	case PhaseGreeting:
		return "no service"
	case PhaseHello:
		return "no answer to EHLO that can be used"
	case PhaseLogin:
		return "not logged in"
	case PhaseContent:
		return "interrupted while the message was sent"
	case PhaseAsk:
		return "no answer"
	case PhaseFinal:
		return "no word on whether the message was taken"
	}
	if e.Local {
		return strings.ToUpper(string(e.Phase)) + " not sent"
	}
	return "no good answer to " + strings.ToUpper(string(e.Phase))
}

// printable replaces control characters as package reply does.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, s)
}

// lateError tells of a time limit.
type lateError struct{ limit time.Duration }

func (e lateError) Error() string { return fmt.Sprintf("nothing came within %v", e.limit) }
func (e lateError) Timeout() bool { return true }

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// quote shows text of unknown origin, cut to a length that can be read.
func quote(s string) string {
	if len(s) > 200 {
		s = strings.ToValidUTF8(s[:200], "") + "..."
	}
	return strconv.Quote(s)
}
