// Package session is an SMTP session on one connection: the server's side of RFC
// 5321, as a submission server speaks it (RFC 6409), over whatever can be read
// and written, a socket or standard input and output.
//
// The caller gives a function that takes the responsibility for a message, and
// the session promises in return:
//
//   - Every command gets one reply, in order, as soon as nothing more of what
//     was sent ahead is left (RFC 2920). 250 after the text is what that function
//     said, never earlier.
//   - Only CR LF ends a line and only CR LF . CR LF ends a text (RFC 5321
//     sections 2.3.8 and 4.1.1.4). A bare LF is an octet of the text; as a command
//     it ends the session. So no text can smuggle in a second message.
//   - What the client asks for with parameters of MAIL and RCPT comes out as
//     values, or is refused; nothing is dropped silently.
//   - Memory is bounded by Limits, that of all sessions together by a Room, whatever
//     is sent. A long text goes to a file.
//
// A name without a domain is taken (<root>, <Postmaster>): to qualify it is the
// business of submission, RFC 6409 section 4.2.
package session

import (
	"context"
	"io"
	"os"
	"time"

	"mailchute/headers/address"
	"mailchute/inject"
	"mailchute/relay/reply"
	"mailchute/relay/xqueue"
)

// Options is what a session needs of its surroundings.
type Options struct {
	Name string // of this host, in the greeting and in the reply to EHLO

	// Deliver takes the responsibility for a message, or says why it does not: its
	// reply is the client's. Code 2yz means that the message is in safe hands. It
	// must not keep m.Text.
	Deliver func(ctx context.Context, m *Mail) reply.Reply
	// From judges the reverse-path of MAIL; nil for the answer means that it may
	// be used. A nil function takes all.
	From func(sender address.Addr) *reply.Reply

	// Ready waits until a text may come by DATA; what it gives is called when the text
	// has its answer. nil: at once.
	Ready func(ctx context.Context) (done func())

	Spool      func() (*os.File, error) // an empty file without a name, for a long text
	Now        func() time.Time         // nil: time.Now
	RequireTLS bool                     // offer REQUIRETLS: what is on this connection cannot be overheard
	MaxHold    time.Duration            // offer FUTURERELEASE up to this; 0: do not
	Limits     Limits
	Room       *Room // shared with other sessions; nil: there is no end of it
	// Wary: a client whose first line is no SMTP is left at once. Programs that mean
	// another protocol can be led to a TCP port, and what they say may hold SMTP: a form
	// of a web page, the session ticket of TLS.
	Wary bool
	Pipe bool // the client may end its lines in LF alone, as its first line shall tell; then without CHUNKING

	// XQueue answers a command of package xqueue with lines and a last reply; an
	// error of line is one of the connection. nil: the extension is not offered.
	XQueue func(ctx context.Context, c xqueue.Command, line func(text string) error) reply.Reply
}

// Limits bounds what one client can take. In each, 0 stands for the default.
type Limits struct {
	Size       int64 // octets of a message; 0: no limit
	Header     int   // octets of a header, 1 MiB: it is in memory several times on its way
	Memory     int   // octets of a message in memory, 64 KiB; more goes to a file
	Recipients int   // of a message, 10,000; RFC 5321 section 4.5.3.1.8 wants at least 100
	Errors     int   // commands that are no SMTP, 20; then the session ends
}

// The defaults of Limits.
const (
	defaultHeader     = 1 << 20 // enough to name thirty thousand recipients
	defaultMemory     = 64 << 10
	defaultRecipients = 10_000
	defaultErrors     = 20
)

// Mail is a message with its envelope, as the client gave them.
type Mail struct {
	Hello    string // what the client called itself; "" when it did not say
	Extended bool   // by EHLO
	inject.Transaction
	Text *Text
}

// Summary is what can be told of a session when it is over.
type Summary struct {
	Commands   int
	Errors     int // commands that are no SMTP
	Accepted   int // messages
	Refused    int // transactions, messages and recipients that were not taken
	Unkept     int // messages among them that Deliver never saw: too large, or no room
	Octets     int64
	Unfinished bool   // the client went away in the middle of a transaction
	End        string // one of the words below
}

// How a session can end.
const (
	Quit      = "quit"
	Closed    = "closed"    // by the client, without QUIT
	Dismissed = "dismissed" // it made too many errors, or spoke no SMTP
	Timeout   = "timeout"
	Shutdown  = "shutdown" // ctx was over
	Lost      = "lost"     // the error says why
)

// Serve speaks SMTP with the client behind rw until it quits, goes away or has to
// be sent away. The error is what reading or writing said; the end of input is
// none. When the error of reading is a timeout (os.ErrDeadlineExceeded), the
// client is told with 421 before the end: rw keeps the time. The same is done, in
// other words, once ctx is over.
func Serve(ctx context.Context, rw io.ReadWriter, o Options) (Summary, error) {
	s := newSession(ctx, rw, o)
	err := s.run()
	return s.sum, err
}
