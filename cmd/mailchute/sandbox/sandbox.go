// Package sandbox is a smarthost to try things with: it starts one on loopback,
// lets a program send through it, and shows what arrived.
//
// The program finds `sendmail`, `mailq` and `newaliases` first in its PATH and a
// configuration that leads to the sandbox, with TLS, a certificate made at start
// and a login made up at start. So a message takes the whole way that it takes
// in earnest, and none leaves the machine. The sandbox can also play the servers
// of draft-sam-smtp-redirects.
//
// The promise: when Run returns, whatever the reason, the servers are gone and
// so is every file but those in the directory that Options.Dir names.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"mailchute/headers/address"
)

// domain is what bare addresses get in the sandbox.
const domain = "sandbox.example"

// fallbackRecipient gets a message on standard input that names nobody.
const fallbackRecipient = "you@" + domain

// Exit statuses of the sandbox itself, sysexits(3); all others are the command's.
const (
	exitSoftware   = 70
	exitCantCreate = 73
	exitIO         = 74
)

// drainTime is how long a transfer that goes on when the command has ended, from
// a process in the background, may take to end too.
const drainTime = 5 * time.Second

// Options are what Run needs to know of the world.
type Options struct {
	Executable string    // absolute path of this program, which plays sendmail
	Command    []string  // the program to run and its arguments; none: the message on Stdin is sent
	Stdin      io.Reader // the command's standard input, or the message
	Stdout     io.Writer // what arrived, and before that the command's own output
	Stderr     io.Writer
	Dir        string     // keeps NNNN.eml and NNNN.json of each message; "" keeps nothing
	JSON       bool       // what arrived as JSON on Stdout; the command's own output then goes to Stderr
	Redirects  []Redirect // mailboxes that have moved
	Env        []string   // the environment, as of os.Environ
	Color      bool
}

// Redirect is a mailbox that has moved: RCPT to Old is answered with Code and the
// new address.
type Redirect struct {
	Old, New address.Addr
	Code     int // 551, 557 or 558
}

// Run starts the sandbox, runs the command in it, shows what arrived and takes
// everything away again. The exit status is the command's, by shell convention
// where it has none: 127 when it was not found, 126 when it could not be
// started, 128 and the signal's number when a signal ended it. With an error the
// exit status is that of the error, and what arrived is shown all the same if it
// got that far.
//
// Without a command the message on Stdin is sent with `sendmail -t -i`, to
// fallbackRecipient when it names nobody. When ctx ends, the command is asked
// to end too (SIGTERM) and killed if it does not.
func Run(ctx context.Context, o Options) (exit int, err error) {
	r, err := newRoom()
	if err != nil {
		return exitCantCreate, err
	}
	defer r.remove()
	b, err := openBox(o.Dir, r.mail())
	if err != nil {
		return exitCantCreate, err
	}
	c, err := newCertificate(time.Now())
	if err != nil {
		return exitSoftware, err
	}
	s, err := serve(b, c, o.Redirects)
	if err != nil {
		return exitSoftware, err
	}
	defer s.close()
	if err := r.furnish(s, c, o.Executable); err != nil {
		return exitCantCreate, err
	}
	exit, err = runCommand(ctx, o, r)
	s.drain(drainTime)
	if failed := report(o, b); failed != nil {
		return max(exit, exitIO), errors.Join(err, failed)
	}
	return exit, err
}

// report shows what is in the box.
func report(o Options, b *box) error {
	letters, unfollowed := b.contents()
	var err error
	if o.JSON {
		err = writeJSON(o.Stdout, letters)
	} else {
		err = show(o.Stdout, style(o.Color), letters, unfollowed)
	}
	if err != nil {
		return fmt.Errorf("showing what arrived: %w", err)
	}
	return nil
}
