package wire

import (
	"mailchute/cmd/mailchute/host"
	"mailchute/inject/config"
	"mailchute/relay/redirect"
)

// OpenMemory is what 557 taught this user, or the server where part says so, nil
// where nothing is to be remembered.
func OpenMemory(a *config.Account, part string, getenv func(string) string) *redirect.Memory {
	if !a.Redirect.Remember || a.Redirect.Follow == redirect.FollowNever {
		return nil
	}
	path := host.MemoryPath(part, getenv)
	if path == "" {
		return nil
	}
	return redirect.OpenMemory(path)
}
