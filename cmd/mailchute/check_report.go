package main

import (
	"slices"
	"strings"
)

// finding is one thing that was looked at. Its JSON form is in mailchute(1).
type finding struct {
	Level     string `json:"level"` // ok, note, warning or error
	Area      string `json:"area"`
	Account   string `json:"account"`   // "" is the top level
	Smarthost string `json:"smarthost"` // "" where it is not about one
	Text      string `json:"text"`
	Hint      string `json:"hint"` // what to do, "" where there is nothing to

	status exitStatus // of an error
}

// The levels.
const (
	levelOK      = "ok"
	levelNote    = "note" // worth knowing, and maybe as it should be
	levelWarning = "warning"
	levelError   = "error"
)

// line is a finding for people: its level, what it is about, and what to do.
func (f finding) line(colours bool) string {
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
	return level + printable(about+": "+text)
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

// findings collects what was found.
type findings struct {
	all   []finding
	print func(finding) // nil: nobody wants to see them come
	once  map[string]bool
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

func (r *findings) add(f finding) {
	r.all = append(r.all, f)
	if r.print != nil {
		r.print(f)
	}
}

// status is the exit status of the worst finding: the configuration before the
// login before all else, as nothing works before what stands in front of it does.
func (r *findings) status() exitStatus {
	worst := exitOK
	order := []exitStatus{exitOK, exitCantCreate, exitTempFail, exitNoPerm, exitConfig}
	for _, f := range r.all {
		if f.Level != levelError {
			continue
		}
		place := slices.Index(order, f.status)
		if place < 0 { // of the test message: it says more than that the server did not answer
			place = 1
		}
		if worst == exitOK || place > slices.Index(order, worst) {
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

func (a about) ok(area, text string) { a.say(levelOK, area, text, "", exitOK) }

func (a about) note(area, text, hint string) { a.say(levelNote, area, text, hint, exitOK) }

func (a about) warn(area, text, hint string) { a.say(levelWarning, area, text, hint, exitOK) }

func (a about) error(area string, status exitStatus, text, hint string) {
	a.say(levelError, area, text, hint, status)
}

func (a about) say(level, area, text, hint string, status exitStatus) {
	a.add(finding{Level: level, Area: area, Account: a.account, Smarthost: a.smarthost, Text: text, Hint: hint, status: status})
}
