package queue

import (
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"mailchute/headers/address"
	"mailchute/relay/envelope"
)

// The types below are the format on disk, apart from the types that the program
// works with, so that a change of one is not a change of the other unseen. JSON
// escapes every control character, so no address and no reply can forge a line.

// submission is the second line of a message file: what was accepted.
type submission struct {
	ID         string      `json:"id"`
	Submitted  time.Time   `json:"submitted"`
	Account    string      `json:"account,omitempty"`
	User       string      `json:"user,omitempty"`
	UID        int         `json:"uid,omitempty"`
	Errors     string      `json:"errors,omitempty"`
	Family     string      `json:"family,omitempty"`
	Sender     mailbox     `json:"sender"`
	Recipients []recipient `json:"recipients"`
	Options    options     `json:"options,omitzero"`
	Header     int64       `json:"header"` // octets
	Body       traits      `json:"body"`
	State      *state      `json:"state,omitempty"` // when it had been tried before it was accepted
}

type mailbox struct {
	Local  string `json:"local"`
	Domain string `json:"domain"`
}

type recipient struct {
	Original   mailbox   `json:"original"`
	ORCPT      string    `json:"orcpt,omitempty"`
	Notify     []string  `json:"notify,omitempty"`
	ValidSince time.Time `json:"valid_since,omitzero"`
	ValidElse  string    `json:"valid_else,omitempty"`
}

type options struct {
	Return     string     `json:"return,omitempty"`
	EnvelopeID string     `json:"envelope_id,omitempty"`
	EightBit   bool       `json:"eight_bit,omitempty"`
	SMTPUTF8   bool       `json:"smtputf8,omitempty"`
	RequireTLS bool       `json:"require_tls,omitempty"`
	Priority   *int       `json:"priority,omitempty"`
	DeliverBy  *deliverBy `json:"deliver_by,omitempty"`
	Hold       *hold      `json:"hold,omitempty"`
}

type deliverBy struct {
	Deadline time.Time `json:"deadline"`
	Return   bool      `json:"return,omitempty"`
	Trace    bool      `json:"trace,omitempty"`
}

type hold struct {
	Until time.Time     `json:"until"`
	For   time.Duration `json:"for,omitempty"` // nanoseconds
}

type traits struct {
	Size        int64 `json:"size"`
	WireSize    int64 `json:"wire_size"`
	EightBit    bool  `json:"eight_bit,omitempty"`
	NUL         bool  `json:"nul,omitempty"`
	BareCR      bool  `json:"bare_cr,omitempty"`
	LongestLine int64 `json:"longest_line"`
	Canonical   bool  `json:"canonical,omitempty"`
	InvalidUTF8 bool  `json:"invalid_utf8,omitempty"`
	Controls    int64 `json:"controls,omitempty"`
	High        int64 `json:"high,omitempty"`
	CRLFOnly    bool  `json:"crlf_only,omitempty"`
}

// submissionOf is the record of a new entry.
func submissionOf(e *Entry) (submission, error) {
	s := submission{
		ID: e.ID, Submitted: e.Submitted.UTC(), Account: e.Account, User: e.User, UID: e.UID, Errors: e.Errors, Family: e.Family,
		Sender:  mailbox(e.Envelope.Sender),
		Options: optionsOf(e.Envelope.Options),
		Header:  int64(len(e.Message.Header)),
		Body:    traits(e.Message.Body.Traits),
	}
	if st := stateOf(e); !st.untried(e) {
		s.State = &st
	}
	if !s.Sender.valid() {
		return s, errNotUTF8
	}
	for _, r := range e.Envelope.Recipients {
		if !mailbox(r.Original).valid() || !mailbox(r.Address).valid() {
			return s, errNotUTF8
		}
		s.Recipients = append(s.Recipients, recipient{
			Original: mailbox(r.Original), ORCPT: string(r.ORCPT), Notify: notifyWords(r.Notify), ValidSince: r.ValidSince, ValidElse: string(r.ValidElse),
		})
	}
	return s, nil
}

// errNotUTF8: JSON would change the address without a word.
var errNotUTF8 = errors.New("an address is not valid UTF-8")

func (m mailbox) valid() bool { return utf8.ValidString(m.Local) && utf8.ValidString(m.Domain) }

// entry is the entry that s describes, as it was accepted and without its text.
func (s *submission) entry() (*Entry, error) {
	e := &Entry{
		ID: s.ID, Submitted: s.Submitted, Account: s.Account, User: s.User, UID: s.UID, Errors: s.Errors, Family: s.Family,
		Size: s.Header + int64(len(crlf)) + s.Body.Size,
		Envelope: &envelope.Envelope{
			Sender:  address.Addr(s.Sender),
			Options: s.Options.value(),
		},
	}
	for _, r := range s.Recipients {
		n, err := notifyOf(r.Notify)
		if err != nil {
			return nil, err
		}
		first, ok := envelope.ParseORCPT(r.ORCPT)
		if !ok && r.ORCPT != "" {
			return nil, fmt.Errorf("malformed orcpt %q", r.ORCPT)
		}
		e.Envelope.Recipients = append(e.Envelope.Recipients, &envelope.Recipient{
			Original: address.Addr(r.Original), Address: address.Addr(r.Original), ORCPT: first, Notify: n, ValidSince: r.ValidSince, ValidElse: envelope.ValidElse(r.ValidElse),
		})
	}
	if s.State != nil {
		if err := s.State.apply(e); err != nil {
			return nil, err
		}
	}
	e.complete()
	return e, nil
}
