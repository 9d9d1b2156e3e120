package logbook

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// journalPacket is a record in the native protocol of systemd-journald
// (systemd.io/JOURNAL_NATIVE_PROTOCOL): the line as MESSAGE, and the fields
// beside it, so that "journalctl MAILCHUTE_RECIPIENT=a@b" finds it. A field may
// come several times.
func (b *Book) journalPacket(r Record) []byte {
	r, line := b.form.fit(r)
	var e entry
	e.add("MESSAGE", string(line))
	e.add("PRIORITY", strconv.Itoa(r.severity()))
	e.add("SYSLOG_FACILITY", strconv.Itoa(facilityMail))
	e.add("SYSLOG_IDENTIFIER", b.tag)
	e.add("MAILCHUTE_ID", r.ID)
	e.add("MAILCHUTE_EVENT", r.Event)
	e.add("MAILCHUTE_SENDER", r.Sender)
	for i, c := range r.Recipients {
		e.add("MAILCHUTE_RECIPIENT", c.Address)
		e.add("MAILCHUTE_ORIGINAL_RECIPIENT", c.Original)
		if i == 0 || c.Reply != r.Recipients[i-1].Reply {
			e.add("MAILCHUTE_REPLY", c.Reply)
		}
	}
	e.add("MAILCHUTE_SMARTHOST", r.Smarthost)
	e.add("MAILCHUTE_ACCOUNT", r.Account)
	e.add("MAILCHUTE_TLS", r.TLS)
	e.add("MAILCHUTE_MESSAGE_ID", r.MessageID)
	e.add("MAILCHUTE_USER", r.User)
	if r.Size != 0 {
		e.add("MAILCHUTE_SIZE", strconv.FormatInt(r.Size, 10))
	}
	if r.Took != 0 {
		e.add("MAILCHUTE_TOOK", strconv.FormatFloat(r.Took.Seconds(), 'f', 3, 64))
	}
	if s := r.Session; s != nil {
		if s.UID >= 0 {
			e.add("MAILCHUTE_UID", strconv.Itoa(s.UID))
		}
		e.add("MAILCHUTE_END", s.End)
		for _, n := range s.numbers() {
			e.add("MAILCHUTE_"+strings.ToUpper(n.name), strconv.Itoa(n.value))
		}
	}
	e.add("MAILCHUTE_TEXT", r.Text)
	return e
}

// entry is a journal entry while it is written.
type entry []byte

// add writes a field: "NAME=value", or the name, the length as 64 bits
// little-endian and the value where that holds a line feed, so that no value can
// begin a field of its own.
func (e *entry) add(name, value string) {
	if value == "" {
		return
	}
	value = escape(value)
	*e = append(*e, name...)
	if strings.Contains(value, "\n") {
		*e = append(*e, '\n')
		*e = binary.LittleEndian.AppendUint64(*e, uint64(len(value)))
	} else {
		*e = append(*e, '=')
	}
	*e = append(append(*e, value...), '\n')
}

// escape writes what cannot be shown as Go does, but keeps line feeds: an entry
// has a place for them. All else stays as it is, for exact matches.
func escape(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case r == '\n' || unicode.IsPrint(r):
			b.WriteString(s[:size])
		default:
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		s = s[size:]
	}
	return b.String()
}
