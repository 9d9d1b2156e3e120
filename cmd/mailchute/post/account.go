package post

import (
	"sync"

	"mailchute/cmd/mailchute/wire"
	"mailchute/headers/address"
	"mailchute/inject"
	"mailchute/inject/aliases"
	"mailchute/relay/runner"
)

// runnerAccount is how a run of the queue sends with this account, but for the relay.
func (p *Post) runnerAccount(who inject.Who) *runner.Account {
	a := wire.RunnerAccount(p.account, who)
	a.Mailboxes = p.mailboxes(who)
	return a
}

// mailboxes is where mail to a sender goes: cron's mail comes from root, and who reads
// that stands in the aliases. They are read when the first report is made. A mistake in
// them costs no report: it goes to the mailboxes that are right, or to the sender's own.
func (p *Post) mailboxes(who inject.Who) func(address.Addr) []address.Addr {
	load := sync.OnceValues(func() (*aliases.Table, error) {
		t, _, err := p.call.Aliases(p.account)
		return t, err
	})
	return func(sender address.Addr) []address.Addr {
		table, err := load()
		to, mistakes := who.Mailboxes(table, sender)
		if err == nil {
			err = mistakes
		}
		if err != nil {
			p.warn("in the aliases, for a report to " + sender.String() + ": " + err.Error())
		}
		return to
	}
}
