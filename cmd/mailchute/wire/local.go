package wire

import (
	"os"

	"mailchute/inject/config"
	"mailchute/relay/route"
)

// SystemSocket is where mailchute serve listens.
const SystemSocket = "/run/mailchute/submit.sock"

// SocketConfig is the configuration of a machine that has none: everything goes
// to the local submission server, if there is one.
func SocketConfig() (*config.Config, bool) {
	if info, err := os.Stat(SystemSocket); err != nil || info.Mode()&os.ModeSocket == 0 {
		return nil, false
	}
	c := &config.Config{Default: config.Defaults()}
	c.Default.Smarthosts = []route.Smarthost{{Scheme: route.Unix, Path: SystemSocket}}
	c.Default.Queue.Enabled = false
	return c, true
}

// ByLocalServer tells whether the account hands over to a server on this machine.
func ByLocalServer(a *config.Account) bool {
	for _, h := range a.Smarthosts {
		if h.Scheme != route.Unix {
			return false
		}
	}
	return len(a.Smarthosts) > 0
}
