package check

import (
	"fmt"

	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/host"
	"mailchute/relay/redirect"
)

// checkRedirects says what 557 replies have taught this user.
func checkRedirects(at about, f *face.Call) {
	path := host.RedirectsPath(f.Part, f.Getenv)
	p := f.Config.Default.Redirect
	switch {
	case p.Follow == redirect.FollowNever:
		at.ok("redirects", "none is followed")
		return
	case !p.Remember, path == "":
		at.ok("redirects", "none is remembered")
		return
	}
	entries, err := redirect.OpenMemory(path).List()
	if err != nil {
		at.warn("redirects", "what was learnt cannot be used: "+err.Error(), "")
		return
	}
	unproven := 0
	for _, e := range entries {
		if e.Unproven {
			unproven++
		}
	}
	text := fmt.Sprintf("%d are remembered", len(entries))
	switch {
	case len(entries) == 0:
		at.ok("redirects", "none was learnt yet")
	case unproven > 0:
		at.note("redirects", fmt.Sprintf("%s, %d of them from servers that could have been anybody", text, unproven), "mailchute redirects list; redirects forget")
	default:
		at.ok("redirects", text)
	}
}
