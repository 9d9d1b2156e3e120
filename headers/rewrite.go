package headers

import (
	"fmt"
	"slices"
	"time"

	"mailchute/headers/address"
	"mailchute/relay/reply"
)

// Policy is what Rewrite has to know of the world.
type Policy struct {
	Identity    address.Addr // the system identity of the submitting user; null when there is none
	KeepSender  bool         // leave Sender to the writer of the message
	ReplaceFrom bool         // put Identity into From, and the old From into Reply-To

	From     address.Addr // for a From field that has to be added
	FullName string       // display name for it, may be empty

	Domain string // qualifies addresses without a domain; "" leaves them

	Date      time.Time // for a Date field that has to be added
	MessageID string    // for a Message-ID field that has to be added, without brackets

	Hops    int // hops that the message has made by the caller's count
	MaxHops int // most Received fields allowed; 0 is DefaultMaxHops
}

// DefaultMaxHops is the number of Received fields above which a message is taken
// to go in a circle, RFC 5321 section 6.3.
const DefaultMaxHops = 100

// Change is one thing that Rewrite did.
type Change struct {
	Rule          string // its name, with the clause in parentheses
	Before, After string // the field, CRLF and all; "" when it was not there, or is no more
}

// rule is a row of the table.
type rule struct {
	name   string
	clause string
	apply  func(*draft)
}

// rules are all the rules, in the order in which they are applied: refuse, take
// away, mend, add. The order in which fields are added is the order in which
// they stand. Rules from "source route" to "Sender" speak of the Resent- fields
// of the first block in a message that was resent, and leave the fields of the
// original alone (RFC 5322 section 3.6.6).
var rules = [...]rule{
	{"too many hops", "RFC 5321 6.3", (*draft).refuseLoop},
	{"Return-Path removed", "RFC 5321 4.4", (*draft).removeReturnPath},
	{"second From removed", "RFC 5322 3.6", (*draft).keepOneFrom},
	{"second Date removed", "RFC 5322 3.6", (*draft).keepOneDate},
	{"source route dropped", "RFC 5322 4.4", (*draft).dropRoutes},
	{"address qualified", "RFC 6409 8.8", (*draft).qualify},
	{"From replaced by the identity", "RFC 6409 8.8", (*draft).replaceFrom},
	{"From added", "RFC 5322 3.6", (*draft).addFrom},
	{"Date that is no date replaced", "RFC 5322 3.3", (*draft).replaceDate},
	{"Date added", "RFC 6409 8.2", (*draft).addDate},
	{"Message-ID added", "RFC 6409 8.3", (*draft).addMessageID},
	{"Sender is the identity", "rfc6409bis 5", (*draft).identifySender},
	{"Sender added for several From", "RFC 5322 3.6.2", (*draft).chooseSender},
	{"Bcc removed", "rfc6409bis 4.1", (*draft).removeBcc},
	{"empty Bcc added", "rfc6409bis 4.1", (*draft).addBcc},
}

// Rewrite is h as it goes out, and what was changed, in order. A header that was
// rewritten is rewritten to itself. The error is an *Error: the message must not
// be sent.
func Rewrite(h Header, p Policy) (Header, []Change, error) {
	d := draft{Policy: p, fields: append(make([]Field, 0, len(h.fields)+6), h.fields...)}
	if isResent(h.fields) {
		d.prefix = resentPrefix
	}
	for i := range rules {
		d.rule = &rules[i]
		d.rule.apply(&d)
		if d.err != nil {
			return h, nil, d.err
		}
	}
	return Header{d.fields}, d.changes, nil
}

// draft is a header at work.
type draft struct {
	Policy
	fields  []Field
	prefix  string // of the names that the rules speak of: "", or "Resent-"
	added   int    // fields put in front of the first Resent block
	rule    *rule  // the rule at work
	changes []Change
	err     error
}

// scope is the part of the header that the rules speak of: all of it, or the
// first Resent block.
func (d *draft) scope() (start, end int) {
	if d.prefix == "" {
		return 0, len(d.fields)
	}
	return firstBlock(d.fields)
}

// find is the index of the first field of this name, prefixed, in the scope, or
// -1.
func (d *draft) find(name string) int {
	name = d.prefix + name
	start, end := d.scope()
	for i := start; i < end; i++ {
		if d.fields[i].Is(name) {
			return i
		}
	}
	return -1
}

// set fills the first field of this name in the scope, or adds one: to the end of
// the header, or of what was added to the top of the first Resent block.
func (d *draft) set(name, value string) {
	f := NewField(d.prefix+name, value)
	if i := d.find(name); i >= 0 {
		d.replace(i, f)
		return
	}
	at := len(d.fields)
	if d.prefix != "" {
		start, _ := d.scope()
		at = start + d.added
		d.added++
	}
	d.insert(at, f)
}

func (d *draft) insert(at int, f Field) {
	d.note(Field{}, f)
	d.fields = slices.Insert(d.fields, at, f)
}

func (d *draft) replace(i int, f Field) {
	if string(d.fields[i].raw) != string(f.raw) {
		d.note(d.fields[i], f)
		d.fields[i] = f
	}
}

// remove takes away the fields of fields[start:end] that are unwanted.
func (d *draft) remove(start, end int, unwanted func(i int, f Field) bool) {
	kept := start
	for i := start; i < end; i++ {
		f := d.fields[i]
		if unwanted(i, f) {
			d.note(f, Field{})
			continue
		}
		d.fields[kept] = f
		kept++
	}
	d.fields = append(d.fields[:kept], d.fields[end:]...)
}

func (d *draft) note(before, after Field) {
	d.changes = append(d.changes, Change{
		Rule:   d.rule.name + " (" + d.rule.clause + ")",
		Before: string(before.raw),
		After:  string(after.raw),
	})
}

func (d *draft) refuseLoop() {
	limit := d.MaxHops
	if limit == 0 {
		limit = DefaultMaxHops
	}
	if hops := max(d.Hops, Header{d.fields}.Count("Received")); hops > limit {
		d.err = &Error{
			Status: reply.Enhanced{Class: 5, Subject: 4, Detail: 6},
			Reason: fmt.Sprintf("the message has made %d hops, more than %d: it seems to go in a circle", hops, limit),
		}
	}
}
