package check

import (
	"context"
	"errors"
	"slices"
	"time"

	"mailchute/cmd/mailchute/exit"
)

// findings collects what was found.
type findings struct {
	all   []Finding
	print func(Finding) // nil: nobody wants to see them come
	once  map[string]bool
	mute  bool // a name server gave no answer in its full time
}

// muteTime is how long names are looked up once the name servers were found mute:
// what /etc/hosts knows is found at once.
const muteTime = 500 * time.Millisecond

// patience bounds a lookup of names.
func (r *findings) patience(ctx context.Context) (context.Context, context.CancelFunc) {
	if r.mute {
		return context.WithTimeout(ctx, muteTime)
	}
	return context.WithCancel(ctx)
}

// heed remembers when no name server answered a lookup.
func (r *findings) heed(err error) {
	var late interface{ Timeout() bool }
	r.mute = r.mute || errors.As(err, &late) && late.Timeout()
}

// isFirst tells whether a thing that several accounts share is seen for the first
// time.
func (r *findings) isFirst(thing string) bool {
	seen := r.once[thing]
	if r.once == nil {
		r.once = map[string]bool{}
	}
	r.once[thing] = true
	return !seen
}

func (r *findings) add(f Finding) {
	r.all = append(r.all, f)
	if r.print != nil {
		r.print(f)
	}
}

// status is the exit status of the worst finding: the configuration before the
// login before all else, as nothing works before what stands in front of it does.
func (r *findings) status() exit.Status {
	worst := exit.OK
	order := []exit.Status{exit.OK, exit.CantCreate, exit.TempFail, exit.NoPerm, exit.Config}
	for _, f := range r.all {
		if f.Level != levelError {
			continue
		}
		place := slices.Index(order, f.status)
		if place < 0 { // of the test message: it says more than that the server did not answer
			place = 1
		}
		if worst == exit.OK || place > slices.Index(order, worst) {
			worst = f.status
		}
	}
	return worst
}

// about is where findings of one account, or of one smarthost of it, go.
type about struct {
	*findings
	account, smarthost string
}

func (r *findings) about(account string) about { return about{findings: r, account: account} }

func (a about) at(smarthost string) about { a.smarthost = smarthost; return a }

func (a about) ok(area, text string) { a.say(levelOK, area, text, "", exit.OK) }

func (a about) note(area, text, hint string) { a.say(levelNote, area, text, hint, exit.OK) }

func (a about) warn(area, text, hint string) { a.say(levelWarning, area, text, hint, exit.OK) }

func (a about) error(area string, status exit.Status, text, hint string) {
	a.say(levelError, area, text, hint, status)
}

func (a about) say(level, area, text, hint string, status exit.Status) {
	a.add(Finding{Level: level, Area: area, Account: a.account, Smarthost: a.smarthost, Text: text, Hint: hint, status: status})
}
