package main

import "sync"

// The limits of the gate. Whoever opens all that he may leaves the others the
// sure ones.
const (
	sessionsPerUser = 256
	sessionsInAll   = 1024
	sessionsSure    = 16 // for each user, even when all others are taken
)

// gate counts the sessions of each user.
type gate struct {
	mu   sync.Mutex
	all  int
	user map[string]int
}

func newGate() *gate { return &gate{user: map[string]int{}} }

// enter lets a session in, or not. Who was let in has to leave.
func (g *gate) enter(user string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := g.user[user]
	if n >= sessionsPerUser || n >= sessionsSure && g.all >= sessionsInAll {
		return false
	}
	g.user[user]++
	g.all++
	return true
}

func (g *gate) leave(user string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.all--
	if g.user[user]--; g.user[user] == 0 {
		delete(g.user, user)
	}
}
