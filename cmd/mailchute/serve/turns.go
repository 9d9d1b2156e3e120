package serve

import "sync"

// turns bounds how many do something at a time. Each user has one place at most and
// those who wait are let in user by user, so that who comes with many waits
// behind himself.
type turns struct {
	mu      sync.Mutex
	free    int
	busy    map[string]bool            // users in a place
	waiting map[string][]chan struct{} // of each user, in the order they came
	next    []string                   // users who wait and are not busy
}

func newTurns(places int) *turns {
	return &turns{free: places, busy: map[string]bool{}, waiting: map[string][]chan struct{}{}}
}

// enter waits for a place. Who was let in has to leave.
func (t *turns) enter(user string) {
	t.mu.Lock()
	called := make(chan struct{})
	if len(t.waiting[user]) == 0 && !t.busy[user] {
		t.next = append(t.next, user)
	}
	t.waiting[user] = append(t.waiting[user], called)
	t.call()
	t.mu.Unlock()
	<-called
}

func (t *turns) leave(user string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.busy, user)
	if len(t.waiting[user]) > 0 {
		t.next = append(t.next, user)
	}
	t.free++
	t.call()
}

// call fills the free places.
func (t *turns) call() {
	for t.free > 0 && len(t.next) > 0 {
		user := t.next[0]
		t.next = t.next[1:]
		first, rest := t.waiting[user][0], t.waiting[user][1:]
		if t.waiting[user] = rest; len(rest) == 0 {
			delete(t.waiting, user)
		}
		t.busy[user] = true
		t.free--
		close(first)
	}
}
