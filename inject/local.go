package inject

import (
	"errors"
	"strings"

	"mailchute/headers/address"
	"mailchute/inject/aliases"
)

// Mailboxes is where mail to a goes: to what the alias of that name leads to, if a is an
// address of this machine's, and else to a. Where mistakes leave nothing of an alias it is
// a as well. The error tells the mistakes, whatever the mailboxes are.
func (w Who) Mailboxes(t *aliases.Table, a address.Addr) ([]address.Addr, error) {
	if t == nil || !w.isLocal(a) {
		return []address.Addr{a}, nil
	}
	var to []address.Addr
	var mistakes []error
	targets, _ := t.Expand(a.Local, w.isOwn)
	for _, target := range targets {
		if target.Err != nil {
			mistakes = append(mistakes, target.Err)
			continue
		}
		to = append(to, w.qualify(target.Addr))
	}
	if len(to) == 0 {
		to = []address.Addr{a}
	}
	return to, errors.Join(mistakes...)
}

// isLocal tells whether a name may be an alias: without a domain, or at the
// machine's own.
func (w Who) isLocal(a address.Addr) bool { return a.Domain == "" || w.isOwn(a.Domain) }

// isOwn tells whether a domain is the machine's: one that it was given, or that stands
// for it where it has none.
func (w Who) isOwn(domain string) bool {
	for _, own := range []string{w.Domain, w.Hostname, w.Fallback.Domain} {
		if strings.EqualFold(domain, own) {
			return true
		}
	}
	return false
}

// qualify gives an address the domain that it goes out with: nothing unqualified does,
// but for Postmaster (RFC 5321 section 2.3.5).
func (w Who) qualify(a address.Addr) address.Addr {
	a = a.Qualify(w.Domain)
	if a.Domain == "" && !strings.EqualFold(a.Local, "postmaster") {
		a.Domain = w.Fallback.Domain
	}
	return a
}
