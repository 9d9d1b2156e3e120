package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"mailchute/inject"
	"mailchute/inject/config"
	"mailchute/relay/queue"
	"mailchute/relay/route"
	"mailchute/relay/smtp"
	"mailchute/relay/xqueue"
)

// store is where mail waits: a queue on disk, or what the server of this machine
// holds for its caller. Verbs for one message give queue.ErrGone where it is not.
type store interface {
	// list hands what f picks to each; what is wrong with one message goes to
	// trouble, and an error is about all of it.
	list(f xqueue.Filter, each func(queue.Summary) error, trouble func(error)) error
	show(id string) (queue.Summary, error)
	read(id string, w io.Writer) error
	do(verb xqueue.Verb, id string) error
}

// stores is all that a user can see. Which of his messages wait in his own queue
// and which were handed over to the server of the machine already is nothing that
// he has to know.
type stores struct {
	queues  []*queue.Queue // that are run by this user
	idle    []*queue.Queue // that an earlier configuration has left, and nobody runs
	servers []*xqueue.Client
	missing error // why a server could not be asked
	unseen  error // a server that does not tell its queue
	ctx     context.Context
}

// all is every store, own queues first.
func (p *stores) all() []store {
	var all []store
	for _, q := range slices.Concat(p.queues, p.idle) {
		all = append(all, onDisk{q})
	}
	for _, c := range p.servers {
		all = append(all, atServer{p.ctx, c})
	}
	return all
}

func (p *stores) close() {
	for _, q := range slices.Concat(p.queues, p.idle) {
		q.Close()
	}
	for _, c := range p.servers {
		c.Close()
	}
}

// stores finds the queues of the configuration and the servers that it hands mail
// to. A queue on disk that such a server works on is left to it.
func (f *face) stores(ctx context.Context) (*stores, error) {
	p := &stores{ctx: ctx}
	var err error
	if p.queues, err = f.queues(); err != nil {
		return nil, err
	}
	if f.args.QueueDir != "" {
		return p, nil // that one is meant
	}
	if p.idle, err = f.idleQueues(p.queues); err != nil {
		return nil, err
	}
	tried := map[string]bool{}
	for _, a := range f.accounts() {
		for _, h := range a.Smarthosts {
			if h.Scheme == route.Unix && !tried[h.Path] {
				tried[h.Path] = true
				p.connect(&a, h.Path)
			}
		}
	}
	theirs := func(q *queue.Queue) bool {
		return slices.ContainsFunc(p.servers, func(c *xqueue.Client) bool { return c.Dir() == q.Path() })
	}
	p.queues, p.idle = slices.DeleteFunc(p.queues, theirs), slices.DeleteFunc(p.idle, theirs)
	return p, nil
}

// idleQueues is where mail may be left from before everything was handed over to
// a server.
func (f *face) idleQueues(known []*queue.Queue) ([]*queue.Queue, error) {
	a := f.config.Default
	if a.Queue.Enabled || !byLocalServer(&a) {
		return nil, nil
	}
	a.Queue.Enabled = true
	q, err := f.openQueue(&a)
	if err != nil || q == nil || slices.ContainsFunc(known, func(k *queue.Queue) bool { return k.Path() == q.Path() }) {
		return nil, err
	}
	return []*queue.Queue{q}, nil
}

// connect adds the server at a socket. One that has never told its queue is no
// mistake, and one that is not there may hold mail that nobody can see now.
func (p *stores) connect(a *config.Account, path string) {
	c, err := xqueue.Dial(p.ctx, path, smtp.Options{Timeouts: smtp.Timeouts(a.Timeouts)})
	switch {
	case errors.Is(err, xqueue.ErrNotOffered):
		p.unseen = fmt.Errorf("unix:%s: %w", path, err)
	case err != nil:
		p.missing = fmt.Errorf("what the local server holds cannot be seen: %w", err)
	default:
		p.servers = append(p.servers, c)
	}
}

// unseen tells on standard error, as holds are, that a list may not be all.
func (f *face) unseen(p *stores) {
	if p.unseen != nil {
		f.voice.say("%v", p.unseen)
	}
}

// onDisk is a queue directory.
type onDisk struct{ *queue.Queue }

func (q onDisk) list(f xqueue.Filter, each func(queue.Summary) error, trouble func(error)) error {
	match := matching(runnerOf(f))
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
		case match(&e):
			if err := each(e.Summary()); err != nil {
				return err
			}
		}
	}
	return unread
}

func (q onDisk) show(id string) (queue.Summary, error) {
	e, err := q.Show(id)
	if err != nil {
		return queue.Summary{}, err
	}
	defer e.Message.Body.Close()
	return e.Summary(), nil
}

func (q onDisk) read(id string, w io.Writer) error {
	e, err := q.Show(id)
	if err != nil {
		return err
	}
	defer e.Message.Body.Close()
	_, err = io.Copy(w, textOf(e))
	return err
}

// textOf is a message as it was accepted.
func textOf(e *queue.Entry) io.Reader {
	return io.MultiReader(bytes.NewReader(e.Message.Header), bytes.NewReader([]byte("\r\n")), e.Message.Body.Reader())
}

func (q onDisk) do(verb xqueue.Verb, id string) error {
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

// atServer is what a server holds.
type atServer struct {
	ctx context.Context
	*xqueue.Client
}

func (s atServer) list(f xqueue.Filter, each func(queue.Summary) error, _ func(error)) error {
	return s.List(s.ctx, f, each)
}

func (s atServer) show(id string) (queue.Summary, error) { return s.Show(s.ctx, id) }
func (s atServer) read(id string, w io.Writer) error     { return s.Read(s.ctx, id, w) }
func (s atServer) do(verb xqueue.Verb, id string) error  { return s.Do(s.ctx, verb, id) }

// runnerOf is a filter as -qI, -qR and -qS say it, and filterOf the way back.
func runnerOf(f xqueue.Filter) inject.Runner {
	return inject.Runner{ID: f.ID, Sender: f.Sender, Recipient: f.Address}
}

func filterOf(r inject.Runner) xqueue.Filter {
	return xqueue.Filter{ID: r.ID, Sender: r.Sender, Address: r.Recipient}
}
