package face

import (
	"errors"
	"os"
	"path/filepath"
	"slices"

	"mailchute/cmd/mailchute/wire"
	"mailchute/inject"
	"mailchute/inject/config"
	"mailchute/relay/queue"
)

// Queues is the queues of all accounts, each once. What was accepted is seen and sent
// after its queue was turned off, too.
func (f *Call) Queues() ([]*queue.Queue, error) {
	var qs []*queue.Queue
	seen := map[string]bool{}
	for _, a := range f.Config.All() {
		q, err := f.OpenQueue(a)
		if err == nil && q == nil {
			q, err = f.leftQueue(a)
		}
		if err != nil {
			return nil, err
		}
		if q != nil && !seen[q.Path()] {
			seen[q.Path()] = true
			qs = append(qs, q)
		}
	}
	return qs, nil
}

// RunnableQueues is those that a run may go over: one that a server is at work on
// is left to it.
func (f *Call) RunnableQueues() ([]*queue.Queue, error) {
	qs, err := f.Queues()
	return slices.DeleteFunc(qs, func(q *queue.Queue) bool {
		served := q.Served()
		if served {
			q.Close()
		}
		return served
	}), err
}

// OpenQueue is the queue of an account, nil where it is turned off or a user has
// no place for one. A configuration that hands mail over to servers of the machine
// never opens a server's queue, lest what it sends come back for ever.
func (f *Call) OpenQueue(a *config.Account) (*queue.Queue, error) {
	q, err := f.queueAt(a)
	if err == nil && q != nil && f.isAnothers(q) {
		defer q.Close()
		return q.Client(), nil
	}
	return q, err
}

// leftQueue is the queue of an account that was turned off while something was in it;
// nil where there is none that this user could have mail in. What was left when all was
// handed over to a server of the machine is not ours to send.
func (f *Call) leftQueue(a *config.Account) (*queue.Queue, error) {
	if a.Queue.Enabled || wire.ByLocalServer(a) {
		return nil, nil
	}
	on := *a
	on.Queue.Enabled = true
	q, err := f.OpenQueue(&on)
	if err != nil || q == nil {
		return nil, err
	}
	empty, err := q.Empty()
	if empty || errors.Is(err, queue.ErrUnusable) {
		return nil, q.Close()
	}
	return q, err
}

// TakesMail tells whether new mail may come into q.
func (f *Call) TakesMail(q *queue.Queue) bool {
	return slices.ContainsFunc(f.Config.All(), func(a *config.Account) bool {
		own, err := f.OpenQueue(a)
		if err != nil || own == nil {
			return false
		}
		defer own.Close()
		return own.Path() == q.Path()
	})
}

// OtherQueue is the queue at the place of an account's that this configuration does
// not send from: the server's for one that hands mail over, and for all others what
// such a one has kept. It is nil where a server is at work on it.
func (f *Call) OtherQueue(a *config.Account) (*queue.Queue, error) {
	q, err := f.queueAt(a)
	switch {
	case err != nil || q == nil:
		return nil, err
	case !f.isAnothers(q):
		defer q.Close()
		c := q.Client()
		if info, err := os.Lstat(c.Path()); err != nil || !info.IsDir() {
			return nil, nil
		}
		return c, nil
	case q.Served():
		q.Close()
		return nil, nil
	}
	return q, nil
}

// isAnothers tells whether q is a server's that has another configuration, and ours
// hands mail over.
func (f *Call) isAnothers(q *queue.Queue) bool {
	if !wire.HandsOver(f.Config) {
		return false
	}
	server, claimed := q.Server()
	path, err := filepath.Abs(f.Config.Path)
	return claimed && (err != nil || server != path)
}

// queueAt is the queue in the directory that is named for an account.
func (f *Call) queueAt(a *config.Account) (*queue.Queue, error) {
	dir := f.Who.QueueDir(a, f.Getenv)
	if f.Args.QueueDir != "" {
		dir = f.Args.QueueDir
	}
	if !a.Queue.Enabled || dir == "" {
		return nil, nil
	}
	dir, err := filepath.Abs(dir) // runs in the background start elsewhere
	if err != nil {
		return nil, err
	}
	return queue.Open(dir)
}

// Spool gives a file without a name for a large body: in the directory of the
// queue when there is one, so that keeping the message later costs no copy, else
// where temporary files go.
func (f *Call) Spool() (*os.File, error) {
	if q, err := f.OpenQueue(&f.Config.Default); err == nil && q != nil {
		defer q.Close()
		if file, err := q.Spool(); err == nil {
			return file, nil
		}
	}
	return inject.TempFile(os.TempDir())
}
