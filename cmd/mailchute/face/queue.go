package face

import (
	"os"
	"path/filepath"

	"mailchute/inject"
	"mailchute/inject/config"
	"mailchute/relay/queue"
)

// Queues is the queues of all accounts, each once.
func (f *Call) Queues() ([]*queue.Queue, error) {
	var qs []*queue.Queue
	seen := map[string]bool{}
	for _, a := range f.Config.All() {
		q, err := f.OpenQueue(a)
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

// OpenQueue is the queue of an account, nil where it is turned off or a user has
// no place for one.
func (f *Call) OpenQueue(a *config.Account) (*queue.Queue, error) {
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
