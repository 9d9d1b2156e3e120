package check

import (
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
