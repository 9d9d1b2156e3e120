package report

import (
	"fmt"
	"strings"

	gomessage "github.com/emersion/go-message"

	"mailchute/relay/envelope"
	"mailchute/relay/message"
)

// Redirected tells the sender that servers named new addresses for recipients of a
// message, and that it went there (draft-sam-smtp-redirects section 3.1). Redirects
// that were applied from memory are no news and are left out. It is a notice, not a
// delivery status: nothing is final yet.
func Redirected(o Original, s Stamp) (*message.Message, *envelope.Envelope, error) {
	var b strings.Builder
	for _, r := range o.Envelope.Recipients {
		if r.Notify.Never {
			continue
		}
		for _, h := range r.Trail {
			if !h.Remembered {
				tell(&b, h)
			}
		}
	}
	if o.Envelope.Sender.IsNull() || b.Len() == 0 {
		return nil, nil, ErrNothing
	}
	var t strings.Builder
	paragraph(&t, "", "This is the mail system at host "+s.Host+".")
	paragraph(&t, "", "You sent a message to an address that has changed. It was sent on to the new address.")
	t.WriteString(b.String())
	o.describe(&t)

	p := human(t.String())
	h := o.header(s, "An address has changed", p.media())
	h.Add("Content-Transfer-Encoding", p.encoding)
	msg, err := compose(h, func(w *gomessage.Writer) error { return p.write(w) })
	return msg, o.envelope(), err
}

// tell tells one redirect.
func tell(b *strings.Builder, h envelope.Hop) {
	b.WriteString("  old address: " + clean(h.From.String()) + "\r\n")
	b.WriteString("  new address: " + clean(h.To.String()) + "\r\n")
	paragraph(b, "  ", fmt.Sprintf("The server's reply was %d: %s", h.Code, meaning(h.Code)))
}

// meaning is what the sender is to do.
func meaning(code int) string {
	if code == 558 {
		return "the address has changed for the time being. Keep the old one in your address book."
	}
	return "the address has changed for good. Please put the new one in your address book."
}
