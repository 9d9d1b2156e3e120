package redirect

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"mailchute/headers/address"
)

// Entry is one thing that a 557 taught: mail for Old goes to New. Its JSON form
// is a line of the memory's file and an element of `redirects list --json`.
type Entry struct {
	Old, New address.Addr
	Code     int       // always 557: a 558 MUST NOT change records, draft-sam-smtp-redirects section 3.2
	Learned  time.Time // when
	Server   string    // which server said it, as it calls itself
	Verified string    // the name that its certificate was verified for; "" when it was not TLS
	Unproven bool      // said where nobody could be sure whom we talked to; believed under "always" alone
	TLS      bool      // Old's domain demands verified TLS by what it publishes
	Outside  bool      // said by a server that is neither on this machine nor in a private network: it must not lead there
	Uses     int       // messages that were sent to New because of this entry
}

// Check tells what is wrong with e, nil when it can be learnt.
func (e Entry) Check() error {
	switch {
	case e.Code != 557:
		return fmt.Errorf("only a 557 is remembered, not a %d", e.Code)
	case e.Old.IsNull() || e.Old.Domain == "":
		return fmt.Errorf("the old address %q has no domain", e.Old)
	case e.New.IsNull() || e.New.Domain == "":
		return fmt.Errorf("the new address %q has no domain", e.New)
	case e.Old.Equal(e.New):
		return fmt.Errorf("%q cannot redirect to itself", e.Old)
	}
	return nil
}

// Same tells whether two entries lead from the same old address to the same new one.
func (e Entry) Same(o Entry) bool { return e.Old.Equal(o.Old) && e.New.Equal(o.New) }

// yields tells whether e counts for less than what is known: hearsay less than what
// was said where we could be sure, and else the earlier word less than the later.
// What waited in a queue for days may have been said before what was learnt since.
func (e Entry) yields(known Entry) bool {
	if e.Unproven != known.Unproven {
		return e.Unproven
	}
	return !e.Learned.IsZero() && known.Learned.After(e.Learned)
}

// line is an Entry as it is written.
type line struct {
	Old      string    `json:"old"`
	New      string    `json:"new"`
	Code     int       `json:"code"`
	Learned  time.Time `json:"learned,omitzero"`
	Server   string    `json:"server,omitempty"`
	Verified string    `json:"verified,omitempty"`
	Unproven bool      `json:"unproven,omitempty"`
	TLS      bool      `json:"tls,omitempty"`
	Outside  bool      `json:"outside,omitempty"`
	Uses     int       `json:"uses"`
}

// MarshalJSON gives the names old, new, code, learned (RFC 3339, UTC), server,
// verified, unproven, tls, outside and uses.
func (e Entry) MarshalJSON() ([]byte, error) { return json.Marshal(lineOf(e)) }

// UnmarshalJSON reads what MarshalJSON wrote. Names that it does not know are
// ignored; an entry that could not be learnt is an error.
func (e *Entry) UnmarshalJSON(data []byte) error {
	var l line
	err := json.Unmarshal(data, &l)
	if err == nil {
		*e, err = l.entry()
	}
	return err
}

// written is e as it will be read again.
func (e Entry) written() Entry {
	e.Learned = e.Learned.UTC().Truncate(time.Second)
	e.Server, e.Verified = plain(e.Server), plain(e.Verified)
	return e
}

func lineOf(e Entry) line {
	e = e.written()
	return line{
		Old: e.Old.String(), New: e.New.String(), Code: e.Code, Learned: e.Learned,
		Server: e.Server, Verified: e.Verified, Unproven: e.Unproven, TLS: e.TLS, Outside: e.Outside, Uses: e.Uses,
	}
}

func (l line) entry() (Entry, error) {
	oldAddr, err := address.ParsePath(l.Old)
	if err != nil {
		return Entry{}, err
	}
	newAddr, err := address.ParsePath(l.New)
	if err != nil {
		return Entry{}, err
	}
	if l.Uses < 0 {
		return Entry{}, errors.New("uses is negative")
	}
	e := Entry{
		Old: oldAddr, New: newAddr, Code: l.Code, Learned: l.Learned,
		Server: plain(l.Server), Verified: plain(l.Verified), Unproven: l.Unproven, TLS: l.TLS, Outside: l.Outside, Uses: l.Uses,
	}
	return e, e.Check()
}

// plain is a server's name fit to be kept and shown: no control characters, no
// longer than a domain name can be.
func plain(s string) string {
	if len(s) > 255 {
		s = s[:255]
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}
