package headers

import (
	"cmp"
	"slices"
	"strings"

	"golang.org/x/net/idna"

	"mailchute/headers/address"
)

// ToASCII is h for a server that does not take SMTPUTF8: only US-ASCII is left
// in it. Text becomes encoded words (RFC 2047), valid UTF-8 as utf-8 and other
// octets as unknown-8bit (RFC 1428); MIME parameters take the form of RFC 2231;
// domains become A-labels (RFC 5891). An address that ASCII cannot hold becomes
// a group without members that shows it, as RFC 6857 does it. A field that has
// 8-bit octets where none of this may stand, as in a Message-ID, is encapsulated
// in a Downgraded- field. All other fields keep their octets.
func ToASCII(h Header) Header {
	return h.each(func(f Field) Field {
		if f.isASCII() {
			return f
		}
		if f = f.encoded(); !f.isASCII() {
			return f.encapsulated()
		}
		return f
	})
}

// encoded is f with all 8-bit octets encoded that stand where an encoding is
// defined.
func (f Field) encoded() Field {
	text := f.Text()
	e := encoder{column: f.colon + 1, wanted: func(word string) bool { return !isASCII(word) }}
	switch f.syntax() {
	case addresses:
		e.addresses(text)
	case parameters:
		e.parameters(text)
	case phrases:
		e.structured(text, nil, (*encoder).phrases)
	case tokens:
		e.structured(text, nil, (*encoder).verbatim)
	default:
		e.unstructured(text)
	}
	return f.WithText(string(e.finish()))
}

// encapsulated is f as text in a field of another name, RFC 6857.
func (f Field) encapsulated() Field {
	name := f.Name()
	hidden := NewField("Downgraded-"+name[:min(len(name), maxLine/2)], "")
	e := encoder{column: hidden.colon + 1, wanted: func(string) bool { return true }}
	e.unstructured(" " + f.Value())
	return hidden.WithText(string(e.finish()))
}

// syntax is what the body of a field is made of, as far as encoding and folding
// need to know.
type syntax int

const (
	unstructured syntax = iota // text, RFC 5322 section 2.2.1
	addresses                  // phrases, comments and addresses
	phrases                    // phrases and comments
	parameters                 // a MIME value with parameters, RFC 2045 section 5.1
	tokens                     // nothing but comments holds text
)

func (f Field) syntax() syntax {
	name := strings.ToLower(f.Name())
	switch strings.TrimPrefix(name, "resent-") {
	case "from", "sender", "reply-to", "to", "cc", "bcc":
		return addresses
	case "date", "message-id":
		return tokens
	}
	switch name {
	case "return-path", "disposition-notification-to", "return-receipt-to", "errors-to",
		"mail-followup-to", "mail-reply-to":
		return addresses
	case "keywords", "list-id":
		return phrases
	case "content-type", "content-disposition":
		return parameters
	case "received", "in-reply-to", "references", "mime-version", "content-id",
		"content-transfer-encoding", "auto-submitted", "list-help", "list-unsubscribe",
		"list-unsubscribe-post", "list-subscribe", "list-post", "list-owner", "list-archive",
		"dkim-signature", "domainkey-signature", "authentication-results", "received-spf",
		"arc-seal", "arc-message-signature", "arc-authentication-results",
		"require-recipient-valid-since", "mt-priority", "tls-required":
		return tokens
	}
	return unstructured
}

// addresses encodes an address-list: the phrases and comments in it, and the
// addresses themselves.
func (e *encoder) addresses(text string) {
	var pieces []piece
	end := 0 // of the last piece
	for _, m := range address.ParseList(text) {
		if m.Err != nil || m.Spec.Start >= m.Spec.End {
			continue
		}
		p := piece{m.Spec, (*encoder).verbatim, text[m.Spec.Start:m.Spec.End]}
		if !isASCII(p.text) {
			p = downgrade(text, m, end)
		}
		pieces, end = append(pieces, p), p.at.End
	}
	e.structured(text, pieces, (*encoder).phrases)
}

// downgrade is what stands in the place of an address with 8-bit octets: the
// address with its domain in A-labels where that will do, else a group that
// shows it, or a comment where it is in a group already. The text in front of
// the index after belongs to others.
func downgrade(text string, m address.Element, after int) piece {
	domain, err := idna.Lookup.ToASCII(m.Addr.Domain)
	switch {
	case err == nil && isASCII(m.Addr.Local):
		return piece{m.Spec, (*encoder).verbatim, address.Addr{Local: m.Addr.Local, Domain: domain}.String()}
	case m.Group != "":
		return piece{unclothed(text, m, after), (*encoder).asComment, m.Addr.String()}
	}
	return piece{unclothed(text, m, after), (*encoder).asGroup, m.Addr.String()}
}

func (e *encoder) asGroup(shown string) {
	e.word(shown)
	e.space(" ")
	e.verbatim(":;")
}

func (e *encoder) asComment(shown string) {
	e.verbatim("(")
	e.word(shown)
	e.verbatim(")")
}

// unclothed is where the address of m stands with its angle brackets.
func unclothed(text string, m address.Element, after int) address.Span {
	at := m.Spec
	if !m.Angled {
		return at
	}
	if i := strings.LastIndexByte(text[after:at.Start], '<'); i >= 0 {
		at.Start = after + i
	}
	if i := strings.IndexByte(text[at.End:], '>'); i >= 0 {
		at.End += i + 1
	}
	return at
}

// piece is a part of a field body with a writer of its own.
type piece struct {
	at    address.Span
	write func(e *encoder, text string)
	text  string // what to write in its place
}

// structured encodes a structured field body: comments, the pieces given, and by
// rest what stands between them. Comments inside a piece belong to it.
func (e *encoder) structured(text string, pieces []piece, rest func(e *encoder, text string)) {
	for _, at := range address.Comments(text) {
		pieces = append(pieces, piece{at, (*encoder).comment, text[at.Start:at.End]})
	}
	slices.SortStableFunc(pieces, func(a, b piece) int { return cmp.Compare(a.at.Start, b.at.Start) })
	done := 0
	for _, p := range pieces {
		if p.at.Start >= done {
			rest(e, text[done:p.at.Start])
			p.write(e, p.text)
			done = p.at.End
		}
	}
	rest(e, text[done:])
}
