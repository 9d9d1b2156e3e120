// Package journal writes the log records of submissions and of runs of the queue: it
// turns what happened into records of a logbook, which knows their form.
//
// The record of an attempt says with which status the program ends, so a submission's
// attempts wait until Finish is told.
package journal

import (
	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/voice"
	"mailchute/inject"
	"mailchute/relay"
	"mailchute/relay/envelope"
	"mailchute/relay/logbook"
	"mailchute/relay/runner"
)

// Journal writes the log records of one submission, or of a run of the queue. It
// remembers which recipients the queue takes care of.
type Journal struct {
	Follows func(code int) // told of each followed redirect; may be nil

	book    *logbook.Book
	account string
	user    string
	pending []logbook.Record // wait for the exit status
	kept    map[*envelope.Recipient]bool
}

// New makes a journal in a book, for what a user sends with an account; "" is the
// default account.
func New(book *logbook.Book, account, user string) *Journal {
	return &Journal{book: book, account: account, user: user}
}

// Reset makes the journal ready for the next submission.
func (j *Journal) Reset() { j.pending, j.kept = nil, nil }

// Keep marks recipients that the queue takes care of now.
func (j *Journal) Keep(rs []*envelope.Recipient) {
	if j.kept == nil {
		j.kept = map[*envelope.Recipient]bool{}
	}
	for _, r := range rs {
		j.kept[r] = true
	}
}

// IsKept tells whether the queue takes care of a recipient.
func (j *Journal) IsKept(r *envelope.Recipient) bool { return j.kept[r] }

// Note is something that was ignored or dropped.
func (j *Journal) Note(text string) {
	j.book.Write(logbook.Record{Event: "warning", Account: j.account, User: j.user, Text: text})
}

// Redirected is a followed redirect of r, a recipient of env: the last hop of its trail.
func (j *Journal) Redirected(env *envelope.Envelope, r *envelope.Recipient, server string) {
	h := r.Trail[len(r.Trail)-1]
	if j.Follows != nil {
		j.Follows(h.Code)
	}
	j.book.Write(logbook.Record{Event: "redirect", ID: env.QueueID, Account: j.account, User: j.user, Sender: env.Sender.String(), Smarthost: server,
		Recipients: []logbook.Recipient{{Address: h.To.String(), Original: r.Original.String(), State: "redirected"}},
		Text:       voice.RedirectMeaning(h.Code)})
}

// Refused is a message that was not taken at all.
func (j *Journal) Refused(err error, status exit.Status) {
	j.book.Write(logbook.Record{Event: "failed", Account: j.account, User: j.user, Text: err.Error(), Exit: int(status)})
}

// Malformed is a recipient that is no address.
func (j *Journal) Malformed(m inject.Malformed) {
	j.book.Write(logbook.Record{Event: "failed", Account: j.account, User: j.user, Text: m.Element.Err.Error()})
}

// Accepted records an envelope that went into the queue untried.
func (j *Journal) Accepted(sub *inject.Submission, env *envelope.Envelope, id string) {
	rec := j.attemptRecord(env.Recipients, relay.Attempt{})
	rec.Event, rec.ID = "kept", id
	j.pending = append(j.pending, j.about(rec, sub, env))
	j.Keep(env.Recipients)
}

// Delivered keeps the record of an attempt until the exit status is known; id is
// the queue's, when it took what was deferred.
func (j *Journal) Delivered(sub *inject.Submission, env *envelope.Envelope, a relay.Attempt, id string) {
	rec := j.attemptRecord(env.Recipients, a)
	if rec.ID = id; id != "" && rec.Event == "deferred" {
		rec.Event = "kept"
	}
	j.pending = append(j.pending, j.about(rec, sub, env))
}

// about says which message a record is about.
func (j *Journal) about(rec logbook.Record, sub *inject.Submission, env *envelope.Envelope) logbook.Record {
	rec.Account, rec.User, rec.Sender = j.account, j.user, env.Sender.String()
	rec.MessageID, rec.Size = sub.MessageID, sub.Message.WireSize()
	return rec
}

// Attempted records an attempt of a queue run.
func (j *Journal) Attempted(e runner.Event) {
	if e.Entry == nil || e.Err != nil || e.Text != "" {
		rec := logbook.Record{Event: "warning", Text: e.Text}
		if e.Err != nil {
			rec.Text = e.Err.Error()
		}
		if e.Entry != nil {
			rec.ID, rec.Account = e.Entry.ID, e.Entry.Account
		}
		j.book.Write(rec)
		return
	}
	var tried []*envelope.Recipient
	for _, i := range e.Tried {
		tried = append(tried, e.Entry.Envelope.Recipients[i])
	}
	rec := j.attemptRecord(tried, e.Attempt)
	rec.ID, rec.Account, rec.User, rec.Sender = e.Entry.ID, e.Entry.Account, e.Entry.User, e.Entry.Envelope.Sender.String()
	if m := e.Entry.Message; m != nil {
		rec.Size = m.WireSize()
	}
	j.book.Write(rec)
}

// attemptRecord is what an attempt did for some recipients. The event is the
// worst of their fates.
func (j *Journal) attemptRecord(rs []*envelope.Recipient, a relay.Attempt) logbook.Record {
	rec := logbook.Record{Event: "sent", Smarthost: a.Server, TLS: a.TLS, Took: a.Took}
	named := min(len(rs), j.book.Room()) // there may be thousands, and only some fit
	rec.Recipients, rec.More = make([]logbook.Recipient, 0, named), len(rs)-named
	for i, r := range rs {
		if i < named {
			to := logbook.Recipient{Address: r.Address.String(), State: stateName(r.Outcome.State), Reply: r.Outcome.Text()}
			if !r.Original.Equal(r.Address) {
				to.Original = r.Original.String()
			}
			rec.Recipients = append(rec.Recipients, to)
		}
		switch r.Outcome.State {
		case envelope.Failed:
			rec.Event = "failed"
		case envelope.Deferred:
			if rec.Event != "failed" {
				rec.Event = "deferred"
			}
		}
	}
	return rec
}

// Finish writes what waited for the exit status, and gives the status back.
func (j *Journal) Finish(status exit.Status) exit.Status {
	for _, rec := range j.pending {
		rec.Exit = int(status)
		j.book.Write(rec)
	}
	j.pending = nil
	return status
}

// Close closes the book.
func (j *Journal) Close() { j.book.Close() }

func stateName(s envelope.State) string {
	switch s {
	case envelope.Delivered:
		return "sent"
	case envelope.Deferred:
		return "deferred"
	case envelope.Failed:
		return "failed"
	}
	return "pending"
}
