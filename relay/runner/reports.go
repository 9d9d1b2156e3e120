package runner

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"time"

	"mailchute/relay"
	"mailchute/relay/envelope"
	"mailchute/relay/message"
	"mailchute/relay/queue"
	"mailchute/relay/report"
)

// quiet is how long no further report is sent to somebody whom a report could
// not reach.
const quiet = time.Hour

type compose func(report.Original, report.Stamp) (*message.Message, *envelope.Envelope, error)

// report puts what the sender has to be told into the queue and returns the ids.
func (w *worker) report(it *queue.Item, way *way, tried []int, attempt relay.Attempt) []string {
	if it.Envelope.Sender.IsNull() {
		// A report that nobody takes is kept among the failed, and the next ones
		// to the same address have to wait.
		for _, i := range tried {
			if r := it.Envelope.Recipients[i]; r.Outcome.State == envelope.Failed {
				now := w.Now()
				_ = w.Queue.HoldRoute(queue.RouteHold{Name: reportsTo(r.Original.Key()), Since: now, Set: now, Until: now.Add(quiet), Reason: r.Outcome.Text()})
			}
		}
		return nil
	}
	now := w.Now()
	if h, held := w.Queue.RouteHold(reportsTo(it.Envelope.Sender.Key())); held && h.Active(now) {
		return nil
	}
	var ids []string
	add := func(make compose, about []int) bool {
		id, err := w.submit(it, way, make, about)
		if err != nil {
			w.tell(Event{Entry: &it.Entry, Err: err})
			return false
		}
		if id != "" {
			ids = append(ids, id)
		}
		return true
	}
	var untold, redirected []int
	for i, r := range it.Envelope.Recipients {
		if r.Outcome.State == envelope.Failed && !it.Retries[i].Told {
			untold = append(untold, i)
		}
	}
	for _, i := range tried {
		if len(it.Envelope.Recipients[i].Trail) > 0 && it.Envelope.Recipients[i].Outcome.State == envelope.Delivered {
			redirected = append(redirected, i)
		}
	}
	if len(untold) > 0 && add(report.Failure, untold) {
		for _, i := range untold {
			it.Retries[i].Told = true
		}
	}
	if len(redirected) > 0 {
		add(report.Redirected, redirected)
	}
	if !attempt.ReportsSuccess && attempt.Server != "" {
		add(report.Relayed, tried)
	}
	if !it.Next().IsZero() && queue.Late(it.Since, now, way.WarnAfter, it.Warned) {
		it.Warned = add(func(o report.Original, s report.Stamp) (*message.Message, *envelope.Envelope, error) {
			return report.Delay(o, s, it.Since.Add(way.Expire))
		}, tried)
	}
	return ids
}

func reportsTo(key string) string { return "reports to " + key }

// submit makes one report about some recipients and puts it into the queue; ""
// when there is nothing to tell.
func (w *worker) submit(it *queue.Item, way *way, make compose, about []int) (string, error) {
	env := *it.Envelope
	env.Recipients = nil
	for _, i := range about {
		env.Recipients = append(env.Recipients, it.Envelope.Recipients[i])
	}
	return Report(w.Queue, way.Account, it.Account, make, report.Original{Envelope: &env, Message: it.Message, ID: it.ID, Submitted: it.Submitted}, w.Now())
}

// Report puts a report about o into q, to be sent with the named account. The id
// is "" when there is nothing to tell.
func Report(q *queue.Queue, a *Account, name string, make func(report.Original, report.Stamp) (*message.Message, *envelope.Envelope, error), o report.Original, now time.Time) (string, error) {
	msg, env, err := make(o, NewStamp(a, now))
	if errors.Is(err, report.ErrNothing) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return q.Accept(queue.Entry{Submitted: now, Account: name, User: "mailer-daemon", Envelope: env, Message: msg})
}

// NewStamp makes a report unlike all others.
func NewStamp(a *Account, now time.Time) report.Stamp {
	var b [12]byte
	rand.Read(b[:])
	unique := hex.EncodeToString(b[:])
	return report.Stamp{From: a.Reporter, Host: a.Host, Date: now, MessageID: unique + "@" + a.Reporter.Domain, Boundary: "=_" + unique}
}
