package headers

import (
	"slices"

	"mailchute/headers/address"
)

// Recipients are the mailboxes that a message names as its recipients: those of
// all To, Cc and Bcc fields in order, members of groups too
// (draft-levine-rfc6409bis section 5). Where there is any Resent- field, they are
// those of Resent-To, Resent-Cc and Resent-Bcc of the first block alone (RFC 5322
// section 3.6.6). Malformed elements are among them, with their errors. Ask
// before Rewrite, which deletes Bcc.
func Recipients(h Header) []address.Element {
	var all []address.Element
	for _, n := range Named(h) {
		if all == nil { // nearly always the only one, and it may be long
			all = n.Elements
		} else {
			all = append(slices.Clip(all), n.Elements...)
		}
	}
	return all
}

// NamedIn is the recipients that one field names.
type NamedIn struct {
	Field    string // its name, as it is written there
	Elements []address.Element
}

// Named is Recipients, field by field.
func Named(h Header) []NamedIn {
	fields, prefix := newest(h.fields)
	var all []NamedIn
	for _, f := range fields {
		if f.isOneOf(prefix+"To", prefix+"Cc", prefix+"Bcc") {
			all = append(all, NamedIn{f.Name(), address.ParseList(f.Text())})
		}
	}
	return all
}

// Originator is the address that the message comes from by its own word: the
// first mailbox of From, or of Resent-From of the first block in a message that
// was resent. It is null when there is none, or none that is well formed.
func Originator(h Header) address.Addr {
	fields, prefix := newest(h.fields)
	for _, f := range fields {
		if !f.Is(prefix + "From") {
			continue
		}
		if a := firstMailbox(address.ParseList(f.Text())); !a.IsNull() {
			return a
		}
	}
	return address.Addr{}
}

// firstMailbox is the first well-formed mailbox of a list, or null.
func firstMailbox(list []address.Element) address.Addr {
	for _, e := range list {
		if e.Err == nil && !e.Addr.IsNull() {
			return e.Addr
		}
	}
	return address.Addr{}
}

// newest are the fields that speak of the newest sending of a message, and the
// prefix of their names: the first Resent block, else the whole header.
func newest(fields []Field) (of []Field, prefix string) {
	if !isResent(fields) {
		return fields, ""
	}
	start, end := firstBlock(fields)
	return fields[start:end], resentPrefix
}
