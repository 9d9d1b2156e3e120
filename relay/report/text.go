package report

import (
	"bufio"
	"bytes"
	"fmt"
	"mime"
	"strings"

	"mailchute/headers"
	"mailchute/relay/envelope"
)

// listed is how many recipients the part for people names. The part for machines
// names them all.
const listed = 100

// text is the part for people.
func (o Original) text(s Stamp, about []*envelope.Recipient, k kind) string {
	var b strings.Builder
	paragraph(&b, "", "This is the mail system at host "+s.Host+".")
	paragraph(&b, "", k.intro)
	for _, r := range about[:min(len(about), listed)] {
		b.WriteString("  " + clean(r.Original.String()) + "\r\n")
		if !r.Original.Equal(r.Address) {
			wrap(&b, "    ", "sent on to "+r.Address.String())
		}
		said := cut(r.Outcome.Text())
		if r.Outcome.Reply != nil && r.Outcome.Server != "" {
			said = r.Outcome.Server + " said: " + said
		}
		paragraph(&b, "    ", said)
	}
	if n := len(about) - listed; n > 0 {
		paragraph(&b, "", fmt.Sprintf("And %d more, which the second part of this message names.", n))
	}
	if k.outro != "" {
		paragraph(&b, "", fmt.Sprintf(k.outro, when(k.until)))
	}
	o.describe(&b)
	return b.String()
}

// describe tells which message is meant.
func (o Original) describe(b *strings.Builder) {
	if subject := o.value("Subject"); subject != "" {
		wrap(b, "", "Subject: "+decoded(subject))
	}
	if !o.Submitted.IsZero() {
		wrap(b, "", "Sent: "+when(o.Submitted))
	}
	if o.ID != "" {
		wrap(b, "", "Queue id: "+o.ID)
	}
}

// decoded is an unstructured field as people read it, RFC 2047.
func decoded(s string) string {
	var d mime.WordDecoder
	if t, err := d.DecodeHeader(s); err == nil {
		return cut(t)
	}
	return cut(s)
}

// value is the value of the original's first field of that name.
func (o Original) value(name string) string {
	h, err := headers.Read(bufio.NewReaderSize(bytes.NewReader(o.Message.Header), 64<<10))
	if err != nil {
		return ""
	}
	f, ok := h.First(name)
	if !ok {
		return ""
	}
	return clean(f.Value())
}

// paragraph is wrap with an empty line behind it.
func paragraph(b *strings.Builder, indent, s string) {
	wrap(b, indent, s)
	b.WriteString("\r\n")
}

// wrap writes s in lines of a readable length.
func wrap(b *strings.Builder, indent, s string) {
	line := ""
	for _, w := range words(clean(s)) {
		if line != "" && len(indent)+len(line)+1+len(w) > 72 {
			b.WriteString(indent + line + "\r\n")
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += w
	}
	if line != "" {
		b.WriteString(indent + line + "\r\n")
	}
}
