package config

import (
	"crypto/tls"
	"time"

	"mailchute/relay/redirect"
)

// day is the unit d of a duration.
const day = 24 * time.Hour

// Defaults is what holds where a file says nothing.
func Defaults() Account {
	return Account{
		Delivery: Sync,
		Aliases:  "/etc/aliases",
		TLS:      TLS{MinVersion: tls.VersionTLS12}, // RFC 8997
		Queue: Queue{
			Enabled:    true,
			RetryMin:   time.Minute,
			RetryMax:   4 * time.Hour,
			Expire:     5 * day, // RFC 5321 section 4.5.4.1: at least 4 to 5 days
			WarnAfter:  4 * time.Hour,
			KeepFailed: 30 * day,
			Workers:    4,
		},
		Redirect: Redirect{Policy: redirect.Policy{
			Follow:       redirect.FollowVerified,
			Codes:        []int{557, 558},
			Via:          redirect.ViaAuto,
			MaxHops:      5,
			Remember:     true,
			AllowDomains: []string{"*"},
		}},
		Timeouts: Timeouts{ // RFC 5321 section 4.5.3.2; it has no word on connecting
			Connect:  30 * time.Second,
			Greeting: 5 * time.Minute,
			Mail:     5 * time.Minute,
			Rcpt:     5 * time.Minute,
			Data:     2 * time.Minute,
			Block:    3 * time.Minute,
			Final:    10 * time.Minute,
		},
		Log: Log{To: "auto", Format: "text"},
		Serve: Serve{
			Listen:        []Listen{{"unix", "/run/mailchute/submit.sock"}},
			MaxRecipients: 10_000,
		},
	}
}
