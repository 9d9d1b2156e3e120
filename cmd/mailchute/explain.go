package main

import (
	"fmt"
	"strings"

	"mailchute/cmd/mailchute/explain"
	"mailchute/inject"
	"mailchute/inject/config"
	"mailchute/relay/envelope"
)

// explain shows what would be sent, and sends nothing.
func (f *face) explain(in *inject.Input, sub *inject.Submission, account *config.Account) exitStatus {
	var statuses []exitStatus
	for _, m := range sub.Malformed {
		f.voice.malformed(m.Element)
		statuses = append(statuses, exitDataErr)
	}
	e := f.explanation(in, sub, account)
	var err error
	if f.args.JSON {
		err = printJSON(f.Stdout, e)
	} else {
		err = e.Write(f.Stdout, explain.Style{Colours: isTerminal(f.Stdout) && f.Getenv("NO_COLOR") == "", Printable: printable})
	}
	if err != nil {
		return exitIOErr
	}
	return worst(statuses)
}

// explanation is all that is known before a server is asked.
func (f *face) explanation(in *inject.Input, sub *inject.Submission, account *config.Account) *explain.Explanation {
	e := &explain.Explanation{
		Configuration: f.config.Path, Account: account.Name, AccountWhy: f.whyAccount(in), Login: loginWords(account),
		Smarthosts: []string{}, Malformed: []explain.Trouble{}, Changes: []explain.Change{}, Notes: append([]string{}, sub.Notes...),
	}
	for _, s := range account.Smarthosts {
		e.Smarthosts = append(e.Smarthosts, s.String())
	}
	for _, m := range sub.Malformed {
		e.Malformed = append(e.Malformed, explain.Trouble{Recipient: m.Element.Text, Reason: m.Element.Err.Error()})
	}
	for _, c := range sub.Changes {
		e.Changes = append(e.Changes, explain.Change(c))
	}
	d := f.rehearse(sub, account)
	origins := sub.Origins()
	for i, env := range sub.Envelopes {
		out := explain.Envelope{Sender: env.Sender.String(), SenderWhy: f.whySender(sub, env, account)}
		for j, r := range env.Recipients {
			out.Recipients = append(out.Recipients, explain.Recipient{Address: r.Original.String(), Why: whyRecipient(origins[r]), Redirects: d.redirects(i, j)})
		}
		e.Envelopes = append(e.Envelopes, out)
	}
	e.Servers, e.Signature = d.servers(), d.signature()
	e.Failure = f.onFailure(sub, account)
	return e
}

func loginWords(a *config.Account) string {
	switch {
	case a.AuthOff, a.User == "" && a.Auth == nil:
		return "none"
	case a.OAuth.ClientID != "":
		return a.User + " by token"
	case a.Auth != nil:
		return a.User + " by " + strings.Join(a.Auth, ", ")
	}
	return a.User + " by the strongest mechanism that is offered"
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
