package post

import (
	"time"

	"mailchute/inject"
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
	if p.holds == nil {
		return // no place to remember it
	}
	now := time.Now()
	h := queue.RouteHold{Name: runner.SmarthostPrefix + server, Since: now, Set: now, Until: now.Add(passedTime), Reason: why.Text()}
	if err := p.holds.HoldRoute(h); err != nil {
		p.Journal.Note(err.Error())
	}
}

// healthyFirst puts those that failed a short while ago behind the others, each
// part in its order.
func (p *Post) healthyFirst(list []route.Smarthost) []route.Smarthost {
	if p.holds == nil || len(list) < 2 {
		return list
	}
	var first, last []route.Smarthost
	for _, s := range list {
		if h, held := p.holds.RouteHold(runner.SmarthostPrefix + s.String()); held && h.Active(time.Now()) {
			last = append(last, s)
		} else {
			first = append(first, s)
		}
	}
	return append(first, last...)
}

// heldLogin is the refused login that holds this account. Programs do not try it
// again before its time: servers lock accounts. A person at a terminal may just
// have mended it.
func (p *Post) heldLogin() (*envelope.Outcome, time.Time) {
	h, held := p.loginHold()
	if !held || p.loud {
		return nil, time.Time{}
	}
	return &envelope.Outcome{State: envelope.Deferred, Cause: envelope.CauseLogin, Reason: h.Reason}, h.Until
}

func (p *Post) loginHold() (queue.RouteHold, bool) {
	if p.holds == nil {
		return queue.RouteHold{}, false
	}
	h, held := p.holds.RouteHold(p.account.Name)
	return h, held && h.Login && h.Active(time.Now())
}

// holdWay makes what waits in the queue wait for the way that this attempt found
// in trouble. Attempts during a hold do not make it longer: how much mail comes
// says nothing about the way.
func (p *Post) holdWay(sub *inject.Submission, trouble *envelope.Outcome) time.Time {
	if p.holds == nil || trouble == nil || trouble.State != envelope.Deferred || trouble.Cause == envelope.CauseStopped {
		return time.Time{}
	}
	now := time.Now()
	login := trouble.Cause == envelope.CauseLogin
	if h, held := p.holds.RouteHold(p.account.Name); held && h.Active(now) && h.Login == login {
		return h.Until
	}
	until, err := runner.Hold(p.holds, p.account.Name, p.runnerAccount(sub.Who), *trouble, now)
	if err != nil {
		p.Journal.Note(err.Error())
	}
	return until
}
