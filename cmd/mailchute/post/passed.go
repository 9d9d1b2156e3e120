package post

import (
	"time"

	"mailchute/relay/envelope"
	"mailchute/relay/queue"
	"mailchute/relay/route"
	"mailchute/relay/runner"
)

// passedTime is how long a smarthost that failed is tried behind the others of
// its list: nobody waits for the same dead one with every message.
const passedTime = 5 * time.Minute

// passedOver remembers that a smarthost failed and another was tried.
func (p *Post) passedOver(server string, why envelope.Outcome) {
	if p.queue == nil {
		return // no place to remember it
	}
	now := time.Now()
	h := queue.RouteHold{Name: runner.SmarthostPrefix + server, Since: now, Set: now, Until: now.Add(passedTime), Reason: why.Text()}
	if err := p.queue.HoldRoute(h); err != nil {
		p.Journal.Note(err.Error())
	}
}

// healthyFirst puts those that failed a short while ago behind the others, each
// part in its order.
func (p *Post) healthyFirst(list []route.Smarthost) []route.Smarthost {
	if p.queue == nil || len(list) < 2 {
		return list
	}
	var first, last []route.Smarthost
	for _, s := range list {
		if h, held := p.queue.RouteHold(runner.SmarthostPrefix + s.String()); held && h.Active(time.Now()) {
			last = append(last, s)
		} else {
			first = append(first, s)
		}
	}
	return append(first, last...)
}
