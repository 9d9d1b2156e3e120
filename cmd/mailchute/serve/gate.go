package serve

import (
	"fmt"
	"net"
	"sync"
	"time"

	"mailchute/headers/address"
	"mailchute/inject/session"
	"mailchute/relay/reply"
)

// The limits of the gate. Whoever opens all that he may leaves the others the
// sure ones. Where there are too few descriptors for all, most is less.
const (
	sessionsPerUser = 256
	sessionsInAll   = 1024
	sessionsSure    = 16 // for each user, even when all others are taken
)

// gate counts the sessions of each user.
type gate struct {
	most int // sessions that there can be, the sure ones too
	mu   sync.Mutex
	all  int
	user map[string]int
}

func newGate(most int) *gate { return &gate{most: most, user: map[string]int{}} }

// Descriptors of the server.
const (
	ofSession   = 2   // the socket, and the text in a file
	ofTheServer = 128 // for the queue, the log, deliveries, and whoever is at the door
)

// sessionsFor is how many sessions so many descriptors are enough for, so that the
// server itself never lacks one.
func sessionsFor(descriptors uint64) int {
	return int(min(max(descriptors, ofTheServer+ofSession*sessionsSure)-ofTheServer, 1<<20) / ofSession)
}

// enter lets a session in, or not. Who was let in has to leave.
func (g *gate) enter(user string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := g.user[user]
	if n >= sessionsPerUser || g.all >= g.most || n >= sessionsSure && g.all >= min(sessionsInAll, g.most/4*3) {
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

// open is how many sessions there are.
func (g *gate) open() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.all
}

// exempt tells who has no limit on a minute's sessions and messages: root can
// change the limit anyway, and what cron and the machine itself have to say is
// root's.
func exempt(c client) bool { return c.known && c.UID == 0 }

// admit lets a session in, or names the limit that stands against it. Who was let in
// has to leave the gate.
func (s *server) admit(c client, now *settings) (limit string) {
	perMinute := now.Config.Default.Serve.ConnectionsPerMinute
	switch {
	case !exempt(c) && !s.connects.allow(c.share(), perMinute, time.Now()):
		return limitConnections
	case !s.gate.enter(c.share()):
		return limitSessions
	}
	return ""
}

// mayMail answers MAIL: by whose address it is, then by the limit of a minute, which
// counts from the reload that has set it.
func (s *server) mayMail(now *settings, c client, limited *int) func(address.Addr) *reply.Reply {
	mayUse := now.mayUse(c)
	return func(sender address.Addr) *reply.Reply {
		if refusal := mayUse(sender); refusal != nil {
			return refusal
		}
		perMinute := s.live.Load().Config.Default.Serve.MessagesPerMinute
		if exempt(c) || s.letters.allow(c.share(), perMinute, time.Now()) {
			return nil
		}
		*limited++
		s.meters.limited(limitMessages)
		text := fmt.Sprintf("more than %d messages in a minute; try again later", perMinute)
		return &reply.Reply{Code: 450, Enhanced: reply.Enhanced{Class: 4, Subject: 7, Detail: 1}, Lines: []string{text}}
	}
}

// refusalsTold is how many sessions of a user that were refused go into the log of a
// minute. The metrics count all of them.
const refusalsTold = 60

// turnAway answers a connection that a limit stands against.
func (s *server) turnAway(conn net.Conn, c client, now *settings, limit string) {
	s.meters.limited(limit)
	text := "too many sessions at a time"
	if limit == limitConnections {
		text = fmt.Sprintf("more than %d connections in a minute; try again later", now.Config.Default.Serve.ConnectionsPerMinute)
	}
	conn.SetWriteDeadline(time.Now().Add(time.Second))
	fmt.Fprintf(conn, "421 4.7.0 %s: %s\r\n", now.name, text)
	if s.refusals.allow(c.share(), refusalsTold, time.Now()) {
		rec := sessionRecord(c, session.Summary{End: "refused"}, nil, 0)
		rec.Text = text
		now.book.Write(rec)
	}
}
