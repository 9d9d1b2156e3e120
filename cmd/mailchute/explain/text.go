package explain

import (
	"cmp"
	"fmt"
	"io"
	"strings"
)

// Style is how text is shown.
type Style struct {
	Colours   bool
	Printable func(string) string // makes text from outside harmless
}

// Write writes e for people.
func (e *Explanation) Write(w io.Writer, s Style) error {
	p := &page{style: s}
	p.line("configuration", cmp.Or(e.Configuration, "(none)"))
	p.line("account", cmp.Or(e.Account, "(top level)")+because(e.AccountWhy))
	p.list("smarthost", e.Smarthosts, "(none is configured)")
	p.line("login", e.Login)
	for _, env := range e.Envelopes {
		p.envelope(env)
	}
	for _, t := range e.Malformed {
		p.line("malformed", t.Recipient+": "+t.Reason)
	}
	for _, n := range e.Notes {
		p.line("note", n)
	}
	p.changes(e.Changes)
	if e.Signature != "" {
		p.title("signature")
		p.block("+", e.Signature)
	}
	for _, server := range e.Servers {
		p.server(server)
	}
	p.title("on failure")
	for _, f := range e.Failure {
		p.text("  " + f)
	}
	_, err := io.WriteString(w, p.String())
	return err
}

// page collects lines.
type page struct {
	strings.Builder
	style Style
}

func (p *page) text(s string) { fmt.Fprintln(p, p.style.Printable(s)) }

func (p *page) title(s string) {
	p.WriteByte('\n')
	p.coloured("\x1b[1m", s)
}

// line is a label and what there is to say.
func (p *page) line(label, s string) { p.text(fmt.Sprintf("%-14s %s", label, s)) }

func (p *page) list(label string, values []string, none string) {
	if len(values) == 0 {
		p.line(label, none)
	}
	for i, v := range values {
		if i > 0 {
			label = ""
		}
		p.line(label, v)
	}
}

func (p *page) envelope(env Envelope) {
	p.WriteByte('\n')
	p.line("envelope from", "<"+env.Sender+">"+because(env.SenderWhy))
	label := "envelope to"
	for _, r := range env.Recipients {
		p.line(label, "<"+r.Address+">"+because(r.Why))
		for _, redirect := range r.Redirects {
			p.line("", "  "+redirect)
		}
		label = ""
	}
}

func because(why string) string {
	if why == "" {
		return ""
	}
	return "  (" + why + ")"
}

func (p *page) changes(changes []Change) {
	p.title("header changes")
	if len(changes) == 0 {
		p.text("  none")
	}
	p.differences(changes)
}

func (p *page) differences(changes []Change) {
	for _, c := range changes {
		p.text("  " + c.Rule)
		p.block("-", c.Before)
		p.block("+", c.After)
	}
}

// block shows a field with a sign in front of each line.
func (p *page) block(sign, text string) {
	if text == "" {
		return
	}
	colour := "\x1b[31m"
	if sign == "+" {
		colour = "\x1b[32m"
	}
	for line := range strings.SplitSeq(strings.TrimRight(text, "\r\n"), "\n") {
		p.coloured(colour, "  "+sign+" "+strings.ReplaceAll(strings.TrimSuffix(line, "\r"), "\t", " "))
	}
}

func (p *page) coloured(colour, s string) {
	if !p.style.Colours {
		p.text(s)
		return
	}
	p.WriteString(colour)
	p.WriteString(p.style.Printable(s))
	p.WriteString("\x1b[0m\n")
}

func (p *page) server(s Server) {
	p.title("to a server " + s.Kind)
	p.text("  body: " + s.Body)
	p.differences(s.Changes)
	for _, n := range s.Notes {
		p.text("  note: " + n)
	}
	for _, t := range s.Refused {
		p.text("  not sent: " + t.Recipient + ": " + t.Reason)
	}
	for _, c := range s.Commands {
		p.text("  C: " + c)
	}
}
