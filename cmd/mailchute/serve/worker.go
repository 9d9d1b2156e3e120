package serve

import (
	"context"
	"time"

	"mailchute/relay/runner"
)

// worker is one who sends what is in the backlog. It is for one goroutine.
type worker struct {
	*backlog
	of   share // whose message it has
	busy bool
}

// take ends the work on a message and gives the next one.
func (w *worker) take() (t runner.Turn, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.leave()
	i := w.next()
	if i < 0 {
		return t, false
	}
	w.enter(w.turns[i])
	t = w.pop(i)
	if w.next() >= 0 {
		w.wake() // work for another worker
	}
	return t, true
}

// ahead gives the next message while w is at work on another, which may take long:
// only what nobody else may begin now, and of the same share.
func (w *worker) ahead() (t runner.Turn, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.next() >= 0 {
		return t, false
	}
	w.leave()
	i := w.next() // when w is done
	w.enter(w.of)
	if i < 0 || w.turns[i] != w.of {
		return t, false
	}
	return w.pop(i), true
}

func (w *worker) enter(s share) {
	w.of, w.busy = s, true
	w.backlog.busy[s.user]++
	w.idle--
}

func (w *worker) leave() {
	if !w.busy {
		return
	}
	w.busy = false
	w.idle++
	user := w.of.user
	if w.backlog.busy[user]--; w.backlog.busy[user] == 0 {
		delete(w.backlog.busy, user)
	}
}

// rest ends the work on a message without a next one.
func (w *worker) rest() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.leave()
}

// ready waits until there is work for w, and tells whether there is: else the server
// ends.
func (w *worker) ready(ctx context.Context) bool {
	for !w.hasWork() {
		select {
		case <-w.more:
		case <-ctx.Done():
			return false
		}
	}
	return ctx.Err() == nil
}

func (w *worker) hasWork() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.next() >= 0
}

// linger is how long a worker keeps its connection for the next message. A server
// bears that, and mail that comes in a row needs no login for each.
const linger = time.Second

// wait waits for work as long as a connection is kept, and tells whether there may
// be some.
func (w *worker) wait(ctx context.Context) bool {
	patience := time.NewTimer(linger)
	defer patience.Stop()
	select {
	case <-w.hot:
		return true
	case <-w.more:
		return true
	case <-patience.C:
	case <-ctx.Done():
	}
	return false
}
