package session

import "sync/atomic"

// Room is the memory that many sessions share for what their clients send. Where none
// is left nobody is turned away: a text goes to its file at once, and a
// transaction with more than 100 recipients (RFC 5321 section 4.5.3.1.8), or with
// more words about them than 8 KiB, is told to send the rest in another one. A nil Room has no end.
type Room struct{ left atomic.Int64 }

// NewRoom makes room for so many octets.
func NewRoom(octets int64) *Room {
	r := &Room{}
	r.left.Store(octets)
	return r
}

// take takes n octets, or none.
func (r *Room) take(n int) bool {
	if r == nil {
		return true
	}
	if r.left.Add(-int64(n)) < 0 {
		r.left.Add(int64(n))
		return false
	}
	return true
}

func (r *Room) give(n int) {
	if r != nil {
		r.left.Add(int64(n))
	}
}

const (
	sureRecipients = 100     // need no room, as long as they are
	sureEnvelope   = 8 << 10 // octets of commands together
	rcptOverhead   = 256     // octets of a recipient beside what the client said of it
	leastMemory    = 4 << 10 // octets of a text that need no room
)

// takes tells whether there is room for n octets more of this transaction.
func (s *session) takes(n int) bool {
	if !s.Room.take(n) {
		return false
	}
	s.held += n
	return true
}

// release gives back the room of the transaction.
func (s *session) release() {
	s.Room.give(s.held)
	s.held = 0
}
