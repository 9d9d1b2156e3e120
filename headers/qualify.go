package headers

import (
	"bytes"
	"strings"

	"mailchute/headers/address"
)

// The rules on single addresses. Only the octets of the address are changed;
// names, comments, folds and malformed neighbours keep theirs.

// dropRoutes leaves of each source route the mailbox that it leads to, RFC 5321
// appendix C.
func (d *draft) dropRoutes() {
	d.eachAddress(hasNoRoute, func(a address.Addr, spec string) string {
		if strings.HasPrefix(strings.TrimLeft(spec, ", \t\r\n"), "@") {
			return a.String()
		}
		return spec
	})
}

// hasNoRoute tells that there is no source route in an address list: each has a
// colon.
func hasNoRoute(list []byte) bool { return bytes.IndexByte(list, ':') < 0 }

// qualify gives a domain to addresses that have none. Postmaster needs none (RFC
// 5321 section 4.5.1), but may have one.
func (d *draft) qualify() {
	if d.Domain == "" {
		return
	}
	d.eachAddress(isQualified, func(a address.Addr, spec string) string {
		if a.Domain == "" && !a.IsNull() {
			return a.Qualify(d.Domain).String()
		}
		return spec
	})
	for i, f := range d.fields {
		if of, _, ok := ValidSince(f); ok && of.Domain == "" {
			_, date := splitValidSince(f.Text())
			d.replace(i, f.WithText(" "+of.Qualify(d.Domain).String()+";"+date))
		}
	}
}

// isQualified tells whether a look at the signs of an address list is enough to
// see that no address in it lacks a domain: there is nothing in it that could hide
// a comma, and each element has an @, behind its < if it has one. Most lists are
// like that, and it is ten times faster than to parse them.
func isQualified(list []byte) bool {
	at := false
	for _, c := range list {
		switch c {
		case '"', '(', '[', ':', ';', '\\':
			return false
		case '<':
			at = false
		case '@':
			at = true
		case ',':
			if !at {
				return false
			}
			at = false
		}
	}
	return at
}

// eachAddress puts change(address, text of it) in the place of each address of
// the originator and destination fields in the scope. It passes over lists of
// which done knows that nothing is to be changed.
func (d *draft) eachAddress(done func(list []byte) bool, change func(a address.Addr, spec string) string) {
	from, sender, replyTo := d.prefix+"From", d.prefix+"Sender", d.prefix+"Reply-To"
	to, cc := d.prefix+"To", d.prefix+"Cc"
	start, end := d.scope()
	for i := start; i < end; i++ {
		if f := d.fields[i]; f.isOneOf(from, sender, replyTo, to, cc) && !done(f.raw[f.colon+1:]) {
			d.replace(i, mapAddresses(f, change))
		}
	}
}

func mapAddresses(f Field, change func(a address.Addr, spec string) string) Field {
	var b strings.Builder
	text, done := f.Text(), 0
	for _, e := range address.ParseList(text) {
		spec := text[e.Spec.Start:e.Spec.End]
		if e.Err != nil || spec == "" {
			continue
		}
		if changed := change(e.Addr, spec); changed != spec {
			b.WriteString(text[done:e.Spec.Start])
			b.WriteString(changed)
			done = e.Spec.End
		}
	}
	if done == 0 {
		return f
	}
	b.WriteString(text[done:])
	return f.WithText(b.String())
}
