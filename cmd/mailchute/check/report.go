package check

import (
	"slices"
	"strings"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/voice"
)

// Finding is one thing that was looked at. Its JSON form is in mailchute(1).
type Finding struct {
	Level     string `json:"level"` // ok, note, warning or error
	Area      string `json:"area"`
	Account   string `json:"account"`   // "" is the top level
	Smarthost string `json:"smarthost"` // "" where it is not about one
	Text      string `json:"text"`
	Hint      string `json:"hint"` // what to do, "" where there is nothing to

	status exit.Status // of an error
}

// The levels.
const (
	levelOK      = "ok"
	levelNote    = "note" // worth knowing, and maybe as it should be
	levelWarning = "warning"
	levelError   = "error"
)

// Line is a finding for people: its level, what it is about, and what to do.
func (f Finding) Line(colours bool) string {
	about := f.Area
	if f.Smarthost != "" {
		about = f.Smarthost + " " + about
	}
	if f.Account != "" {
		about = "[" + f.Account + "] " + about
	}
	text := f.Text
	if f.Hint != "" {
		text += "; " + f.Hint
	}
	level := f.Level + strings.Repeat(" ", len(levelWarning)+2-len(f.Level))
	if colours {
		level = colour(f.Level) + level + "\x1b[0m"
	}
	return level + voice.Printable(about+": "+text)
}

func colour(level string) string {
	switch level {
	case levelOK:
		return "\x1b[32m"
	case levelNote:
		return "\x1b[36m"
	case levelWarning:
		return "\x1b[33m"
	}
	return "\x1b[31m"
}

// Findings collects what was found.
type Findings struct {
	all   []Finding
	Print func(Finding) // nil: nobody wants to see them come
	once  map[string]bool
}

// isFirst tells whether a thing that several accounts share is seen for the first
// time.
func (r *Findings) isFirst(thing string) bool {
	seen := r.once[thing]
	if r.once == nil {
		r.once = map[string]bool{}
	}
	r.once[thing] = true
	return !seen
}

func (r *Findings) add(f Finding) {
	r.all = append(r.all, f)
	if r.Print != nil {
		r.Print(f)
	}
}

// Status is the exit status of the worst finding: the configuration before the
// login before all else, as nothing works before what stands in front of it does.
func (r *Findings) Status() exit.Status {
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

// About is where findings of one account, or of one smarthost of it, go.
type About struct {
	*Findings
	account, smarthost string
}

func (r *Findings) About(account string) About { return About{Findings: r, account: account} }

func (a About) at(smarthost string) About { a.smarthost = smarthost; return a }

func (a About) ok(area, text string) { a.say(levelOK, area, text, "", exit.OK) }

func (a About) note(area, text, hint string) { a.say(levelNote, area, text, hint, exit.OK) }

func (a About) warn(area, text, hint string) { a.say(levelWarning, area, text, hint, exit.OK) }

func (a About) error(area string, status exit.Status, text, hint string) {
	a.say(levelError, area, text, hint, status)
}

func (a About) say(level, area, text, hint string, status exit.Status) {
	a.add(Finding{Level: level, Area: area, Account: a.account, Smarthost: a.smarthost, Text: text, Hint: hint, status: status})
}
