package serve

import (
	"slices"
	"sync"

	"mailchute/relay/runner"
)

// backlog is the messages that wait for an attempt, share by share, and who is at
// work on them. Each share has its turn, and none has all workers, so that one who
// sends thousands, or to hosts that take minutes, delays only himself.
type backlog struct {
	mu      sync.Mutex
	early   map[string]bool // the ids that wait; true: without regard to the time of the next attempt
	waiting map[share][]string
	turns   []share        // that have something waiting
	busy    map[string]int // workers that each user has
	idle    int            // workers that nobody has
	hot     chan struct{}  // to a worker that has a connection and waits for work
	more    chan struct{}  // to another one: has something in it when there may be work
}

// share is what has turns of its own. What a user has just sent does not wait behind
// what could not be delivered before.
type share struct {
	user  string
	again bool // tried before, or asked for
}

// maxBacklog bounds the ids in memory. What is beyond it has been accepted like all
// others, and a later look through the queue finds it.
const maxBacklog = 100_000

func newBacklog(workers int) *backlog {
	return &backlog{early: map[string]bool{}, waiting: map[share][]string{}, busy: map[string]int{},
		idle: workers, hot: make(chan struct{}), more: make(chan struct{}, 1)}
}

// add puts messages at the end of a share, but for those that wait already.
func (b *backlog) add(s share, ids ...string) { b.put(s, false, ids) }

// ask is add for messages that are to be tried whatever the time of their next attempt.
func (b *backlog) ask(s share, ids ...string) { b.put(s, true, ids) }

func (b *backlog) put(s share, early bool, ids []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, id := range ids {
		was, waits := b.early[id]
		if !waits {
			if len(b.early) >= maxBacklog && !b.makeRoom(s) {
				continue
			}
			if len(b.waiting[s]) == 0 {
				b.turns = append(b.turns, s)
			}
			b.waiting[s] = append(b.waiting[s], id)
		}
		b.early[id] = early || was
	}
	if b.next() >= 0 {
		b.wake()
	}
}

// makeRoom drops the last message of the longest share, which is found again later.
// Where that is s, it has room for no more.
func (b *backlog) makeRoom(s share) bool {
	longest := s
	for other, ids := range b.waiting {
		if len(ids) > len(b.waiting[longest]) {
			longest = other
		}
	}
	ids := b.waiting[longest]
	if longest == s || len(ids) == 1 {
		return false
	}
	delete(b.early, ids[len(ids)-1])
	b.waiting[longest] = ids[:len(ids)-1]
	return true
}

// waits tells whether a message is in the backlog.
func (b *backlog) waits(id string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, waits := b.early[id]
	return waits
}

// next is whose turn it is, a place in turns; -1: nobody's. A user may have another
// worker while more are idle than he has: one alone gets half of them, and those who
// come later half of what is left, so that it takes many to keep all workers busy.
func (b *backlog) next() int {
	return slices.IndexFunc(b.turns, func(s share) bool { return b.busy[s.user] < b.idle })
}

// pop takes out the first message of a share, which goes to the end of the turns.
func (b *backlog) pop(i int) runner.Turn {
	s := b.turns[i]
	b.turns = slices.Delete(b.turns, i, i+1)
	id, rest := b.waiting[s][0], b.waiting[s][1:]
	if len(rest) > 0 {
		b.waiting[s], b.turns = rest, append(b.turns, s)
	} else {
		delete(b.waiting, s)
	}
	t := runner.Turn{ID: id, Early: b.early[id]}
	delete(b.early, id)
	return t
}

// wake calls a worker, one that has a connection first.
func (b *backlog) wake() {
	select {
	case b.hot <- struct{}{}:
		return
	default:
	}
	select {
	case b.more <- struct{}{}:
	default:
	}
}
