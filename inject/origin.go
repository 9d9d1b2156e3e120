package inject

import "mailchute/relay/envelope"

// Origin is how a recipient came to be one.
type Origin struct {
	Field string // that names it; "": an argument, or RCPT in a session
	Group string // of that field, which it is a member of; "": none
	Alias string // that was replaced by it, as written; "": none
}

// origins is where the recipients of a submission come from: each entry holds from
// its first recipient to that of the next entry. There are few entries, however
// many recipients.
type origins []struct {
	first int
	Origin
}

// remember notes the origin of the recipient with this number.
func (b *addressing) remember(n int) {
	if last := len(b.origins) - 1; last < 0 || b.origins[last].Origin != b.origin {
		b.origins = append(b.origins, struct {
			first int
			Origin
		}{n, b.origin})
	}
}

// Origins is where each recipient comes from. Of a mailbox that was named twice
// it is the first time.
func (s *Submission) Origins() map[*envelope.Recipient]Origin {
	of := make(map[*envelope.Recipient]Origin, len(s.recipients))
	at := -1
	for i, r := range s.recipients {
		if at+1 < len(s.origins) && s.origins[at+1].first == i {
			at++
		}
		of[r] = s.origins[at].Origin
	}
	return of
}
