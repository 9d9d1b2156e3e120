package headers

// The rules on fields that are there too often, not at all, or should not be.

// dateLayout is the date-time of RFC 5322 section 3.3.
const dateLayout = "Mon, 02 Jan 2006 15:04:05 -0700"

// A client that submits sends no Return-Path: the server that delivers makes it.
func (d *draft) removeReturnPath() {
	d.remove(0, len(d.fields), func(_ int, f Field) bool { return f.Is("Return-Path") })
}

func (d *draft) keepOneFrom() { d.keepOne("From") }

func (d *draft) keepOneDate() { d.keepOne("Date") }

// keepOne keeps the first field of this name that says something. A Resent block
// has no second one: with it, the next block begins.
func (d *draft) keepOne(name string) {
	if d.prefix != "" {
		return
	}
	keep := -1
	for i, f := range d.fields {
		if f.Is(name) && (keep < 0 || d.fields[keep].isBlank() && !f.isBlank()) {
			keep = i
		}
	}
	d.remove(0, len(d.fields), func(i int, f Field) bool { return i != keep && f.Is(name) })
}

// replaceDate puts a date in the place of a text with 8-bit octets, as a shell's
// "Date: $(date)" is in French in February. No server may be sent such a Date, with
// SMTPUTF8 or without. What was there stays to be read, in a field of another name.
func (d *draft) replaceDate() {
	i := d.find("Date")
	if i < 0 || d.fields[i].isASCII() {
		return
	}
	old := d.fields[i].encoded()
	if old.isASCII() { // it was in a comment
		return
	}
	d.replace(i, NewField(d.prefix+"Date", d.Date.Format(dateLayout)))
	d.insert(len(d.fields), old.encapsulated())
}

func (d *draft) addDate() {
	if d.isMissing("Date") {
		d.set("Date", d.Date.Format(dateLayout))
	}
}

// A Message-ID that is there stays, whatever it looks like: others may refer to
// it.
func (d *draft) addMessageID() {
	if d.isMissing("Message-ID") {
		d.set("Message-ID", "<"+d.MessageID+">")
	}
}

func (d *draft) isMissing(name string) bool {
	i := d.find(name)
	return i < 0 || d.fields[i].isBlank()
}

// removeBcc removes the blind recipients of the message and of each resending,
// in all blocks. The one empty Bcc that addBcc would put there may stay.
func (d *draft) removeBcc() {
	spare := !d.isAddressed()
	d.remove(0, len(d.fields), func(_ int, f Field) bool {
		if spare && f.Is("Bcc") && f.isBlank() {
			spare = false
			return false
		}
		return f.isOneOf("Bcc", resentPrefix+"Bcc")
	})
}

// A message without any recipient field would not suit RFC 822, and some servers
// add an Apparently-To in its place, which tells what Bcc was there to hide.
func (d *draft) addBcc() {
	if !d.isAddressed() && (Header{d.fields}).Count("Bcc") == 0 {
		d.insert(len(d.fields), NewField("Bcc", ""))
	}
}

func (d *draft) isAddressed() bool {
	for _, f := range d.fields {
		if f.isOneOf("To", "Cc") {
			return true
		}
	}
	return false
}
