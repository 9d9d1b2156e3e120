package wire

import (
	"time"

	"mailchute/headers/address"
	"mailchute/inject"
	"mailchute/inject/config"
	"mailchute/relay/runner"
)

func NewRunnerAccount(a *config.Account, who inject.Who) *runner.Account {
	host := who.Hostname
	if host == "" {
		host = who.Fallback.Domain
	}
	return &runner.Account{
		RetryMin: a.Queue.RetryMin, RetryMax: a.Queue.RetryMax, Expire: a.Queue.Expire, WarnAfter: a.Queue.WarnAfter,
		Reporter: address.Addr{Local: "mailer-daemon", Domain: who.Fallback.Domain}, Host: host,
	}
}

// LongestHold is how far in the future a message may be released, RFC 4865
// section 2: what waits that long waits in our own queue.
const LongestHold = 365 * 24 * time.Hour
