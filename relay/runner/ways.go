package runner

import (
	"context"
	"sync"
	"time"
)

// Ways is what the runs of a queue under one configuration share while they go on:
// the first attempt on a way goes alone, so that a thousand messages meet a wrong
// password once, and not once for each connection. The zero value is ready for use.
type Ways struct {
	mu    sync.Mutex
	heads map[string]*head // by account
	over  bool             // another configuration is in force
}

// head is a first attempt.
type head struct {
	shown bool
	done  chan struct{} // closed once it has shown whether the way leads anywhere
}

// headStart is how long the first attempt on a way goes alone: it bounds what a
// server costs that takes its time to answer.
const headStart = time.Minute

// enter is called before an attempt, and makes all but the first wait for what that
// one finds. It tells whether the way was open before.
func (w *Ways) enter(ctx context.Context, name string) (open bool) {
	h, first := w.head(name)
	if first {
		return false
	}
	select {
	case <-h.done:
		return true
	default:
	}
	alone := time.NewTimer(headStart)
	defer alone.Stop()
	select {
	case <-h.done:
	case <-alone.C:
	case <-ctx.Done():
	}
	return false
}

// head is the first attempt on a way; first: there was none, so this is it.
func (w *Ways) head(name string) (h *head, first bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if h = w.heads[name]; h != nil {
		return h, false
	}
	if w.heads == nil {
		w.heads = map[string]*head{}
	}
	h = &head{done: make(chan struct{})}
	w.heads[name] = h
	return h, true
}

// show tells that a way leads somewhere.
func (w *Ways) show(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if h := w.heads[name]; h != nil {
		h.show()
	}
}

func (h *head) show() {
	if !h.shown {
		h.shown = true
		close(h.done)
	}
}

// lose tells that a way leads nowhere: record does so to other processes, and the
// next attempt is a first one again.
func (w *Ways) lose(name string, record func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.over {
		record()
	}
	if h := w.heads[name]; h != nil {
		h.show()
		delete(w.heads, name)
	}
}

// End says that another configuration is in force: what attempts under this one find
// out from now on says nothing of the ways of the new one.
func (w *Ways) End() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
}
