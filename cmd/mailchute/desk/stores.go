package desk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/post"
	"mailchute/cmd/mailchute/wire"
	"mailchute/inject/config"
	"mailchute/relay/queue"
	"mailchute/relay/route"
	"mailchute/relay/runner"
	"mailchute/relay/smtp"
	"mailchute/relay/xqueue"
)

// Flush is a run of our queues, and a word to the servers to run theirs,
// which is all that can be waited for. asked is how many messages they try.
func Flush(ctx context.Context, f *face.Call, scope runner.Scope, filter xqueue.Filter, watch func(runner.Event)) (sum runner.Tally, asked int, err error) {
	p, err := OpenStores(ctx, f)
	if err != nil {
		return sum, 0, err
	}
	defer p.Close()
	for _, c := range p.Servers {
		a, askErr := c.Flush(ctx, filter)
		err = cmp.Or(err, askErr)
		asked += a.Messages
	}
	sum, runErr := post.RunWatched(ctx, f, p.Queues, scope, watch)
	return sum, asked, cmp.Or(runErr, err, p.missing)
}

// Store is where mail waits: a queue on disk, or what the server of this machine
// holds for its caller. Verbs for one message give queue.ErrGone where it is not.
type Store interface {
	// list hands what f picks to each; what is wrong with one message goes to
	// trouble, and an error is about all of it.
	Each(f xqueue.Filter, each func(queue.Summary) error, trouble func(error)) error
	show(id string) (queue.Summary, error)
	read(id string, w io.Writer) error
	do(verb xqueue.Verb, id string) error
}

// Stores is all that a user can see. Which of his messages wait in his own queue
// and which were handed over to the server of the machine already is nothing that
// he has to know.
type Stores struct {
	Queues  []*queue.Queue // that are run by this user
	Idle    []*queue.Queue // that another configuration has left, or runs
	Servers []*xqueue.Client
	missing error // why a server could not be asked
	unseen  error // a server that does not tell its queue
	ctx     context.Context
}

// all is every store, own queues first.
func (p *Stores) all() []Store {
	var all []Store
	for _, q := range slices.Concat(p.Queues, p.Idle) {
		all = append(all, OnDisk{q})
	}
	for _, c := range p.Servers {
		all = append(all, AtServer{p.ctx, c})
	}
	return all
}

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
	p := &Stores{ctx: ctx}
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
				p.connect(a, h.Path)
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
func (p *Stores) connect(a *config.Account, path string) {
	c, err := xqueue.Dial(p.ctx, path, smtp.Options{Timeouts: smtp.Timeouts(a.Timeouts)})
	switch {
	case errors.Is(err, xqueue.ErrNotOffered):
		p.unseen = fmt.Errorf("unix:%s: %w", path, err)
	case err != nil:
		p.missing = fmt.Errorf("what the local server holds cannot be seen: %w", err)
	default:
		p.Servers = append(p.Servers, c)
	}
}

// unseen tells on standard error, as holds are, that a list may not be all.
func unseen(f *face.Call, p *Stores) {
	if p.unseen != nil {
		f.Voice.Say("%v", p.unseen)
	}
}

// OnDisk is a queue directory.
type OnDisk struct{ *queue.Queue }

func (q OnDisk) Each(f xqueue.Filter, each func(queue.Summary) error, trouble func(error)) error {
	entries := q.List()
	if f.Failed {
		entries = q.ListFailed()
	}
	var unread error
	for e, err := range entries {
		switch {
		case err != nil && e.ID == "": // the queue itself cannot be read
			unread = err
		case err != nil:
			trouble(err)
		case f.Matches(&e):
			if err := each(e.Summary()); err != nil {
				return err
			}
		}
	}
	return unread
}

func (q OnDisk) show(id string) (queue.Summary, error) {
	e, err := q.Show(id)
	if err != nil {
		return queue.Summary{}, err
	}
	defer e.Message.Body.Close()
	return e.Summary(), nil
}

func (q OnDisk) read(id string, w io.Writer) error {
	e, err := q.Show(id)
	if err != nil {
		return err
	}
	defer e.Message.Body.Close()
	_, err = io.Copy(w, e.Message.Reader())
	return err
}

func (q OnDisk) do(verb xqueue.Verb, id string) error {
	switch verb {
	case xqueue.Retry:
		return q.Retry(id, time.Now())
	case xqueue.Hold:
		return q.Hold(id)
	case xqueue.Release:
		return q.Unhold(id)
	}
	return q.Delete(id)
}

// AtServer is what a server holds.
type AtServer struct {
	Ctx context.Context
	*xqueue.Client
}

func (s AtServer) Each(f xqueue.Filter, each func(queue.Summary) error, _ func(error)) error {
	return s.List(s.Ctx, f, each)
}

func (s AtServer) show(id string) (queue.Summary, error) { return s.Show(s.Ctx, id) }

func (s AtServer) read(id string, w io.Writer) error { return s.Read(s.Ctx, id, w) }

func (s AtServer) do(verb xqueue.Verb, id string) error { return s.Do(s.Ctx, verb, id) }
