package main

import (
	"fmt"
	"io"
	"strings"

	"mailchute/headers"
	"mailchute/inject"
	"mailchute/inject/config"
	"mailchute/relay/envelope"
)

// explain shows what would be sent, and sends nothing.
func (f *face) explain(sub *inject.Submission, account *config.Account) exitStatus {
	w := f.Stdout
	name := account.Name
	if name == "" {
		name = "(top level)"
	}
	fmt.Fprintf(w, "configuration  %s\n", printable(f.config.Path))
	fmt.Fprintf(w, "account        %s\n", printable(name))
	for i, s := range account.Smarthosts {
		label := ""
		if i == 0 {
			label = "smarthost"
		}
		fmt.Fprintf(w, "%-14s %s\n", label, s)
	}
	fmt.Fprintf(w, "login          %s\n", printable(loginWords(account)))
	for _, env := range sub.Envelopes {
		explainEnvelope(w, env)
	}
	var statuses []exitStatus
	for _, m := range sub.Malformed {
		f.voice.malformed(m.Element)
		statuses = append(statuses, exitDataErr)
	}
	explainHeader(w, sub.Changes)
	explainDialogue(w, sub, account)
	return worst(statuses)
}

func loginWords(a *config.Account) string {
	switch {
	case a.AuthOff, a.User == "" && a.Auth == nil:
		return "none"
	case a.Auth != nil:
		return a.User + " by " + strings.Join(a.Auth, ", ")
	}
	return a.User + " by the strongest mechanism that is offered"
}

func explainEnvelope(w io.Writer, env *envelope.Envelope) {
	fmt.Fprintf(w, "\nenvelope from  <%s>\n", printable(env.Sender.String()))
	for i, r := range env.Recipients {
		label := ""
		if i == 0 {
			label = "envelope to"
		}
		fmt.Fprintf(w, "%-14s <%s>\n", label, printable(r.Address.String()))
	}
}

// explainHeader shows each change of the header as a difference.
func explainHeader(w io.Writer, changes []headers.Change) {
	fmt.Fprintln(w, "\nheader changes")
	if len(changes) == 0 {
		fmt.Fprintln(w, "  none")
	}
	for _, c := range changes {
		fmt.Fprintf(w, "  %s\n", printable(c.Rule))
		difference(w, "-", c.Before)
		difference(w, "+", c.After)
	}
}

func difference(w io.Writer, sign, text string) {
	if text == "" {
		return
	}
	for _, line := range strings.Split(strings.TrimRight(text, "\r\n"), "\n") {
		fmt.Fprintf(w, "  %s %s\n", sign, printable(strings.TrimSuffix(line, "\r")))
	}
}

// explainDialogue shows the commands. Parameters depend on what the server
// offers, and nobody is asked here.
func explainDialogue(w io.Writer, sub *inject.Submission, account *config.Account) {
	fmt.Fprintln(w, "\nSMTP commands (parameters depend on what the server offers)")
	hello := sub.Who.Hostname
	if hello == "" {
		hello = "[address of this end of the connection]"
	}
	lines := []string{"EHLO " + hello}
	if loginWords(account) != "none" {
		lines = append(lines, "AUTH ...")
	}
	for _, env := range sub.Envelopes {
		lines = append(lines, "MAIL FROM:<"+env.Sender.String()+">")
		for _, r := range env.Recipients {
			lines = append(lines, "RCPT TO:<"+r.Address.String()+">")
		}
		lines = append(lines, "DATA or BDAT")
	}
	for _, l := range append(lines, "QUIT") {
		fmt.Fprintf(w, "  %s\n", printable(l))
	}
}

// verify is -bv: where the recipients lead, and nothing sent.
func (f *face) verify() error {
	if len(f.args.Recipients) == 0 {
		return &inject.NoRecipients{}
	}
	if err := f.load(); err != nil {
		return err
	}
	in := &inject.Input{}
	w := world(f.who, f.Getenv)
	account, err := f.account(in, w)
	if err != nil {
		return err
	}
	sub, err := f.submission(in, w, account)
	if err != nil {
		return err
	}
	way := "no smarthost is configured"
	if len(account.Smarthosts) > 0 {
		way = account.Smarthosts[0].String()
	}
	sub.Each(func(r *envelope.Recipient) {
		fmt.Fprintf(f.Stdout, "%s: deliverable by %s\n", printable(path(r.Original)), printable(way))
	}, func(m inject.Malformed) {})
	if len(sub.Malformed) > 0 {
		return sub.Malformed[0].Element.Err
	}
	return nil
}
