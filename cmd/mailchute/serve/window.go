package serve

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"mailchute/inject/session"
	"mailchute/relay/logbook"
	"mailchute/relay/queue"
	"mailchute/relay/reply"
	"mailchute/relay/runner"
	"mailchute/relay/xqueue"
)

// window is what one client sees of the server's queue, and may do there: root
// everything, everybody else with the mail that came in under his user id. What
// is not his is not there for him.
type window struct {
	*server
	book *logbook.Book
	who  client
}

// unknownUID is the user id by which the kernel calls users whom it cannot name in
// the server's name space, so several may share it (user_namespaces(7)). Nothing
// belongs to it.
const unknownUID = 65534

// owner is the user id to which a message of c belongs; 0 is root.
func (c client) owner() int {
	if !c.known || c.UID == unknownUID {
		return 0
	}
	return c.UID
}

// owns tells whether the client may see and touch a message.
func (w *window) owns(e *queue.Entry) bool {
	return w.who.UID == 0 || w.who.owner() != 0 && e.UID == w.who.owner()
}

// letSee offers the queue to a client whom the kernel has named.
func (s *server) letSee(now *settings, who client, o *session.Options) {
	if who.known {
		o.XQueue = (&window{s, now.book, who}).answer
	}
}

var noSuchMessage = reply.Reply{Code: 550, Enhanced: reply.Enhanced{Class: 5, Subject: 5, Detail: 4}, Lines: []string{queue.ErrGone.Error()}}

// answer is the server's half of XQUEUE.
func (w *window) answer(ctx context.Context, c xqueue.Command, line func(string) error) reply.Reply {
	var words string
	var err error
	switch c.Verb {
	case xqueue.List:
		words, err = w.list(ctx, c.Filter, line)
	case xqueue.Flush:
		words, err = w.flush(ctx, c.Filter, line)
	default:
		words, err = w.one(c, line)
	}
	switch {
	case err == nil:
		return reply.Reply{Code: 250, Enhanced: reply.Enhanced{Class: 2}, Lines: []string{words}}
	case errors.Is(err, queue.ErrGone):
		return noSuchMessage
	case errors.Is(err, queue.ErrHeld):
		return reply.Reply{Code: 554, Enhanced: reply.Enhanced{Class: 5, Subject: 5, Detail: 0}, Lines: []string{queue.ErrHeld.Error()}}
	case err == errTooSoon, err == errTooMany:
		return reply.Reply{Code: 450, Enhanced: reply.Enhanced{Class: 4, Subject: 7, Detail: 1}, Lines: []string{err.Error()}}
	case errors.Is(err, queue.ErrBusy):
		return reply.Reply{Code: 450, Enhanced: reply.Enhanced{Class: 4, Subject: 2, Detail: 1}, Lines: []string{queue.ErrBusy.Error()}}
	}
	if errors.As(err, new(*queue.Error)) { // else it is the client who went away
		w.book.Write(logbook.Record{Event: "warning", User: w.who.key(), Text: err.Error()})
	}
	return reply.Reply{Code: 451, Enhanced: reply.Enhanced{Class: 4, Subject: 3}, Lines: []string{"the queue cannot be read"}}
}

// each hands the client's messages that a filter picks to do. One user looks
// through the queue once at a time: many who look, or one who looks all the time,
// must not take the machine from those who deliver.
func (w *window) each(ctx context.Context, f xqueue.Filter, do func(*queue.Entry) error) error {
	entries := w.queue.List()
	if f.Failed {
		entries = w.queue.ListFailed()
	}
	look := w.looks.of(w.who.share())
	look.Lock()
	defer look.Unlock()
	for e, err := range entries {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && e.ID == "":
			return err
		case err != nil || !w.owns(&e) || !f.Matches(&e):
			continue
		}
		look.Unlock() // the client may take its time to read this
		err = do(&e)
		look.Lock()
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *window) list(ctx context.Context, f xqueue.Filter, line func(string) error) (string, error) {
	n := 0
	err := w.each(ctx, f, func(e *queue.Entry) error {
		n++
		return xqueue.WriteObject(e.Summary(), line)
	})
	return fmt.Sprintf("%d messages", n), err
}

// errTooSoon is a demand that comes too soon behind another one.
var errTooSoon = errors.New("it was asked for less than a minute ago; it is tried again by itself")

// errTooMany is a demand over the limit of a minute.
var errTooMany = errors.New("more messages in a minute than the server's limit; try again later")

// mayAsk tells whether the client may have a message tried out of its turn: once in a
// minute, and within his limit of messages, as each attempt is one more for the
// smarthost to take. Root may always.
func (w *window) mayAsk(id string, now time.Time) error {
	switch {
	case exempt(w.who):
		return nil
	case !w.demands.allow(id, 1, now):
		return errTooSoon
	case !w.letters.allow(w.who.share(), w.live.Load().Config.Default.Serve.MessagesPerMinute, now):
		w.demands.forgive(id)
		w.meters.limited(limitMessages)
		return errTooMany
	}
	return nil
}

// flush hands what waits to the workers. For root, ways that are in trouble are
// free again; nobody else may make the server knock at a closed door.
func (w *window) flush(ctx context.Context, f xqueue.Filter, line func(string) error) (string, error) {
	if w.who.UID == 0 {
		freeWays(w.queue)
	}
	n, whose := 0, owners{}
	err := w.each(ctx, f, func(e *queue.Entry) error {
		if now := time.Now(); !e.Waits(now) && w.mayAsk(e.ID, now) == nil {
			w.backlog.ask(whose.again(e), e.ID)
			n++
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d messages are tried now", n), xqueue.WriteObject(xqueue.Asked{Messages: n}, line)
}

func freeWays(q *queue.Queue) {
	holds, _ := q.RouteHolds()
	for _, h := range holds {
		if runner.IsWay(h) {
			_ = q.FreeRoute(h.Name) // if it stays held, the next run says why
		}
	}
}

// one is a verb for one message. Whose it is never changes, so it is looked at
// without a lock, and a stranger cannot even make the message busy.
func (w *window) one(c xqueue.Command, line func(string) error) (words string, err error) {
	e, err := w.queue.Show(c.ID)
	if err != nil {
		if w.who.UID != 0 {
			err = queue.ErrGone // it may be another's
		}
		return "", err
	}
	defer e.Message.Body.Close()
	if !w.owns(e) {
		return "", queue.ErrGone
	}
	switch c.Verb {
	case xqueue.Show:
		return e.ID, xqueue.WriteObject(e.Summary(), line)
	case xqueue.Read:
		return "that is all", xqueue.WriteText(e.Message.Reader(), line)
	case xqueue.Retry:
		err = w.retry(e.ID, time.Now())
	case xqueue.Hold:
		err = w.queue.Hold(e.ID)
	case xqueue.Release:
		err = w.queue.Unhold(e.ID)
	case xqueue.Remove:
		err = w.queue.Delete(e.ID)
	}
	if err != nil {
		return "", err
	}
	w.book.Write(logbook.Record{Event: "queue", ID: e.ID, User: w.who.key(), Text: strings.ToLower(string(c.Verb)) + " by hand"})
	if c.Verb == xqueue.Retry || c.Verb == xqueue.Release && w.mayAsk(e.ID, time.Now()) == nil {
		w.backlog.ask(owners{}.again(e), e.ID)
	}
	return "done", nil
}

// retry makes a message due, when it may be asked for.
func (w *window) retry(id string, now time.Time) error {
	if err := w.mayAsk(id, now); err != nil {
		return err
	}
	err := w.queue.Retry(id, now)
	if err != nil {
		w.demands.forgive(id)
	}
	return err
}

// looks is a lock for each user who has looked at the queue.
type looks struct{ users sync.Map }

func (l *looks) of(user string) *sync.Mutex {
	m, _ := l.users.LoadOrStore(user, &sync.Mutex{})
	return m.(*sync.Mutex)
}
