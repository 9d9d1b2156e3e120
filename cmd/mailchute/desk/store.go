package desk

import (
	"context"
	"io"
	"time"

	"mailchute/relay/queue"
	"mailchute/relay/xqueue"
)

// Store is where mail waits: a queue on disk, or what the server of this machine
// holds for its caller. Verbs for one message give queue.ErrGone where it is not.
type Store interface {
	// Each hands what f picks to each; what is wrong with one message goes to
	// trouble, and an error is about all of it.
	Each(f xqueue.Filter, each func(queue.Summary) error, trouble func(error)) error
	show(id string) (queue.Summary, error)
	read(id string, w io.Writer) error
	do(verb xqueue.Verb, id string) error
}

// OnDisk is a queue directory as a store.
func OnDisk(q *queue.Queue) Store { return onDisk{q} }

type onDisk struct{ *queue.Queue }

// Each is Store.Each.
func (q onDisk) Each(f xqueue.Filter, each func(queue.Summary) error, trouble func(error)) error {
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
	_, err = io.Copy(w, e.Message.Reader())
	return err
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

// AtServer is what a server holds for its caller as a store, which asks until ctx
// ends.
func AtServer(ctx context.Context, c *xqueue.Client) Store { return atServer{ctx, c} }

type atServer struct {
	ctx context.Context
	*xqueue.Client
}

// Each is Store.Each; what is wrong with one message the server does not tell.
func (s atServer) Each(f xqueue.Filter, each func(queue.Summary) error, _ func(error)) error {
	return s.List(s.ctx, f, each)
}

func (s atServer) show(id string) (queue.Summary, error) { return s.Show(s.ctx, id) }

func (s atServer) read(id string, w io.Writer) error { return s.Read(s.ctx, id, w) }

func (s atServer) do(verb xqueue.Verb, id string) error { return s.Do(s.ctx, verb, id) }
