package sendmail

import (
	"fmt"
	"strings"
	"time"

	"mailchute/cmd/mailchute/host"
	"mailchute/cmd/mailchute/voice"
	"mailchute/cmd/mailchute/wire"
	"mailchute/headers/address"
	"mailchute/inject"
	"mailchute/inject/config"
	"mailchute/relay/envelope"
)

// whyAccount is which pattern picked the account.
func (c *call) whyAccount(in *inject.Input) string {
	if c.Args.Account != "" {
		return "named by --account"
	}
	if len(c.Config.Accounts) == 0 {
		return ""
	}
	sender, from := inject.Senders(c.Args, in, host.World(c.Who, c.Getenv), wire.Rules(&c.Config.Default))
	switch choice := c.Config.Choose(sender, from); {
	case choice.Pattern != "" && choice.Sender:
		return fmt.Sprintf("match %q fits the envelope sender %s", choice.Pattern, voice.Path(choice.Address))
	case choice.Pattern != "":
		return fmt.Sprintf("match %q fits the From address %s", choice.Pattern, voice.Path(choice.Address))
	}
	var asked []string
	for _, a := range []address.Addr{sender, from} {
		if !a.IsNull() {
			asked = append(asked, voice.Path(a))
		}
	}
	if asked == nil {
		return "no pattern of an account was asked: there is neither a sender nor a From address"
	}
	return "no pattern of an account fits " + strings.Join(asked, " or ")
}

// whySender is the rule that gave the envelope its sender.
func (c *call) whySender(sub *inject.Submission, env *envelope.Envelope, a *config.Account) string {
	counts := c.Args.HasSender && sub.Who.Trusted
	switch {
	case counts && (env.Sender.IsNull() || sameAddress(c.Args.Sender, env.Sender, sub.Who)):
		return "-f, which counts for this user"
	case env.Sender.Equal(sub.Who.System):
		return "the identity: " + identityWords(a, sub.Who)
	case counts:
		return "the owner of the list, owner- in the aliases"
	case !sub.Who.System.IsNull():
		return "the owner of the list, owner- in the aliases"
	case env.Sender.Equal(sub.From):
		return "the From address, as there is no identity"
	}
	return "user and host, as nothing better is known"
}

// sameAddress tells whether a was typed as text.
func sameAddress(text string, a address.Addr, who inject.Who) bool {
	typed, err := address.Parse(text)
	if err != nil {
		return false
	}
	typed = typed.Qualify(who.Domain)
	return typed.Equal(a) || typed.Domain == "" && typed.Local == a.Local
}

// identityWords is where the identity comes from.
func identityWords(a *config.Account, who inject.Who) string {
	switch {
	case a.Identity.Address != "":
		return fmt.Sprintf("identity.address = %q", a.Identity.Address)
	case a.Identity.Domain != "":
		return "the user at identity.domain"
	case strings.EqualFold(who.Domain, who.Hostname):
		return "the user at the name of this host"
	}
	return "the user at the name in /etc/mailname"
}

// whyRecipient is where a recipient was named.
func whyRecipient(o inject.Origin) string {
	why := "argument"
	if o.Field != "" {
		why = o.Field
	}
	if o.Group != "" {
		why += ", group " + o.Group
	}
	if o.Alias != "" {
		why += ", alias of " + o.Alias
	}
	return why
}

// onFailure is what happens to what cannot be sent.
func (c *call) onFailure(sub *inject.Submission, a *config.Account) []string {
	var all []string
	delivery := a.Delivery
	if c.Args.Delivery != "" {
		delivery = config.Delivery(c.Args.Delivery)
	}
	q, err := c.OpenQueue(a)
	keeps := err == nil && q != nil
	if keeps {
		defer q.Close()
	}
	switch {
	case wire.ByLocalServer(a), delivery == config.Sync, delivery == config.Background && !keeps:
		all = append(all, "it is sent before the program ends, and the exit status is true of each recipient")
	case delivery == config.Background:
		all = append(all, "it is written to the queue, exit status 0, and sent in the background")
	case keeps:
		all = append(all, "it is written to the queue, exit status 0, and sent by the next run of the queue")
	default:
		all = append(all, "delivery by the queue was asked for, which is turned off: exit status 69")
	}
	if keeps {
		all = append(all, laterWords(q.Path(), a)...)
		if h, held := q.RouteHold(a.Name); held && h.Active(time.Now()) {
			all = append(all, "at this moment nothing waiting is tried before "+voice.Time(h.Until)+": "+h.Reason)
		}
	} else {
		all = append(all, "for now (no network, 4yz): a line on standard error and exit status 75; the caller keeps the message, as there is no queue")
	}
	return append(all, c.refusedWords(sub))
}

// laterWords is the retries of the queue.
func laterWords(dir string, a *config.Account) []string {
	q := a.Queue
	steps := []string{}
	for d := q.RetryMin; d < q.RetryMax && len(steps) < 3; d *= 2 {
		steps = append(steps, config.Spell(d))
	}
	words := []string{fmt.Sprintf("for now (no network, 4yz): it is kept in %s, exit status 0, and tried again after %s, at most every %s, for %s",
		dir, strings.Join(append(steps, "..."), ", "), config.Spell(q.RetryMax), config.Spell(q.Expire))}
	if q.WarnAfter > 0 {
		return append(words, "the sender is told by mail when it is "+config.Spell(q.WarnAfter)+" late, and when it is given up")
	}
	return append(words, "the sender is told by mail when it is given up")
}

// refusedWords is what -o e asks for where a recipient is refused for good.
func (c *call) refusedWords(sub *inject.Submission) string {
	const good = "for good (5yz): "
	to := "the sender"
	if len(sub.Envelopes) > 0 {
		if to = voice.Path(sub.Envelopes[0].Sender); sub.Envelopes[0].Sender.IsNull() {
			to = "nobody, as the sender is null: it is kept among the failed"
		}
	}
	switch c.Args.OnError {
	case 'q':
		return good + "nothing is printed (-oeq); the exit status says it: 67 no such user, 69 refused, 77 not permitted"
	case 'm', 'w':
		return good + "a report by mail to " + to + " (-oem), and exit status 67, 69 or 77"
	case 'e':
		return good + "a report by mail to " + to + " (-oee), and exit status 0"
	}
	return good + "a line on standard error for each recipient, and exit status 67 no such user, 69 refused, 77 not permitted"
}
