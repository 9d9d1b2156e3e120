package sendmail

import (
	"fmt"
	"strings"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/explain"
	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/host"
	"mailchute/cmd/mailchute/voice"
	"mailchute/inject"
	"mailchute/inject/config"
	"mailchute/relay/envelope"
)

// explainIt shows what would be sent, and sends nothing.
func explainIt(f *face.Call, in *inject.Input, sub *inject.Submission, account *config.Account) exit.Status {
	var statuses []exit.Status
	for _, m := range sub.Malformed {
		f.Voice.Malformed(m.Element)
		statuses = append(statuses, exit.DataErr)
	}
	e := explanation(f, in, sub, account)
	var err error
	if f.Args.JSON {
		err = voice.PrintJSON(f.Stdout, e)
	} else {
		err = e.Write(f.Stdout, explain.Style{Colours: voice.IsTerminal(f.Stdout) && f.Getenv("NO_COLOR") == "", Printable: voice.Printable})
	}
	if err != nil {
		return exit.IOErr
	}
	return exit.Worst(statuses)
}

// explanation is all that is known before a server is asked.
func explanation(f *face.Call, in *inject.Input, sub *inject.Submission, account *config.Account) *explain.Explanation {
	e := &explain.Explanation{
		Configuration: f.Config.Path, Account: account.Name, AccountWhy: whyAccount(f, in), Login: loginWords(account),
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
	d := rehearse(f, sub, account)
	origins := sub.Origins()
	for i, env := range sub.Envelopes {
		out := explain.Envelope{Sender: env.Sender.String(), SenderWhy: whySender(f, sub, env, account)}
		for j, r := range env.Recipients {
			out.Recipients = append(out.Recipients, explain.Recipient{Address: r.Original.String(), Why: whyRecipient(origins[r]), Redirects: d.redirects(i, j)})
		}
		e.Envelopes = append(e.Envelopes, out)
	}
	e.Servers, e.Signature = d.servers(), d.signature()
	e.Failure = onFailure(f, sub, account)
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
func verify(f *face.Call) error {
	if len(f.Args.Recipients) == 0 {
		return &inject.NoRecipients{}
	}
	if err := f.Load(); err != nil {
		return err
	}
	in := &inject.Input{}
	w := host.World(f.Who, f.Getenv)
	account, err := account(f, in, w)
	if err != nil {
		return err
	}
	sub, err := submission(f, in, w, account)
	if err != nil {
		return err
	}
	way := "no smarthost is configured"
	if len(account.Smarthosts) > 0 {
		way = account.Smarthosts[0].String()
	}
	sub.Each(func(r *envelope.Recipient) {
		fmt.Fprintf(f.Stdout, "%s: deliverable by %s\n", voice.Printable(voice.Path(r.Original)), voice.Printable(way))
	}, func(m inject.Malformed) {})
	if len(sub.Malformed) > 0 {
		return sub.Malformed[0].Element.Err
	}
	return nil
}
