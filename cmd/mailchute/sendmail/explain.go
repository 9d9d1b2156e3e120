package sendmail

import (
	"fmt"
	"strings"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/explain"
	"mailchute/cmd/mailchute/host"
	"mailchute/cmd/mailchute/terminal"
	"mailchute/cmd/mailchute/voice"
	"mailchute/inject"
	"mailchute/inject/config"
	"mailchute/relay/envelope"
)

// explain shows what would be sent, and sends nothing.
func (c *call) explain(in *inject.Input, sub *inject.Submission, account *config.Account) exit.Status {
	var statuses []exit.Status
	for _, m := range sub.Malformed {
		c.Voice.Malformed(m.Element)
		statuses = append(statuses, exit.DataErr)
	}
	e := c.explanation(in, sub, account)
	var err error
	if c.Args.JSON {
		err = voice.PrintJSON(c.Stdout, e)
	} else {
		err = e.Write(c.Stdout, explain.Style{Colours: terminal.Is(c.Stdout) && c.Getenv("NO_COLOR") == "", Printable: voice.Printable})
	}
	if err != nil {
		return exit.IOErr
	}
	return exit.Worst(statuses)
}

// explanation is all that is known before a server is asked.
func (c *call) explanation(in *inject.Input, sub *inject.Submission, account *config.Account) *explain.Explanation {
	e := &explain.Explanation{
		Configuration: c.Config.Path, Account: account.Name, AccountWhy: c.whyAccount(in), Login: loginWords(account),
		Smarthosts: []string{}, Malformed: []explain.Trouble{}, Changes: []explain.Change{}, Notes: append([]string{}, sub.Notes...),
	}
	for _, s := range account.Smarthosts {
		e.Smarthosts = append(e.Smarthosts, s.String())
	}
	for _, m := range sub.Malformed {
		e.Malformed = append(e.Malformed, explain.Trouble{Recipient: m.Element.Text, Reason: m.Element.Err.Error()})
	}
	for _, change := range sub.Changes {
		e.Changes = append(e.Changes, explain.Change(change))
	}
	d := c.rehearse(sub, account)
	origins := sub.Origins()
	for i, env := range sub.Envelopes {
		out := explain.Envelope{Sender: env.Sender.String(), SenderWhy: c.whySender(sub, env, account)}
		for j, r := range env.Recipients {
			out.Recipients = append(out.Recipients, explain.Recipient{Address: r.Original.String(), Why: whyRecipient(origins[r]), Redirects: d.redirects(i, j)})
		}
		e.Envelopes = append(e.Envelopes, out)
	}
	e.Servers, e.Signature = d.servers(), d.signature()
	e.Failure = c.onFailure(sub, account)
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
func (c *call) verify() error {
	if len(c.Args.Recipients) == 0 {
		return &inject.NoRecipients{}
	}
	if err := c.Load(); err != nil {
		return err
	}
	in := &inject.Input{}
	w := host.World(c.Who, c.Getenv)
	account, err := c.account(in, w)
	if err != nil {
		return err
	}
	sub, err := c.submission(in, w, account)
	if err != nil {
		return err
	}
	way := "no smarthost is configured"
	if len(account.Smarthosts) > 0 {
		way = account.Smarthosts[0].String()
	}
	sub.Each(func(r *envelope.Recipient) {
		fmt.Fprintf(c.Stdout, "%s: deliverable by %s\n", voice.Printable(voice.Path(r.Original)), voice.Printable(way))
	}, func(m inject.Malformed) {})
	if len(sub.Malformed) > 0 {
		return sub.Malformed[0].Element.Err
	}
	return nil
}
