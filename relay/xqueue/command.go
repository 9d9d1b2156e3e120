// Package xqueue is a queue seen through a socket: XQUEUE, a private extension of
// SMTP, by which users of a machine see and handle the mail that its submission
// server holds for them.
//
// There is one door into such a server, its socket, where the kernel says who is
// calling, so there is no second protocol. A server that lets its queue be seen
// says XQUEUE in its reply to EHLO. Then
//
//	XQUEUE LIST [FAILED] [ID=x] [FROM=x] [TO=x]   what waits, or what failed for good
//	XQUEUE SHOW id                                one message without its text
//	XQUEUE READ id                                the text
//	XQUEUE FLUSH [ID=x] [FROM=x] [TO=x]           try what waits
//	XQUEUE RETRY|HOLD|RELEASE|REMOVE id
//
// are answered with 250. Arguments are xtext; those with a keyword are parts of
// the id, of the sender, of a recipient. What LIST, SHOW and FLUSH tell are JSON
// objects, each a line of the reply; a line that ends in a plus sign goes on in the
// next. The text of READ is base64. All lines keep to the limits of RFC 5321 section
// 4.5.3.1.5. The last line is for people. 550: there is no such message, or it is
// somebody else's, which a client cannot tell apart. 450: it is being sent. 554: it is
// held, which RETRY does not end.
package xqueue

import (
	"fmt"
	"slices"
	"strings"

	"mailchute/relay/envelope"
	"mailchute/relay/queue"
)

// Keyword is the command, and the word in the reply to EHLO.
const Keyword = "XQUEUE"

// Verb is what is to be done.
type Verb string

// The verbs.
const (
	List    Verb = "LIST"
	Show    Verb = "SHOW"
	Read    Verb = "READ"
	Flush   Verb = "FLUSH"
	Retry   Verb = "RETRY"
	Hold    Verb = "HOLD"
	Release Verb = "RELEASE"
	Remove  Verb = "REMOVE"
)

// Filter picks messages by parts of their id and addresses; an empty part matches
// all.
type Filter struct {
	Failed              bool // of LIST: those that failed for good
	ID, Sender, Address string
}

// Matches tells whether the filter picks a message, of those that wait or of those
// that failed.
func (f Filter) Matches(e *queue.Entry) bool {
	if !strings.Contains(e.ID, f.ID) || !strings.Contains(e.Envelope.Sender.String(), f.Sender) {
		return false
	}
	return slices.ContainsFunc(e.Envelope.Recipients, func(r *envelope.Recipient) bool {
		return strings.Contains(r.Address.String(), f.Address) || strings.Contains(r.Original.String(), f.Address)
	})
}

// Command is one command behind the keyword.
type Command struct {
	Verb   Verb
	ID     string // the message, of a verb for one
	Filter Filter // of LIST and FLUSH
}

// isForOne tells whether a verb is for one message, and whether it is one at all.
func (v Verb) isForOne() (one, known bool) {
	switch v {
	case Show, Read, Retry, Hold, Release, Remove:
		return true, true
	}
	return false, v == List || v == Flush
}

// String is the command as it goes over the wire.
func (c Command) String() string {
	words := []string{Keyword, string(c.Verb)}
	if one, _ := c.Verb.isForOne(); one {
		return strings.Join(append(words, envelope.EncodeXtext(c.ID)), " ")
	}
	if c.Filter.Failed {
		words = append(words, "FAILED")
	}
	for _, f := range c.Filter.parts() {
		if *f.value != "" {
			words = append(words, f.keyword+"="+envelope.EncodeXtext(*f.value))
		}
	}
	return strings.Join(words, " ")
}

// part is one part of a filter on the wire.
type part struct {
	keyword string
	value   *string
}

func (f *Filter) parts() []part {
	return []part{{"ID", &f.ID}, {"FROM", &f.Sender}, {"TO", &f.Address}}
}

// Parse reads what stands behind the keyword of the command.
func Parse(text string) (Command, error) {
	words := strings.Fields(text)
	if len(words) == 0 {
		return Command{}, fmt.Errorf("%s what?", Keyword)
	}
	c := Command{Verb: Verb(strings.ToUpper(words[0]))}
	switch one, known := c.Verb.isForOne(); {
	case !known:
		return Command{}, fmt.Errorf("unknown verb %.40q", words[0])
	case !one:
		return c, c.filter(words[1:])
	case len(words) != 2:
		return Command{}, fmt.Errorf("%s wants one id", c.Verb)
	}
	var ok bool
	if c.ID, ok = envelope.DecodeXtext(words[1]); !ok {
		return Command{}, fmt.Errorf("%.40q is no xtext", words[1])
	}
	return c, nil
}

// filter reads the arguments of LIST and FLUSH.
func (c *Command) filter(words []string) error {
	for _, word := range words {
		if c.Verb == List && strings.EqualFold(word, "FAILED") {
			c.Filter.Failed = true
			continue
		}
		keyword, value, has := strings.Cut(word, "=")
		found := false
		for _, f := range c.Filter.parts() {
			if has && strings.EqualFold(keyword, f.keyword) {
				*f.value, found = envelope.DecodeXtext(value)
			}
		}
		if !found {
			return fmt.Errorf("malformed argument %.40q", word)
		}
	}
	return nil
}
