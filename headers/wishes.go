package headers

import (
	"strconv"
	"strings"
	"time"

	"mailchute/headers/address"
)

// The names of fields that carry a wish through servers which do not know the
// extension for it.
const (
	PriorityField   = "MT-Priority"                   // RFC 6758
	ValidSinceField = "Require-Recipient-Valid-Since" // RFC 7293 section 3.2
)

// Priority is the value of the first MT-Priority field that has one, -9 to 9
// (RFC 6758 section 3.1, RFC 6710 section 3).
func Priority(h Header) (value int, ok bool) {
	for _, f := range h.fields {
		if !f.Is(PriorityField) {
			continue
		}
		word, _, _ := strings.Cut(f.Value(), "(")
		if n, err := strconv.Atoi(strings.TrimSpace(word)); err == nil && n >= -9 && n <= 9 {
			return n, true
		}
	}
	return 0, false
}

// ValidSince reads a Require-Recipient-Valid-Since field: a mailbox, and since
// when the sender knows whose it is (RFC 7293 section 3.2). ok is false for any
// other field and for one that is malformed.
func ValidSince(f Field) (of address.Addr, since time.Time, ok bool) {
	if !f.Is(ValidSinceField) {
		return of, since, false
	}
	text, date := splitValidSince(f.Value())
	of, err := address.Parse(text)
	since, isDate := parseDate(date)
	return of, since, err == nil && isDate && !of.IsNull()
}

// splitValidSince is the mailbox and the date in the text of a field.
func splitValidSince(text string) (mailbox, date string) {
	end := strings.LastIndexByte(text, ';')
	if end < 0 {
		return text, ""
	}
	return text[:end], text[end+1:]
}

// NewValidSince is the field of ValidSince.
func NewValidSince(of address.Addr, since time.Time) Field {
	return NewField(ValidSinceField, of.String()+"; "+since.Format(time.RFC1123Z))
}

// parseDate reads a date-time of RFC 5322 section 3.3 in its current form, with
// or without the day of the week and the seconds, or with GMT for the zone.
func parseDate(s string) (time.Time, bool) {
	s, _, _ = strings.Cut(s, "(") // a comment at the end
	s = strings.Join(strings.Fields(s), " ")
	if _, date, found := strings.Cut(s, ", "); found {
		s = date
	}
	for _, zone := range []string{" UT", " GMT"} {
		if local, found := strings.CutSuffix(s, zone); found {
			s = local + " +0000"
		}
	}
	for _, form := range []string{"2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04 -0700"} {
		if t, err := time.Parse(form, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
