// Package post takes submissions to where they belong: to the smarthost, to the
// queue, or back to the sender with words.
//
// The promise: when it says exit.OK, each recipient was accepted by the smarthost
// or is in the queue, on disk.
package post

import (
	"context"
	"fmt"
	"io"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/journal"
	"mailchute/cmd/mailchute/terminal"
	"mailchute/cmd/mailchute/voice"
	"mailchute/cmd/mailchute/wire"
	"mailchute/inject"
	"mailchute/inject/config"
	"mailchute/relay/envelope"
	"mailchute/relay/queue"
)

// Post takes submissions of one account to where they belong: to the smarthost,
// to the queue, or back to the sender with words.
type Post struct {
	Journal *journal.Journal

	call    *face.Call
	account *config.Account
	queue   *queue.Queue // nil: there is none
	holds   *queue.Queue // the same, unless trouble with a way is not ours to record there
	voice   voice.Voice
	loud    bool  // warnings about a success are shown
	quiet   bool  // failures are not
	verbose bool  // -v
	onError byte  // -e
	kept    *Kept // in a session of -bs; nil: this message is alone

	siblings *queue.Siblings              // of the envelopes of a message that the queue has taken; nil: none was, or there is one
	lone     bool                         // nobody may be there to run the queue
	ids      []string                     // of what the queue has taken
	mailed   map[*envelope.Recipient]bool // failed, and the sender is told by mail
	delivery config.Delivery
	trace    io.Writer // of the SMTP dialogue; nil: not wanted
}

// newPost makes a Post that can only lead out of the account: what it says and
// remembers, and how, but nothing of the messages of a submission.
func newPost(f *face.Call, account *config.Account, q *queue.Queue, j *journal.Journal) *Post {
	return &Post{Journal: j, call: f, account: account, queue: q, holds: q, voice: f.Voice, loud: f.Args.Verbose || terminal.Is(f.Stderr)}
}

// New makes a Post of what was typed and configured. done has to be called in the end.
func New(f *face.Call, account *config.Account, j *journal.Journal) (p *Post, done func(), err error) {
	p = newPost(f, account, nil, j)
	p.verbose, p.quiet, p.onError = f.Args.Verbose, f.Args.OnError == 'q', f.Args.OnError
	// A program that calls sendmail -odq counts on a daemon to come by; where the
	// configuration says "queue", somebody has thought of it.
	p.lone = f.As == face.Borrowed && account.Delivery != config.Queued
	if p.queue, err = f.OpenQueue(account); err != nil {
		return nil, nil, err
	}
	if p.queue != nil && !isAnothers(p.queue, f.Config.Path) {
		p.holds = p.queue
	}
	var instead string
	if p.delivery, instead, err = DeliveryOf(f, account, p.queue != nil); err != nil {
		return nil, nil, err
	}
	if instead != "" {
		j.Note(instead)
	}
	var closer func()
	if p.trace, closer, err = f.Tracer(); err != nil {
		return nil, nil, err
	}
	return p, func() {
		closer()
		if p.queue != nil {
			p.queue.Close()
		}
	}, nil
}

// DeliveryOf is how a message of an account goes: now, in the background or by the
// queue. instead says why it goes at once where something else was asked for. The
// error is an *exit.ConfigError.
func DeliveryOf(f *face.Call, account *config.Account, hasQueue bool) (d config.Delivery, instead string, err error) {
	d = account.Delivery
	if f.Args.Delivery != "" {
		d = config.Delivery(f.Args.Delivery)
	}
	switch {
	case wire.ByLocalServer(account):
		return config.Sync, "", nil // its queue is the one that is meant
	case f.Args.Verbose && d == config.Background:
		// In the background nobody would see the dialogue. sendmail does the same.
		return config.Sync, "delivered at once, because -v shows how", nil
	case hasQueue || d == config.Sync:
		return d, "", nil
	case account.Delivery == config.Queued && f.Args.Delivery == "":
		return d, "", &exit.ConfigError{Err: fmt.Errorf("%s: delivery is \"queue\", and there is no queue: %s; the message was not sent", f.Config.Path, noQueue(account))}
	}
	// A program that has -odq or -odb built in means no harm to its mail, and who
	// waits for the delivery knows more, not less.
	return config.Sync, "delivered at once, because there is no queue: " + noQueue(account), nil
}

// isAnothers tells whether a server with another configuration is at work on q: its
// ways may have the names of ours, and lead elsewhere.
func isAnothers(q *queue.Queue, path string) bool {
	server, claimed := q.Server()
	return claimed && server != path && q.Served()
}

// noQueue is why an account has none.
func noQueue(a *config.Account) string {
	if !a.Queue.Enabled {
		return "queue.enabled is false"
	}
	return "this user has no home directory for one, and queue.dir is not set"
}

// Dispatch brings a submission on its way and gives the exit status.
func (p *Post) Dispatch(ctx context.Context, sub *inject.Submission) exit.Status {
	if p.delivery == config.Sync {
		return p.deliver(ctx, sub)
	}
	if h, held := p.loginHold(); held {
		p.warn("the message waits in the queue, because the login was refused: " + h.Reason)
	}
	if err := p.acceptWhole(sub); err != nil {
		if p.delivery == config.Background {
			// Better late to the prompt than not at all.
			p.warn("delivered at once, because the queue cannot take it: " + err.Error())
			return p.deliver(ctx, sub)
		}
		return p.notKept(sub, err)
	}
	switch {
	case p.delivery == config.Background:
		if err := p.runOwn(p.ids...); err != nil {
			p.warn("not delivered in the background, the next run of the queue will: " + err.Error())
		}
	case p.lone:
		p.runSoon()
	}
	return p.conclude(sub)
}
