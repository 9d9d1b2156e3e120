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
	return append(append(all, keptWords(q, sub, a)...), c.refusedWords(sub, delivery, q != nil))
}

func notSent(err error) []string {
	return []string{fmt.Sprintf("it is not sent, exit status %d: %v", exit.OfError(err), err)}
}

// keptWords is what happens to what cannot be sent for now.
func keptWords(q *queue.Queue, sub *inject.Submission, a *config.Account) []string {
	held := envelope.Hold{}
	for _, env := range sub.Envelopes {
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
	all = laterWords(q.Path(), a)
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
	words := []string{fmt.Sprintf("for now (no network, 4yz): it is kept in %s, exit status 0, and tried again after %s, at most every %s, for %s",
		dir, strings.Join(append(steps, "..."), ", "), config.Spell(q.RetryMax), config.Spell(q.Expire))}
	if q.WarnAfter > 0 {
		return append(words, "the sender is told by mail when it is "+config.Spell(q.WarnAfter)+" late, and when it is given up")
	}
	return append(words, "the sender is told by mail when it is given up")
}

// refusedWords is what happens where a recipient is refused for good.
func (c *call) refusedWords(sub *inject.Submission, delivery config.Delivery, keeps bool) string {
	const (
		good   = "for good (5yz): "
		told   = "a line on standard error for each recipient, and exit status 67 no such user, 69 refused, 77 not permitted"
		nobody = "nobody, as the sender is null: it is kept among the failed"
	)
	sender, isNull := "the sender", false
	if len(sub.Envelopes) > 0 {
		sender, isNull = voice.Path(sub.Envelopes[0].Sender), sub.Envelopes[0].Sender.IsNull()
	}
	to := sender
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
	return good + "a report by mail to " + sender + by + "; where the server refuses that too, " + told
}
