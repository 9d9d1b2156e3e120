package queue

import (
	"errors"
	"fmt"
	"reflect"
	"time"
	"unicode/utf8"

	"mailchute/headers/address"
	"mailchute/relay/envelope"
	"mailchute/relay/reply"
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

// state is what became of a message: a file of its own once it has changed.
type state struct {
	Version   int       `json:"version"`
	Since     time.Time `json:"since,omitzero"`
	Held      bool      `json:"held,omitempty"`
	NotBefore time.Time `json:"not_before,omitzero"`
	Warned    bool      `json:"warned,omitempty"`
	Fates     []fate    `json:"fates"` // of the recipients, in the order of the submission
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
}

type fate struct {
	Address  mailbox   `json:"address"`
	Trail    []hop     `json:"trail,omitempty"`
	State    string    `json:"state"`
	Cause    string    `json:"cause,omitempty"`
	Reply    *answer   `json:"reply,omitempty"`
	Status   [3]int    `json:"status,omitzero"`
	Reason   string    `json:"reason,omitempty"`
	Server   string    `json:"server,omitempty"`
	Reports  bool      `json:"reports_success,omitempty"`
	Attempts int       `json:"attempts,omitempty"`
	Last     time.Time `json:"last,omitzero"`
	Next     time.Time `json:"next,omitzero"`
	Told     bool      `json:"told,omitempty"`
}

type hop struct {
	From       mailbox   `json:"from"`
	To         mailbox   `json:"to"`
	Code       int       `json:"code"`
	Remembered bool      `json:"remembered,omitempty"`
	Said       time.Time `json:"said,omitzero"`
	Server     string    `json:"server,omitempty"`
	Verified   string    `json:"verified,omitempty"`
	Trusted    bool      `json:"trusted,omitempty"` // a record without it proves nothing
	Own        bool      `json:"own,omitempty"`
	Outside    bool      `json:"outside,omitempty"`
	Direct     bool      `json:"direct,omitempty"`
	TLS        bool      `json:"tls,omitempty"`
	Demanded   bool      `json:"demanded,omitempty"`
}

type answer struct {
	Code     int      `json:"code"`
	Enhanced [3]int   `json:"enhanced,omitzero"`
	Lines    []string `json:"lines,omitempty"`
	Command  string   `json:"command,omitempty"`
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
			Original: mailbox(r.Original), ORCPT: string(r.ORCPT), Notify: notifyWords(r.Notify), ValidSince: r.ValidSince,
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
			Original: address.Addr(r.Original), Address: address.Addr(r.Original), ORCPT: first, Notify: n, ValidSince: r.ValidSince,
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

func stateOf(e *Entry) state {
	s := state{Version: version, Since: e.Since, Held: e.Held, NotBefore: e.NotBefore, Warned: e.Warned}
	for i, r := range e.Envelope.Recipients {
		o, t := r.Outcome, e.Retries[i]
		f := fate{
			Address: mailbox(r.Address),
			State:   word(stateWords[:], int(o.State)), Cause: word(causeWords[:], int(o.Cause)),
			Status: triple(o.Status), Reason: o.Reason, Server: o.Server, Reports: o.ReportsSuccess,
			Attempts: t.Attempts, Last: t.Last, Next: t.Next, Told: t.Told,
		}
		for _, h := range r.Trail {
			f.Trail = append(f.Trail, hopOf(h))
		}
		if p := o.Reply; p != nil {
			f.Reply = &answer{p.Code, triple(p.Enhanced), p.Lines, p.Command}
		}
		s.Fates = append(s.Fates, f)
	}
	return s
}

// untried tells whether s says no more than the submission of e itself.
func (s *state) untried(e *Entry) bool {
	for i, f := range s.Fates {
		plain := fate{Address: mailbox(e.Envelope.Recipients[i].Original), State: stateWords[envelope.Pending]}
		if !reflect.DeepEqual(f, plain) {
			return false
		}
	}
	return !s.matters() && s.Since.Equal(e.Submitted)
}

// apply puts s on e. On an error e is as it was.
func (s *state) apply(e *Entry) error {
	if s.Version != version {
		return &VersionError{Version: fmt.Sprint(s.Version)}
	}
	if len(s.Fates) != len(e.Envelope.Recipients) {
		return fmt.Errorf("%d fates for %d recipients", len(s.Fates), len(e.Envelope.Recipients))
	}
	outcomes := make([]envelope.Outcome, len(s.Fates))
	for i := range s.Fates {
		var err error
		if outcomes[i], err = s.Fates[i].outcome(); err != nil {
			return err
		}
	}
	e.Retries = make([]Retry, len(s.Fates))
	for i, f := range s.Fates {
		r := e.Envelope.Recipients[i]
		r.Address, r.Trail, r.Outcome = address.Addr(f.Address), f.hops(), outcomes[i]
		e.Retries[i] = Retry{Attempts: f.Attempts, Last: f.Last, Next: f.Next, Told: f.Told}
	}
	e.Since, e.Held, e.NotBefore, e.Warned = s.Since, s.Held, s.NotBefore, s.Warned
	return nil
}

func (f *fate) hops() []envelope.Hop {
	var hs []envelope.Hop
	for _, h := range f.Trail {
		hs = append(hs, h.value())
	}
	return hs
}

func hopOf(h envelope.Hop) hop {
	return hop{
		From: mailbox(h.From), To: mailbox(h.To), Code: h.Code, Remembered: h.Remembered,
		Said: h.Said, Server: h.Server, Verified: h.Verified, Trusted: h.Trusted, Own: h.Own, Outside: h.Outside, Direct: h.Direct, TLS: h.TLS, Demanded: h.Demanded,
	}
}

func (h hop) value() envelope.Hop {
	return envelope.Hop{
		From: address.Addr(h.From), To: address.Addr(h.To), Code: h.Code, Remembered: h.Remembered,
		Said: h.Said, Server: h.Server, Verified: h.Verified, Trusted: h.Trusted, Own: h.Own, Outside: h.Outside, Direct: h.Direct, TLS: h.TLS, Demanded: h.Demanded,
	}
}

func (f *fate) outcome() (envelope.Outcome, error) {
	st, err := number(stateWords[:], f.State)
	if err != nil {
		return envelope.Outcome{}, err
	}
	cause, err := number(causeWords[:], f.Cause)
	if err != nil {
		return envelope.Outcome{}, err
	}
	o := envelope.Outcome{
		State: envelope.State(st), Cause: envelope.Cause(cause),
		Status: enhanced(f.Status), Reason: f.Reason, Server: f.Server, ReportsSuccess: f.Reports,
	}
	if a := f.Reply; a != nil {
		o.Reply = &reply.Reply{Code: a.Code, Enhanced: enhanced(a.Enhanced), Lines: a.Lines, Command: a.Command}
	}
	return o, nil
}

// matters tells whether s holds what would do harm if it were lost: a final fate,
// for then a copy would be sent twice; a hold by hand; what the sender was told.
// What is left, the count of attempts and the time of the next, may be lost:
// then one attempt comes too early.
func (s *state) matters() bool {
	if s.Held || s.Warned || !s.NotBefore.IsZero() {
		return true
	}
	for _, f := range s.Fates {
		if f.State == stateWords[envelope.Delivered] || f.State == stateWords[envelope.Failed] {
			return true
		}
	}
	return false
}
