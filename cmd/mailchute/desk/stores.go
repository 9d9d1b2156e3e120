package desk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/voice"
	"mailchute/cmd/mailchute/wire"
	"mailchute/inject/config"
	"mailchute/relay/queue"
	"mailchute/relay/route"
	"mailchute/relay/smtp"
	"mailchute/relay/xqueue"
)

// Stores is all that a user can see. Which of his messages wait in his own queue
// and which were handed over to the server of the machine already is nothing that
// he has to know.
type Stores struct {
	Queues  []*queue.Queue // that are run by this user
	Idle    []*queue.Queue // that another configuration has left, or runs
	Servers []*xqueue.Client
	missing error // why a server could not be asked
	unseen  error // a server that does not tell its queue
}

// all is every store, own queues first.
func (p *Stores) all(ctx context.Context) []Store {
	var all []Store
	for _, q := range slices.Concat(p.Queues, p.Idle) {
		all = append(all, OnDisk(q))
	}
	for _, c := range p.Servers {
		all = append(all, AtServer(ctx, c))
	}
	return all
}

// Close closes all of them.
func (p *Stores) Close() {
	for _, q := range slices.Concat(p.Queues, p.Idle) {
		q.Close()
	}
	for _, c := range p.Servers {
		c.Close()
	}
}

// OpenStores finds the queues of the configuration and the servers that it hands mail
// to. What a server says of itself decides nothing of what lies on disk.
func OpenStores(ctx context.Context, f *face.Call) (*Stores, error) {
	p := &Stores{}
	var err error
	if p.Queues, err = f.Queues(); err != nil {
		return nil, err
	}
	if p.Idle, err = idleQueues(f, p.Queues); err != nil {
		return nil, err
	}
	if f.Args.QueueDir != "" {
		return p, nil // that one is meant
	}
	tried := map[string]bool{}
	for _, a := range f.Config.All() {
		for _, h := range a.Smarthosts {
			if h.Scheme == route.Unix && !tried[h.Path] {
				tried[h.Path] = true
				p.connect(ctx, a, h.Path)
			}
		}
	}
	return p, nil
}

// idleQueues is where mail may be left that this configuration does not send: from
// before everything was handed over to a server, or kept beside a server's queue.
func idleQueues(f *face.Call, known []*queue.Queue) ([]*queue.Queue, error) {
	var idle []*queue.Queue
	add := func(q *queue.Queue, err error) error {
		same := func(k *queue.Queue) bool { return k.Path() == q.Path() }
		switch {
		case err != nil || q == nil:
			return err
		case slices.ContainsFunc(slices.Concat(known, idle), same):
			return q.Close()
		}
		idle = append(idle, q)
		return nil
	}
	for _, a := range f.Config.All() {
		if err := add(f.OtherQueue(a)); err != nil {
			return nil, err
		}
	}
	if a := f.Config.Default; !a.Queue.Enabled && wire.ByLocalServer(&a) {
		a.Queue.Enabled = true
		if err := cmp.Or(add(f.OpenQueue(&a)), add(f.OtherQueue(&a))); err != nil {
			return nil, err
		}
	}
	return idle, nil
}

// connect adds the server at a socket. One that has never told its queue is no
// mistake, and one that is not there may hold mail that nobody can see now.
func (p *Stores) connect(ctx context.Context, a *config.Account, path string) {
	c, err := xqueue.Dial(ctx, path, smtp.Options{Timeouts: smtp.Timeouts(a.Timeouts)})
	switch {
	case errors.Is(err, xqueue.ErrNotOffered):
		p.unseen = fmt.Errorf("unix:%s: %w", path, err)
	case err != nil:
		p.missing = fmt.Errorf("what the local server holds cannot be seen: %w", err)
	default:
		p.Servers = append(p.Servers, c)
	}
}

// tellUnseen tells on standard error, as holds are, that a list may not be all.
func (p *Stores) tellUnseen(v voice.Voice) {
	if p.unseen != nil {
		v.Say("%v", p.unseen)
	}
}

// find tries one store after the other until one has the message.
func (p *Stores) find(ctx context.Context, try func(Store) error) error {
	for _, where := range p.all(ctx) {
		if e := try(where); !errors.Is(e, queue.ErrGone) {
			return e
		}
	}
	if p.missing == nil && p.unseen != nil {
		return fmt.Errorf("%w; %v", queue.ErrGone, p.unseen)
	}
	return cmp.Or(p.missing, queue.ErrGone)
}
