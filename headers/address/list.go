package address

import (
	"strconv"
	"strings"
)

// Span is a piece of the text that was parsed: the bytes from Start up to, and
// without, End.
type Span struct{ Start, End int }

// Element is one member of an address list, good or bad.
type Element struct {
	Addr  Addr
	Name  string // display name: unquoted, unfolded, encoded words as they are
	Group string // display name of the group it is a member of

	// Spec is the addr-spec, with a source route if there is one in front of it,
	// without the angle brackets. Put other bytes in its place to change the
	// address.
	Spec     Span
	NameSpan Span // the phrase as written; zero when there is none
	Angled   bool // Spec stands in angle brackets

	// Text is the element as written, for messages to people: trimmed, without
	// control characters, at most 200 octets.
	Text string

	// Err is nil or an *Error; then Addr, Spec, Name and NameSpan are zero.
	Err error
}

// Error says why an element is no mailbox.
type Error struct {
	Text   string // the element as written, like Element.Text
	Reason string
}

// Error implements error.
func (e *Error) Error() string {
	return "malformed address " + strconv.Quote(e.Text) + ": " + e.Reason
}

// ParseList parses the body of an address field as it stands in a header, folds
// and comments included: an address-list of RFC 5322 section 3.4, or one of the
// obsolete lists of section 4.4. Spans count bytes of text.
//
// Members of groups are elements like all others; empty list members and empty
// groups give none. A malformed element ends at the next comma outside quotes,
// comments and literals, or where its group ends; after a quote or comment that
// is never closed it ends with the text.
func ParseList(text string) []Element {
	// A guess at the size of the list, so that a text of commas alone costs no
	// more memory than a list of real addresses.
	list := make([]Element, 0, min(strings.Count(text, ",")+1, len(text)/16+1))
	p := newParser(strings.TrimRight(text, "\r\n"))
	for p.tok.kind != end {
		if p.atBreak() {
			if p.tok.kind == ';' {
				p.group, p.grouped = "", false
			}
			p.separator()
			continue
		}
		words := p.words()
		if p.tok.kind == ':' && words.count > 0 && !p.grouped {
			p.group, p.grouped = p.name(words), true
			p.separator()
			continue
		}
		list = append(list, p.element(words))
	}
	return list
}

// ParseArgument parses a recipient argument of the command line, which may be a
// list as ParseList knows it. No control character has a place there: with one
// in it the argument is a single malformed element.
func ParseArgument(text string) []Element {
	if hasControl(text) {
		err := newError(text, controlReason)
		return []Element{{Text: err.Text, Err: err}}
	}
	return ParseList(text)
}

// Parse parses exactly one mailbox: a@b, <a@b>, Name <a@b>, or a name without a
// domain. "<>" and "" are the null address. Control characters are refused. The
// error is an *Error.
func Parse(text string) (Addr, error) {
	if hasControl(text) {
		return Addr{}, newError(text, controlReason)
	}
	if s := strings.Trim(text, " "); s == "" || s == "<>" {
		return Addr{}, nil
	}
	p := newParser(text)
	if p.tok.kind == end {
		return Addr{}, newError(text, "a comment alone is no address")
	}
	e := p.element(p.words())
	switch {
	case e.Err != nil:
		return Addr{}, e.Err
	case p.tok.kind != end:
		return Addr{}, newError(text, "one address is wanted, not a list")
	}
	return e.Addr, nil
}

// ParsePath parses what stands inside the angle brackets of a path, RFC 5321
// section 4.1.2. It is strict: a domain is needed, white space, comments and
// obsolete forms are refused. A source route is dropped, RFC 5321 appendix C.
// The error is an *Error.
func ParsePath(text string) (Addr, error) {
	p := newParser(text)
	a, _, reason := p.path()
	switch {
	case reason != "":
	case p.tok.kind != end:
		reason = p.unexpected()
	case a.Domain == "":
		reason = "no domain"
	case p.loose:
		reason = "white space, a comment or an obsolete form in a path"
	}
	if reason != "" {
		return Addr{}, newError(text, reason)
	}
	return a, nil
}

// PathEnd is where the > stands that closes a path, s being what follows its <,
// or -1. A quoted local part may hold brackets of its own, RFC 5321 section 4.1.2.
func PathEnd(s string) int {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case c == '>' && !quoted:
			return i
		}
	}
	return -1
}

func newError(text, reason string) *Error { return &Error{Text: clean(text), Reason: reason} }
