package wire

import (
	"time"

	"mailchute/headers/address"
	"mailchute/inject"
	"mailchute/inject/config"
	"mailchute/relay/runner"
)

// RunnerAccount is an account as a run of the queue knows it, without its relay: the
// schedule, and who reports come from.
func RunnerAccount(a *config.Account, who inject.Who) *runner.Account {
	return &runner.Account{
		RetryMin: a.Queue.RetryMin, RetryMax: a.Queue.RetryMax, Expire: a.Queue.Expire, WarnAfter: a.Queue.WarnAfter,
		Reporter: address.Addr{Local: "mailer-daemon", Domain: who.Fallback.Domain}, Host: hostName(who),
	}
}

// longestHold is how far in the future a message may be released, RFC 4865
// section 3.
const longestHold = 365 * 24 * time.Hour

// MaxHold is how long the account's own queue may hold a message for its sender; 0
// is not at all.
func MaxHold(a *config.Account) time.Duration {
	if !a.Queue.Enabled {
		return 0
	}
	return longestHold
}
