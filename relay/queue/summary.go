package queue

import (
	"slices"
	"strings"
	"time"

	"mailchute/relay/envelope"
)

// Summary is an entry as listings show it, with the names of the JSON form.
type Summary struct {
	ID         string    `json:"id"`
	Account    string    `json:"account,omitempty"`
	User       string    `json:"user,omitempty"`
	Sender     string    `json:"sender"`     // "" is the null sender
	Recipients []string  `json:"recipients"` // those that wait; of a failed message, those that failed
	Size       int64     `json:"size"`       // octets of header and body
	Submitted  time.Time `json:"submitted"`
	Attempts   int       `json:"attempts"` // the most that one recipient has seen
	Next       time.Time `json:"next_attempt,omitzero"`
	LastError  string    `json:"last_error,omitempty"`
	Held       bool      `json:"held"`
	Failed     bool      `json:"failed"`
	Fates      []Fate    `json:"fates"` // of all recipients
}

// Open is the fates of those in Recipients, the ones with the same words together.
func (s Summary) Open() []Fate {
	var open []Fate
	for _, f := range s.Fates {
		if f.State != stateWords[envelope.Delivered] && (f.State == stateWords[envelope.Failed] || !s.Failed) {
			open = append(open, f)
		}
	}
	slices.SortStableFunc(open, func(a, b Fate) int { return strings.Compare(a.Text, b.Text) })
	return open
}

// Fate is one recipient in a Summary.
type Fate struct {
	Recipient string    `json:"recipient"`
	Original  string    `json:"original,omitempty"` // where the sender sent it, if redirects led away
	State     string    `json:"state"`              // pending, delivered, deferred or failed
	Attempts  int       `json:"attempts"`
	Next      time.Time `json:"next_attempt,omitzero"`
	Text      string    `json:"text,omitempty"` // the latest word on it
}

// Summary is e for a listing.
func (e *Entry) Summary() Summary {
	s := Summary{
		ID: e.ID, Account: e.Account, User: e.User, Sender: e.Envelope.Sender.String(), Recipients: []string{},
		Size: e.Size, Submitted: e.Submitted, Held: e.Held, Failed: e.Failed, Fates: []Fate{},
	}
	if !e.Failed {
		s.Next = e.Next()
	}
	var latest time.Time
	for i, r := range e.Envelope.Recipients {
		f, last := e.fate(i), e.Retries[i].Last
		s.Fates = append(s.Fates, f)
		s.Attempts = max(s.Attempts, f.Attempts)
		if !e.concerns(i) {
			continue
		}
		s.Recipients = append(s.Recipients, r.Address.String())
		if f.Text != "" && !last.Before(latest) {
			s.LastError, latest = f.Text, last
		}
	}
	return s
}

// concerns tells whether recipient i is why e still stands where it stands.
func (e *Entry) concerns(i int) bool {
	return e.open(i) || e.Envelope.Recipients[i].Outcome.State == envelope.Failed
}

func (e *Entry) fate(i int) Fate {
	r, t := e.Envelope.Recipients[i], e.Retries[i]
	f := Fate{
		Recipient: r.Address.String(), State: word(stateWords[:], int(r.Outcome.State)),
		Attempts: t.Attempts, Text: r.Outcome.Text(),
	}
	if e.open(i) {
		f.Next = t.Next
	}
	if !r.Original.Equal(r.Address) {
		f.Original = r.Original.String()
	}
	return f
}
