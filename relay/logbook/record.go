package logbook

import (
	"strings"
	"time"
	"unicode/utf8"
)

// Record is one thing that happened to a message. Zero fields are left out. What
// it holds is taken as it is and escaped when it is written.
type Record struct {
	Time       time.Time
	Event      string        // "sent", "deferred", "failed", "kept", "redirect", "queue", "session", "reload", "warning"
	ID         string        // queue id
	Account    string        // name of the account
	Smarthost  string        // name of the server
	TLS        string        // version of TLS
	Sender     string        // reverse-path without brackets; empty is the null one where there are recipients
	Recipients []Recipient   // that the event is about
	MessageID  string        // with or without brackets
	Size       int64         // octets
	Took       time.Duration // from the first attempt's start to its end
	User       string        // who submitted the message
	Exit       int           // exit status, sysexits(3)
	Text       string        // anything else, in words
	More       int           // recipients that are left out
	Session    *Session      // of an event "session"
}

// Session is what a client of the server did.
type Session struct {
	UID      int // of the client; -1: not known
	Commands int
	Errors   int    // commands that are no SMTP
	Accepted int    // messages
	Refused  int    // transactions, messages and recipients
	Limited  int    // of these, by a limit on messages in a minute
	End      string // how it ended, a word
}

// number is a count and its name.
type number struct {
	name  string
	value int
}

func (s *Session) numbers() [5]number {
	return [5]number{{"commands", s.Commands}, {"errors", s.Errors}, {"accepted", s.Accepted}, {"refused", s.Refused}, {"limited", s.Limited}}
}

// Recipient is one recipient of a record.
type Recipient struct {
	Address  string // where the copy goes, without brackets
	Original string // as the sender named it, when that differs
	State    string // left out of text where it is the event
	Reply    string // the reply, or the reason in words
}

// The room that a record has. A journal or a syslog daemon cuts or refuses what
// is longer, so a record is made to fit; a file takes all recipients.
const (
	maxValue      = 2 << 10 // octets of one value
	maxLine       = 8 << 10 // octets of a line on a socket
	maxRecipients = 50      // on a socket
)

// fit makes a line that fits a socket. What does not fit is left out from the
// end of the list of recipients, and then from the ends of the values. The record
// that was left is returned with the line.
func (f form) fit(r Record) (Record, []byte) {
	r = r.first(maxRecipients).clip(maxValue)
	line := f.line(r)
	for len(line) > maxLine && len(r.Recipients) > 0 {
		r = r.first(len(r.Recipients) / 2)
		line = f.line(r)
	}
	for limit := maxValue / 2; len(line) > maxLine; limit /= 2 {
		r = r.clip(limit)
		line = f.line(r)
	}
	return r, line
}

// first is r with its first n recipients.
func (r Record) first(n int) Record {
	if over := len(r.Recipients) - n; over > 0 {
		r.More += over
		r.Recipients = r.Recipients[:n]
	}
	return r
}

// clip is r with no value longer than limit octets, without the brackets of the
// Message-ID and without the original addresses that say nothing new.
func (r Record) clip(limit int) Record {
	r.MessageID = strings.TrimSuffix(strings.TrimPrefix(r.MessageID, "<"), ">")
	for _, s := range []*string{&r.Event, &r.ID, &r.Account, &r.Smarthost, &r.TLS, &r.Sender, &r.MessageID, &r.User, &r.Text} {
		*s = clip(*s, limit)
	}
	recipients := make([]Recipient, len(r.Recipients))
	for i, c := range r.Recipients {
		if c.Original == c.Address {
			c.Original = ""
		}
		recipients[i] = Recipient{clip(c.Address, limit), clip(c.Original, limit), clip(c.State, limit), clip(c.Reply, limit)}
	}
	r.Recipients = recipients
	return r
}

// clip cuts s at limit octets, not inside a character, and shows that it did.
func clip(s string, limit int) string {
	const mark = "..."
	if len(s) <= limit {
		return s
	}
	end := max(0, limit-len(mark))
	for back := 0; back < utf8.UTFMax && end > 0 && !utf8.RuneStart(s[end]); back++ {
		end--
	}
	return s[:end] + mark
}

// alarming tells whether an admin should see r among the warnings.
func (r Record) alarming() bool {
	switch r.Event {
	case "failed", "warning":
		return true
	case "kept": // because it could not be sent, or only to be sent in a moment
		return len(r.Recipients) == 0 || r.Recipients[0].State != "pending"
	}
	return false
}
