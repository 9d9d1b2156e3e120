package sendmail

import (
	"fmt"
	"strings"
	"time"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/post"
	"mailchute/cmd/mailchute/voice"
	"mailchute/inject"
	"mailchute/inject/config"
	"mailchute/relay/envelope"
	"mailchute/relay/queue"
)

// onFailure is when a message is sent, and what happens to what cannot be.
func (c *call) onFailure(sub *inject.Submission, a *config.Account) []string {
	q, err := c.OpenQueue(a)
	if err != nil {
		return notSent(err)
	}
	if q != nil {
		defer q.Close()
	}
	delivery, instead, err := post.DeliveryOf(c.Call, a, q != nil)
	if err != nil {
		return notSent(err)
	}
	var all []string
	if instead != "" {
		all = append(all, instead)
	}
	switch delivery {
	case config.Sync:
		all = append(all, "it is sent before the program ends, and the exit status is true of each recipient")
	case config.Background:
		all = append(all, "it is written to the queue, exit status 0, and sent in the background")
	default:
		all = append(all, "it is written to the queue, exit status 0, and sent by the next run of the queue")
	}
	return append(append(all, keptWords(q, sub, a)...), c.refusedWords(c.reader(sub, a), delivery, q != nil))
}

func notSent(err error) []string {
	return []string{fmt.Sprintf("it is not sent, exit status %d: %v", exit.OfError(err), err)}
}

// keptWords is what happens to what cannot be sent for now.
func keptWords(q *queue.Queue, sub *inject.Submission, a *config.Account) []string {
	held, by := envelope.Hold{}, (*envelope.DeliverBy)(nil)
	for _, env := range sub.Envelopes {
		by = env.Options.DeliverBy
		if env.Options.Hold != nil {
			held = *env.Options.Hold
		}
	}
	var all []string
	if q == nil {
		all = append(all, "for now (no network, 4yz): a line on standard error and exit status 75; the caller keeps the message, as there is no queue")
		if !held.Until.IsZero() {
			all = append(all, "by a server without FUTURERELEASE: a line on standard error and exit status 69, as there is no queue to hold it")
		}
		return all
	}
	all = append(laterWords(q.Path(), a), warningWords(a.Queue.WarnAfter, by))
	if !held.Until.IsZero() {
		all = append(all, "by a server without FUTURERELEASE: it is kept until "+voice.Time(held.Until)+", exit status 0 whatever becomes of it, and who is refused then is told to the sender by mail")
	}
	if h, held := q.RouteHold(a.Name); held && h.Active(time.Now()) {
		all = append(all, "at this moment nothing waiting is tried before "+voice.Time(h.Until)+": "+h.Reason)
	}
	return all
}

// laterWords is the retries of the queue.
func laterWords(dir string, a *config.Account) []string {
	q := a.Queue
	steps := []string{}
	for d := q.RetryMin; d < q.RetryMax && len(steps) < 3; d *= 2 {
		steps = append(steps, config.Spell(d))
	}
	return []string{fmt.Sprintf("for now (no network, 4yz): it is kept in %s, exit status 0, and tried again after %s, at most every %s, for %s",
		dir, strings.Join(append(steps, "..."), ", "), config.Spell(q.RetryMax), config.Spell(q.Expire))}
}

// warningWords is when the sender hears of what cannot be sent.
func warningWords(after time.Duration, by *envelope.DeliverBy) string {
	const told = "the sender is told by mail when it "
	switch {
	case by != nil && by.Return:
		return told + "has not gone by " + voice.Time(by.Deadline) + ", and it is given up then (--deliver-by)"
	case by != nil:
		return told + "has not gone by " + voice.Time(by.Deadline) + " (--deliver-by), and when it is given up"
	case after > 0:
		return told + "is " + config.Spell(after) + " late, and when it is given up"
	}
	return told + "is given up"
}

// reader is who gets reports about a submission: those behind the alias of the sender, if
// he is one; "" where he is null.
func (c *call) reader(sub *inject.Submission, a *config.Account) string {
	if len(sub.Envelopes) == 0 {
		return "the sender"
	}
	sender := sub.Envelopes[0].Sender
	if sender.IsNull() {
		return ""
	}
	table, _, _ := c.Aliases(a) // what is wrong with them was told before
	mailboxes, _ := sub.Who.Mailboxes(table, sender)
	var words []string
	for _, to := range mailboxes {
		words = append(words, voice.Path(to))
	}
	return strings.Join(words, ", ")
}

// refusedWords is what happens where a recipient is refused for good; reader is who gets
// reports.
func (c *call) refusedWords(reader string, delivery config.Delivery, keeps bool) string {
	const (
		good   = "for good (5yz): "
		told   = "a line on standard error for each recipient, and exit status 67 no such user, 69 refused, 77 not permitted"
		nobody = "nobody, as the sender is null: it is kept among the failed"
	)
	to, isNull := reader, reader == ""
	if isNull {
		to = nobody
	}
	if delivery != config.Sync {
		// the run of the queue asks no -oe: nobody is there to be told otherwise
		return good + "a report by mail to " + to + "; nothing is printed, and the exit status was 0"
	}
	var status string
	switch c.Args.OnError {
	case 'q':
		return good + "nothing is printed (-oeq); the exit status says it: 67 no such user, 69 refused, 77 not permitted"
	case 'm', 'w':
		status = "exit status 67, 69 or 77"
	case 'e':
		status = "exit status 0"
	default:
		return good + told
	}
	by := " (-oe" + string(rune(c.Args.OnError)) + "), and " + status
	switch {
	case keeps:
		return good + "a report by mail to " + to + by
	case isNull:
		return good + told + "; nobody gets a report by mail, as the sender is null"
	}
	return good + "a report by mail to " + reader + by + "; where the server refuses that too, " + told
}
