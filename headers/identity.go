package headers

import (
	"strings"

	"mailchute/headers/address"
)

// The rules on who a message comes from, and who sends it.

// addFrom adds a From field, or fills an empty one. An empty group is not empty:
// RFC 6854 lets a message come from nobody.
func (d *draft) addFrom() {
	if i := d.find("From"); i >= 0 {
		text := d.fields[i].Text()
		if len(address.ParseList(text)) > 0 || strings.Contains(text, ":") {
			return
		}
	}
	from := d.From
	if d.ReplaceFrom && !d.Identity.IsNull() {
		from = d.Identity
	}
	if from.IsNull() {
		return
	}
	value := from.String()
	if name := address.Phrase(d.FullName); strings.TrimSpace(d.FullName) != "" {
		value = name + " <" + value + ">"
	}
	d.set("From", value)
}

// replaceFrom puts the identity into From, in the clothes of the only mailbox
// that is there, so that the name stays. Replies find their way by Reply-To; a
// resending has none (RFC 5322 section 3.6.6).
func (d *draft) replaceFrom() {
	i := d.find("From")
	if !d.ReplaceFrom || d.Identity.IsNull() || i < 0 {
		return
	}
	old := d.fields[i]
	text := old.Text()
	list := address.ParseList(text)
	identity := d.Identity.String()
	switch {
	case len(list) == 0:
		return // addFrom will
	case len(list) == 1 && list[0].Err == nil && list[0].Group == "":
		if list[0].Addr.Equal(d.Identity) {
			return
		}
		d.replace(i, old.WithText(splice(text, list[0].Spec, identity)))
	default:
		name := list[0].NameSpan
		if name != (address.Span{}) {
			identity = text[name.Start:name.End] + " <" + identity + ">"
		}
		d.replace(i, old.WithText(" "+identity))
	}
	if d.prefix == "" && d.isMissing("Reply-To") && !firstMailbox(list).IsNull() {
		if at := d.find("Reply-To"); at >= 0 {
			d.replace(at, d.fields[at].WithText(text))
			return
		}
		d.insert(len(d.fields), NewField("Reply-To", "").WithText(text))
	}
}

// identifySender makes Sender say who submitted the message, and only if From
// does not (draft-levine-rfc6409bis section 5; RFC 5322 section 3.6.2: not when
// it would be the same). Whatever Sender was there is a claim that nobody has
// checked.
func (d *draft) identifySender() {
	if d.Identity.IsNull() || d.KeepSender {
		return
	}
	name, identity := d.prefix+"Sender", d.Identity.String()
	from := d.fromMailboxes()
	wanted := len(from) != 1 || !from[0].Addr.Equal(d.Identity)
	there := false
	start, end := d.scope()
	d.remove(start, end, func(_ int, f Field) bool {
		if !f.Is(name) {
			return false
		}
		if wanted && !there && f.Value() == identity {
			there = true
			return false
		}
		return true
	})
	if wanted && !there {
		d.set("Sender", identity)
	}
}

// chooseSender names one of several authors as the one who sent the message.
func (d *draft) chooseSender() {
	from := d.fromMailboxes()
	if len(from) < 2 || !d.isMissing("Sender") {
		return
	}
	sender := d.Identity
	if sender.IsNull() {
		sender = firstMailbox(from)
	}
	if !sender.IsNull() {
		d.set("Sender", sender.String())
	}
}

func (d *draft) fromMailboxes() []address.Element {
	i := d.find("From")
	if i < 0 {
		return nil
	}
	return address.ParseList(d.fields[i].Text())
}

func splice(text string, at address.Span, with string) string {
	return text[:at.Start] + with + text[at.End:]
}
