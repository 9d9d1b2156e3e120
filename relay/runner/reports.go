package runner

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"mailchute/headers/address"
	"mailchute/relay/envelope"
	"mailchute/relay/message"
	"mailchute/relay/queue"
	"mailchute/relay/report"
)

// quiet is how long no further report is sent to somebody whom a report could
// not reach.
const quiet = time.Hour

type compose func(report.Original, report.Stamp) (*message.Message, *envelope.Envelope, error)

// news is something to be told to the sender of a message, about some of its
// recipients.
type news struct {
	make  compose
	about []int
	must  bool   // the message stays in the queue until it is told
	done  func() // remembers that there is nothing more to tell; may be nil
}

// news is what the sender is to be told after an attempt for the recipients tried,
// or after a crash that came before it was told.
func (w *worker) news(it *queue.Item, way *way, tried []int) []news {
	if it.Envelope.Sender.IsNull() {
		w.hush(it, tried)
		return nil
	}
	now := w.Now()
	var failed, redirected []int
	for i, r := range it.Envelope.Recipients {
		switch {
		case it.Retries[i].Told:
		case r.Outcome.State == envelope.Failed:
			failed = append(failed, i)
		case r.Outcome.State == envelope.Delivered && sentOn(r) && !r.Notify.Never && !w.noticed(it.Envelope.Sender, r, now):
			redirected = append(redirected, i)
		}
	}
	var all []news
	if len(failed) > 0 {
		all = append(all, news{report.Failure, failed, true, func() { markTold(it, failed) }})
	}
	if len(redirected) > 0 {
		all = append(all, news{report.Redirected, redirected, false, func() {
			markTold(it, redirected)
			w.notice(it, redirected, now)
		}})
	}
	if relayed := untoldSuccess(it, tried); len(relayed) > 0 {
		all = append(all, news{make: report.Relayed, about: relayed})
	}
	if !it.Next().IsZero() && queue.Late(it.Since, now, warnAfter(it, way), it.Warned) {
		all = append(all, news{make: delay(triedUntil(it, way)), about: tried, done: func() { it.Warned = true }})
	}
	return all
}

func markTold(it *queue.Item, about []int) {
	for _, i := range about {
		it.Retries[i].Told = true
	}
}

func delay(until time.Time) compose {
	return func(o report.Original, s report.Stamp) (*message.Message, *envelope.Envelope, error) {
		return report.Delay(o, s, until)
	}
}

// sentOn tells whether a server sent r on: what is remembered is no news.
func sentOn(r *envelope.Recipient) bool {
	for _, h := range r.Trail {
		if !h.Remembered {
			return true
		}
	}
	return false
}

// untoldSuccess is those whose copy went to a server that does not tell of success,
// though the sender wants to know (RFC 3461 section 5.2.2).
func untoldSuccess(it *queue.Item, tried []int) (about []int) {
	for _, i := range tried {
		r := it.Envelope.Recipients[i]
		if r.Outcome.State == envelope.Delivered && r.Notify.Success && !r.Outcome.ReportsSuccess {
			about = append(about, i)
		}
	}
	return about
}

// hush makes the next reports to an address wait after one that it did not take.
// That one is kept among the failed. Only a report of ours says so, by the reply to
// RCPT: a null sender anybody can write, and a refused text is about that text.
func (w *worker) hush(it *queue.Item, tried []int) {
	if it.User != reporter {
		return
	}
	now := w.Now()
	for _, i := range tried {
		r := it.Envelope.Recipients[i]
		if o := r.Outcome; o.State == envelope.Failed && o.Reply != nil && o.Reply.Command == "RCPT" {
			_ = w.Queue.HoldRoute(queue.RouteHold{Name: reportsTo(r.Original.Key()), Since: now, Set: now, Until: now.Add(quiet), Reason: r.Outcome.Text()})
		}
	}
}

// hushed is until when none of the mailboxes is told anything; zero when one may be.
func (w *worker) hushed(mailboxes []address.Addr, now time.Time) (until time.Time) {
	for _, to := range mailboxes {
		h, held := w.Queue.RouteHold(reportsTo(to.Key()))
		if !held || !h.Active(now) {
			return time.Time{}
		}
		if until.IsZero() || h.Until.Before(until) {
			until = h.Until
		}
	}
	return until
}

// mailboxes is where reports to a sender go.
func (a *Account) mailboxes(sender address.Addr) []address.Addr {
	if a.Mailboxes == nil {
		return []address.Addr{sender}
	}
	return a.Mailboxes(sender)
}

// report puts the news into the queue and returns the ids of the reports. told is
// false when the sender could not be told of a failure.
func (w *worker) report(it *queue.Item, way *way, all []news) (ids []string, told bool) {
	told = true
	to := way.mailboxes(it.Envelope.Sender)
	until := w.hushed(to, w.Now())
	for _, n := range all {
		if !until.IsZero() { // a failure is told later, all else is old then
			told = told && !n.must
			if n.must {
				putOff(it, n.about, until)
			}
			continue
		}
		id, err := w.submit(it, way, to, n)
		if err != nil {
			w.tell(Event{Entry: &it.Entry, Err: err})
			told = told && !n.must
			continue
		}
		if id != "" {
			ids = append(ids, id)
		}
		if n.done != nil {
			n.done()
		}
	}
	return ids, told
}

// putOff says when the sender is to be told of failures.
func putOff(it *queue.Item, about []int, until time.Time) {
	for _, i := range about {
		it.Retries[i].Next = until
	}
}

// noticeTime is how long the sender of many messages to a mailbox that has moved
// for now is not told again: one notice for each sender and pair of addresses.
const noticeTime = 30 * 24 * time.Hour

// notice remembers that the sender knows of these redirects.
func (w *worker) notice(it *queue.Item, about []int, now time.Time) {
	for _, i := range about {
		r := it.Envelope.Recipients[i]
		_ = w.Queue.HoldRoute(queue.RouteHold{Name: noticeOf(it.Envelope.Sender, r), Since: now, Set: now, Until: now.Add(noticeTime)})
	}
}

// noticed tells whether the sender was told of the redirect of r before.
func (w *worker) noticed(sender address.Addr, r *envelope.Recipient, now time.Time) bool {
	h, known := w.Queue.RouteHold(noticeOf(sender, r))
	return known && h.Active(now)
}

const noticePrefix = "notice "

func noticeOf(sender address.Addr, r *envelope.Recipient) string {
	return noticePrefix + sender.Key() + " " + r.Original.Key() + " " + r.Address.Key()
}

// reporter is the user who submits reports.
const reporter = "mailer-daemon"

const reportsPrefix = "reports to "

func reportsTo(key string) string { return reportsPrefix + key }

// IsWay tells whether h is about the way of an account, the name of which it has,
// and not about what senders were told or cannot be.
func IsWay(h queue.RouteHold) bool {
	for _, prefix := range []string{reportsPrefix, noticePrefix, SmarthostPrefix} {
		if strings.HasPrefix(h.Name, prefix) {
			return false
		}
	}
	return true
}

// SmarthostPrefix begins the name of a hold on one smarthost of a list, which is
// tried behind the others meanwhile.
const SmarthostPrefix = "smarthost "

// submit makes one report to some mailboxes and puts it into the queue; "" when there
// is nothing to tell.
func (w *worker) submit(it *queue.Item, way *way, to []address.Addr, n news) (string, error) {
	env := *it.Envelope
	env.Recipients = nil
	for _, i := range n.about {
		env.Recipients = append(env.Recipients, it.Envelope.Recipients[i])
	}
	now := w.Now()
	msg, back, err := n.make(report.Original{Envelope: &env, Message: it.Message, ID: it.ID, Submitted: it.Submitted, To: to}, NewStamp(way.Account, now))
	if errors.Is(err, report.ErrNothing) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return w.Queue.Accept(queue.Entry{Submitted: now, Account: way.name, User: reporter, Envelope: back, Message: msg})
}

// NewStamp makes a report unlike all others.
func NewStamp(a *Account, now time.Time) report.Stamp {
	var b [12]byte
	rand.Read(b[:])
	unique := hex.EncodeToString(b[:])
	return report.Stamp{From: a.Reporter, Host: a.Host, Date: now, MessageID: unique + "@" + a.Reporter.Domain, Boundary: "=_" + unique}
}
