package inject

import (
	"time"

	"mailchute/headers"
)

// wishes takes what header fields ask of the envelope: MT-Priority, where the
// command line gives no priority (RFC 6758 section 3.1), and
// Require-Recipient-Valid-Since of the recipients (RFC 7293 section 3.2). The
// fields stay; what becomes of them depends on the server.
func (s *Submission) wishes(h headers.Header) {
	if n, ok := headers.Priority(h); ok {
		for _, env := range s.Envelopes {
			if env.Options.Priority == nil {
				env.Options.Priority = &n
			}
		}
	}
	var since map[string]time.Time
	for _, f := range h.Fields() {
		of, t, ok := headers.ValidSince(f)
		if !ok {
			continue
		}
		if since == nil {
			since = map[string]time.Time{}
		}
		since[of.Qualify(s.Who.Domain).Key()] = t
	}
	if since == nil {
		return
	}
	for _, r := range s.recipients {
		if t, ok := since[r.Original.Key()]; ok && r.ValidSince.IsZero() {
			r.ValidSince = t
		}
	}
}
