package serve

import (
	"context"
	"slices"
	"sync"
	"time"
)

// inflow lets texts come in as the disk takes them. A client who waits does so in front
// of his text, where nobody has to wonder whether the server has it: the fewer there
// are between the final dot and its answer, the sooner each has his.
type inflow struct {
	mu      sync.Mutex
	free    int
	waiting map[string][]chan struct{} // of each user, in the order they came
	turns   []string                   // users who wait
}

// textsAtATime is how many texts are on their way from 354 to the disk. More make the
// disk faster in all, since it writes them together, and slower for each.
const textsAtATime = 16

// textTime is how long a place is kept for a text: one that takes longer, because it is
// long or its client slow, goes on without, and stops nobody.
const textTime = 100 * time.Millisecond

// longestWait is how long anybody waits for a place, whatever goes on.
const longestWait = 10 * time.Second

func newInflow(places int) *inflow {
	return &inflow{free: places, waiting: map[string][]chan struct{}{}}
}

// enter waits for a place, user by user. leave gives it back, when the text is on disk;
// it may be called more than once.
func (f *inflow) enter(ctx context.Context, user string) (leave func()) {
	called := f.wait(user)
	patience := time.NewTimer(longestWait)
	defer patience.Stop()
	select {
	case <-called:
	case <-patience.C:
		f.withdraw(user, called)
		return func() {}
	case <-ctx.Done():
		f.withdraw(user, called)
		return func() {}
	}
	once := sync.OnceFunc(f.leave)
	late := time.AfterFunc(textTime, once)
	return func() { late.Stop(); once() }
}

func (f *inflow) wait(user string) (called chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	called = make(chan struct{})
	if len(f.waiting[user]) == 0 {
		f.turns = append(f.turns, user)
	}
	f.waiting[user] = append(f.waiting[user], called)
	f.call()
	return called
}

func (f *inflow) leave() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.free++
	f.call()
}

// withdraw ends the wait of one who goes on without a place. If it has just come, the
// next one has it.
func (f *inflow) withdraw(user string, called chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	mine := f.waiting[user]
	i := slices.Index(mine, called)
	switch {
	case i < 0:
		f.free++
		f.call()
	case len(mine) == 1:
		delete(f.waiting, user)
		f.turns = slices.DeleteFunc(f.turns, func(other string) bool { return other == user })
	default:
		f.waiting[user] = slices.Delete(mine, i, i+1)
	}
}

// call gives the free places to those who wait, each user in turn.
func (f *inflow) call() {
	for f.free > 0 && len(f.turns) > 0 {
		user := f.turns[0]
		f.turns = f.turns[1:]
		first, rest := f.waiting[user][0], f.waiting[user][1:]
		if len(rest) > 0 {
			f.waiting[user], f.turns = rest, append(f.turns, user)
		} else {
			delete(f.waiting, user)
		}
		close(first)
		f.free--
	}
}
