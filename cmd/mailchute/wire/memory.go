package wire

import (
	"mailchute/cmd/mailchute/host"
	"mailchute/inject/config"
	"mailchute/relay/redirect"
)

// OpenMemory is what 557 taught this user, nil where nothing is to be remembered.
func OpenMemory(a *config.Account, getenv func(string) string) *redirect.Memory {
	if !a.Redirect.Remember || a.Redirect.Follow == redirect.FollowNever {
		return nil
	}
	path := host.MemoryPath(getenv)
	if path == "" {
		return nil
	}
	return redirect.OpenMemory(path)
}
