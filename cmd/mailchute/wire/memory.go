package wire

import (
	"mailchute/cmd/mailchute/host"
	"mailchute/inject/config"
	"mailchute/relay/redirect"
)

// OpenMemory is what 557 has taught the user who runs the program, or the server
// where part says so; nil where the account remembers nothing, or there is no place
// for it.
func OpenMemory(a *config.Account, part string, getenv func(string) string) *redirect.Memory {
	if !a.Redirect.Remember || a.Redirect.Follow == redirect.FollowNever {
		return nil
	}
	path := host.RedirectsPath(part, getenv)
	if path == "" {
		return nil
	}
	return redirect.OpenMemory(path)
}
