package logbook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// object is a record as JSON shows it. The names are part of the interface.
type object struct {
	Time           string      `json:"time"` // RFC 3339
	Event          string      `json:"event,omitempty"`
	ID             string      `json:"id,omitempty"`
	Account        string      `json:"account,omitempty"`
	Smarthost      string      `json:"smarthost,omitempty"`
	TLS            string      `json:"tls,omitempty"`
	Sender         *string     `json:"sender,omitempty"` // "" is the null reverse-path
	Recipients     []recipient `json:"recipients,omitempty"`
	MoreRecipients int         `json:"more_recipients,omitempty"` // left out of recipients
	MessageID      string      `json:"message_id,omitempty"`
	Size           int64       `json:"size,omitempty"` // octets
	Took           float64     `json:"took,omitempty"` // seconds
	User           string      `json:"user,omitempty"`
	Exit           int         `json:"exit,omitempty"`
	Text           string      `json:"text,omitempty"`
	Session        *sessionOf  `json:"session,omitempty"`
}

type sessionOf struct {
	UID      *int   `json:"uid,omitempty"` // left out when it is not known
	End      string `json:"end"`
	Commands int    `json:"commands"`
	Errors   int    `json:"errors"`
	Accepted int    `json:"accepted"`
	Refused  int    `json:"refused"`
	Limited  int    `json:"limited"`
}

type recipient struct {
	Address  string `json:"address"`
	Original string `json:"original,omitempty"`
	State    string `json:"state,omitempty"`
	Reply    string `json:"reply,omitempty"`
}

// jsonLine is the form for programs: one JSON object on one line.
func jsonLine(r Record) []byte {
	o := object{
		Time: r.Time.Format(timeFormat), Event: r.Event, ID: r.ID, Account: r.Account, Smarthost: r.Smarthost,
		TLS: r.TLS, MoreRecipients: r.More, MessageID: r.MessageID, Size: r.Size,
		Took: r.Took.Seconds(), User: r.User, Exit: r.Exit, Text: r.Text,
	}
	if r.Sender != "" || len(r.Recipients) > 0 {
		o.Sender = &r.Sender
	}
	if s := r.Session; s != nil {
		o.Session = &sessionOf{End: s.End, Commands: s.Commands, Errors: s.Errors, Accepted: s.Accepted, Refused: s.Refused, Limited: s.Limited}
		if s.UID >= 0 {
			o.Session.UID = &s.UID
		}
	}
	for _, c := range r.Recipients {
		o.Recipients = append(o.Recipients, recipient(c))
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // addresses are full of < and >, and no browser reads this
	_ = e.Encode(o)        // strings and numbers always encode
	return showable(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

// showable escapes what JSON leaves as it is and a terminal does not: C1 control
// characters, bidirectional overrides and their like. Outside of strings JSON is
// ASCII, so only strings change.
func showable(text []byte) []byte {
	if !bytes.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return text
	}
	var b bytes.Buffer
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch {
		case unicode.IsPrint(r):
			b.Write(text[:size])
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		text = text[size:]
	}
	return b.Bytes()
}
