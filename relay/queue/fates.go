package queue

import (
	"fmt"
	"reflect"
	"time"

	"mailchute/headers/address"
	"mailchute/relay/envelope"
	"mailchute/relay/reply"
)

// state is what became of a message: a file of its own once it has changed.
type state struct {
	Version   int       `json:"version"`
	Since     time.Time `json:"since,omitzero"`
	Held      bool      `json:"held,omitempty"`
	NotBefore time.Time `json:"not_before,omitzero"`
	Warned    bool      `json:"warned,omitempty"`
	Fates     []fate    `json:"fates"` // of the recipients, in the order of the submission
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
