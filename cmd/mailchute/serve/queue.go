package serve

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/host"
	"mailchute/relay/queue"
)

// queueDir is the directory of the queue that the server fills and empties: the
// machine's, whatever user it runs as.
func (s *settings) queueDir() (string, error) {
	a := &s.Config.Default
	if !a.Queue.Enabled {
		return "", &exit.ConfigError{Err: fmt.Errorf("%s: serve needs the queue, and queue.enabled is false", s.Config.Path)}
	}
	return filepath.Clean(cmp.Or(s.Args.QueueDir, a.Queue.Dir, host.SystemQueue)), nil
}

// openQueue opens that queue.
func (s *settings) openQueue() (*queue.Queue, error) {
	dir, err := s.queueDir()
	if err != nil {
		return nil, err
	}
	q, err := queue.Open(dir)
	if err != nil {
		return nil, err
	}
	// Better no server than one that refuses every message. A full disk may pass.
	file, err := q.Spool()
	if err == nil {
		file.Close()
		err = s.claim(q)
	}
	if errors.Is(err, queue.ErrUnusable) {
		q.Close()
		return nil, fmt.Errorf("%w; make the directory for this user, or name another one with queue.dir", err)
	}
	return q, nil
}

// claim marks the queue as this server's, if it is not yet. What was in trouble then
// was the way of somebody else.
func (s *settings) claim(q *queue.Queue) error {
	fresh, err := q.Claim(s.Config.Path)
	if fresh {
		freeWays(q)
	}
	return err
}
