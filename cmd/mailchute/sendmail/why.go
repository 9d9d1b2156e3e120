package sendmail

import (
	"fmt"
	"strings"

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
