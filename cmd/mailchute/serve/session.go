package serve

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/journal"
	"mailchute/cmd/mailchute/wire"
	"mailchute/headers"
	"mailchute/headers/address"
	"mailchute/inject"
	"mailchute/inject/config"
	"mailchute/inject/session"
	"mailchute/relay/logbook"
	"mailchute/relay/queue"
	"mailchute/relay/reply"
)

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
		Name: now.name, Spool: s.Queue.Spool, From: s.mayMail(now, who, &limited),
		Deliver: func(_ context.Context, m *session.Mail) reply.Reply {
			return s.meters.took(time.Now(), s.take(now, who, m))
		},
		RequireTLS: local, MaxHold: wire.MaxHold(&now.Config.Default), Room: s.room,
		Limits: session.Limits{Size: limits.MaxSize, Recipients: limits.MaxRecipients},
	}
	s.letSee(now, who, &o)
	sum, err := session.Serve(ctx, p, o)
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
	ids, err := s.Queue.AcceptAll(entries)
	if err != nil {
		j.Refused(err, exit.TempFail)
		return reply.Reply{Code: 451, Enhanced: reply.Enhanced{Class: 4, Subject: 3, Detail: 1}, Lines: []string{"the queue could not take the message"}}
	}
	for i, env := range sub.Envelopes {
		j.Accepted(sub, env, ids[i])
	}
	j.Finish(exit.OK)
	s.backlog.add(c.share(), ids...)
	return reply.Reply{Code: 250, Enhanced: reply.Enhanced{Class: 2}, Lines: []string{"queued as " + strings.Join(ids[:min(len(ids), 5)], " ")}}
}

// submission applies the rules of the command line to a message, once.
func (s *settings) submission(c client, m *session.Mail, in *inject.Input) (*inject.Submission, *config.Account, *reply.Reply) {
	fail := func(err error) (*inject.Submission, *config.Account, *reply.Reply) {
		s.journal(c.key()).Refused(err, exit.OfError(err))
		r := exit.ReplyToError(err)
		return nil, nil, &r
	}
	_, w, err := s.who(c, serveRules(&s.Config.Default).Identity)
	if err != nil {
		return fail(&exit.ConfigError{Err: err})
	}
	account, err := s.accountFor(c, m, in, w)
	if err != nil {
		return fail(err)
	}
	r, err := s.rulesFor(c, m.Sender, account, w)
	if err != nil {
		return fail(err)
	}
	sub, err := m.Submit(in, w, r)
	if err != nil {
		return fail(err)
	}
	if len(sub.Malformed) > 0 { // an alias that leads nowhere
		return fail(sub.Malformed[0].Element.Err)
	}
	sub.Message.Header = append(received(s.name, c, m, w.Stamp), sub.Message.Header...)
	return sub, account, nil
}

// accountFor picks the account of a message: by MAIL FROM where that counts, then by
// the From address.
func (s *settings) accountFor(c client, m *session.Mail, in *inject.Input, w inject.World) (*config.Account, error) {
	r, err := s.believed(c, m.Sender, &s.Config.Default, w)
	if err != nil {
		return nil, err
	}
	return s.Config.Match(m.Senders(in, w, r)), nil
}

// rulesFor is the rules of an account for this client and this reverse-path.
func (s *settings) rulesFor(c client, sender address.Addr, a *config.Account, w inject.World) (inject.Rules, error) {
	r, err := s.believed(c, sender, a, w)
	if err != nil {
		return r, err
	}
	r.Aliases, _, err = s.Aliases(a)
	return r, err
}

// believed is the rules of an account, with trust in the client if and only if this
// reverse-path of his counts.
func (s *settings) believed(c client, sender address.Addr, a *config.Account, w inject.World) (inject.Rules, error) {
	r := serveRules(a)
	if !c.known {
		// Nobody is known, so the address that [serve.users] has let in is the
		// identity, and Sender tells it.
		r.Identity.Literal, r.Identity.Trusted = sender, nil
	}
	who, err := r.Identity.Resolve(w)
	if err != nil {
		return r, &exit.ConfigError{Err: err}
	}
	r.Identity.Trusted = nil
	if judge(c, sender, who, s.Config.Default.Serve) == counts {
		r.Identity.Trusted = []string{c.Login}
	}
	return r, nil
}

// received is the trace field of this hop, RFC 5321 section 4.4. It says what
// every server says; a message that comes round again is known by it.
func received(host string, c client, m *session.Mail, stamp inject.Stamp) []byte {
	from := m.Hello
	if !address.IsDomain(from) {
		from = "localhost"
	}
	with := "SMTP"
	switch {
	case m.Options.SMTPUTF8:
		with = "UTF8SMTP" // RFC 6531 section 4.3
	case m.Extended:
		with = "ESMTP"
	}
	by := ""
	if c.known {
		by = fmt.Sprintf(" (uid %d)", c.UID)
	}
	value := fmt.Sprintf("from %s%s by %s (mailchute) with %s; %s", from, by, host, with, stamp.Now.Format(time.RFC1123Z))
	return headers.NewField("Received", value).Raw()
}
