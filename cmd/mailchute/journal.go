package main

import (
	"mailchute/headers/address"
	"mailchute/inject"
	"mailchute/relay"
	"mailchute/relay/envelope"
	"mailchute/relay/logbook"
	"mailchute/relay/runner"
)

// journal writes the log records of one submission.
type journal struct {
	book    *logbook.Book
	account string
	user    string
	pending []logbook.Record // wait for the exit status
	kept    map[*envelope.Recipient]bool
	follows func(code int) // told of each redirect; may be nil
}

// keep marks recipients that the queue takes care of now.
func (j *journal) keep(rs []*envelope.Recipient) {
	if j.kept == nil {
		j.kept = map[*envelope.Recipient]bool{}
	}
	for _, r := range rs {
		j.kept[r] = true
	}
}

func (j *journal) isKept(r *envelope.Recipient) bool { return j.kept[r] }

// note is something that was ignored or dropped.
func (j *journal) note(text string) {
	j.book.Write(logbook.Record{Event: "warning", Account: j.account, User: j.user, Text: text})
}

// redirected is a followed redirect.
func (j *journal) redirected(original address.Addr, h envelope.Hop, server string) {
	if j.follows != nil {
		j.follows(h.Code)
	}
	j.book.Write(logbook.Record{Event: "redirect", Account: j.account, User: j.user, Smarthost: server,
		Recipients: []logbook.Recipient{{Address: h.To.String(), Original: h.From.String(), State: "redirected"}},
		Text:       redirectMeaning(h.Code)})
}

// refused is a message that was not taken at all.
func (j *journal) refused(err error, status exitStatus) {
	j.book.Write(logbook.Record{Event: "failed", Account: j.account, User: j.user, Text: err.Error(), Exit: int(status)})
}

// malformed is a recipient that is no address.
func (j *journal) malformed(m inject.Malformed) {
	j.book.Write(logbook.Record{Event: "failed", Account: j.account, User: j.user, Text: m.Element.Err.Error()})
}

// accepted records an envelope that went into the queue untried.
func (j *journal) accepted(sub *inject.Submission, env *envelope.Envelope, id string) {
	rec := j.attemptRecord(env.Recipients, relay.Attempt{})
	rec.Event, rec.ID = "kept", id
	j.pending = append(j.pending, j.about(rec, sub, env))
	j.keep(env.Recipients)
}

// delivered keeps the record of an attempt until the exit status is known; id is
// the queue's, when it took what was deferred.
func (j *journal) delivered(sub *inject.Submission, env *envelope.Envelope, a relay.Attempt, id string) {
	rec := j.attemptRecord(env.Recipients, a)
	if rec.ID = id; id != "" && rec.Event == "deferred" {
		rec.Event = "kept"
	}
	j.pending = append(j.pending, j.about(rec, sub, env))
}

// about says which message a record is about.
func (j *journal) about(rec logbook.Record, sub *inject.Submission, env *envelope.Envelope) logbook.Record {
	rec.Account, rec.User, rec.Sender = j.account, j.user, env.Sender.String()
	rec.MessageID, rec.Size = sub.MessageID, int64(len(sub.Message.Header))+sub.Message.Body.Traits.WireSize+2
	return rec
}

// attempted records an attempt of a queue run.
func (j *journal) attempted(e runner.Event) {
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
	rec.ID, rec.Account, rec.User, rec.Sender, rec.Size = e.Entry.ID, e.Entry.Account, e.Entry.User, e.Entry.Envelope.Sender.String(), e.Entry.Size
	j.book.Write(rec)
}

// attemptRecord is what an attempt did for some recipients. The event is the
// worst of their fates.
func (j *journal) attemptRecord(rs []*envelope.Recipient, a relay.Attempt) logbook.Record {
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

// close writes what waited for the exit status, and gives the status back.
func (j *journal) close(status exitStatus) exitStatus {
	for _, rec := range j.pending {
		rec.Exit = int(status)
		j.book.Write(rec)
	}
	j.pending = nil
	return status
}

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
