package serve

import (
	"context"
	"errors"
	"net"
	"strings"
	"time"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/journal"
	"mailchute/cmd/mailchute/wire"
	"mailchute/inject/session"
	"mailchute/relay/logbook"
	"mailchute/relay/queue"
	"mailchute/relay/reply"
)

// lastOrders is how long sessions go on when the server ends: time for a client that
// has just come, or is in the middle of a message, to be served.
const lastOrders = time.Second

// past is a context that ends a while after ctx does.
func past(ctx context.Context, while time.Duration) context.Context {
	late, end := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() { time.AfterFunc(while, end) })
	return late
}

// session serves one connection, which stands at the door.
func (s *server) session(ctx context.Context, c net.Conn, local bool) {
	defer c.Close()
	now := s.live.Load()
	who, ok := s.letIn(c, local, now)
	<-s.door
	if !ok {
		return
	}
	defer s.gate.leave(who.share())
	s.meters.opened(local)
	began, limited := time.Now(), 0
	p := &patient{Conn: c, ctx: ctx}
	stop := context.AfterFunc(ctx, func() { c.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	limits := now.Config.Default.Serve
	o := session.Options{
		Name: now.name, Spool: s.queue.Spool, From: s.mayMail(now, who, &limited),
		Deliver: func(_ context.Context, m *session.Mail) reply.Reply {
			return s.meters.took(time.Now(), s.take(now, who, m))
		},
		Ready:      func(ctx context.Context) func() { return s.inflow.enter(ctx, who.share()) },
		RequireTLS: local, Wary: !local, MaxHold: wire.MaxHold(&now.Config.Default), Room: s.room,
		Limits: session.Limits{Size: limits.MaxSize, Recipients: limits.MaxRecipients},
	}
	s.letSee(now, who, &o)
	sum, err := session.Serve(ctx, p, o)
	s.meters.unkept(sum.Unkept)
	rec := sessionRecord(who, sum, err, time.Since(began))
	rec.Session.Limited = limited
	now.book.Write(rec)
}

// letIn lets a client in, or turns him away. Who was let in has to leave the gate.
func (s *server) letIn(c net.Conn, local bool, now *settings) (client, bool) {
	who, err := clientOf(c, local)
	if err != nil {
		now.book.Write(logbook.Record{Event: "warning", Text: "who connects cannot be known: " + err.Error()})
		return who, false
	}
	if limit := s.admit(who, now); limit != "" {
		s.turnAway(c, who, now, limit)
		return who, false
	}
	return who, true
}

// sessionRecord tells of a session that is over.
func sessionRecord(c client, sum session.Summary, err error, took time.Duration) logbook.Record {
	s := &logbook.Session{UID: -1, Commands: sum.Commands, Errors: sum.Errors, Accepted: sum.Accepted, Refused: sum.Refused, End: sum.End}
	if c.known {
		s.UID = c.UID
	}
	rec := logbook.Record{Event: "session", User: c.key(), Size: sum.Octets, Took: took, Session: s}
	if sum.Unfinished {
		rec.Text = "it ended in the middle of a message"
	}
	if err != nil && sum.End == session.Lost {
		rec.Text = strings.TrimPrefix(rec.Text+"; "+err.Error(), "; ")
	}
	return rec
}

// take makes a submission of a message and puts it into the queue. When it says
// 250, the message is on disk.
func (s *server) take(now *settings, c client, m *session.Mail) reply.Reply {
	if m.Text.Large() {
		s.heavy.enter(c.share())
		defer s.heavy.leave(c.share())
	}
	in, err := m.Text.Input()
	if err != nil {
		return exit.ReplyToError(err)
	}
	sub, account, refusal := now.submission(c, m, in)
	if refusal != nil {
		return *refusal
	}
	j := journal.New(now.book, account.Name, c.key())
	for _, note := range sub.Notes {
		j.Note(note)
	}
	entries := make([]queue.Entry, len(sub.Envelopes))
	for i, env := range sub.Envelopes {
		entries[i] = queue.Entry{Submitted: sub.Stamp.Now, Account: account.Name, User: c.key(), UID: c.owner(), Envelope: env, Message: sub.Message}
		if h := env.Options.Hold; h != nil { // RFC 4865: the time is spent here
			entries[i].NotBefore, env.Options.Hold = h.Until, nil
		}
	}
	ids, err := s.queue.AcceptAll(entries)
	if err != nil {
		j.Refused(err, exit.TempFail)
		return reply.Reply{Code: 451, Enhanced: reply.Enhanced{Class: 4, Subject: 3, Detail: 1}, Lines: []string{"the queue could not take the message"}}
	}
	for i, env := range sub.Envelopes {
		j.Accepted(sub, env, ids[i])
	}
	j.Finish(exit.OK)
	s.backlog.add(share{user: c.share()}, ids...)
	return reply.Reply{Code: 250, Enhanced: reply.Enhanced{Class: 2}, Lines: []string{"queued as " + strings.Join(ids[:min(len(ids), 5)], " ")}}
}

// accept takes connections until the socket is closed. When there are no
// descriptors left, some will be free again soon.
func (s *server) accept(ctx context.Context, l socket) {
	pause := time.Millisecond
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) || err != nil && ctx.Err() != nil {
			return
		}
		if err != nil {
			s.live.Load().book.Write(logbook.Record{Event: "warning", Text: "accept: " + err.Error()})
			select {
			case <-time.After(pause):
			case <-ctx.Done():
			}
			pause = min(2*pause, time.Second)
			continue
		}
		pause = time.Millisecond
		s.door <- struct{}{}
		s.sessions.Go(func() { s.session(s.visits, c, l.local()) })
	}
}
