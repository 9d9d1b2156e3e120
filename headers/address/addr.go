// Package address parses mailboxes and address lists, RFC 5322 section 3.4 with
// the obsolete forms of section 4.4, and writes them as RFC 5321 section 4.1.2
// wants them. Each element of a list is judged alone: one bad element never
// takes its neighbours with it.
//
// Any text may be given. The work is linear in its length, nothing recurses, and
// an address that comes out holds no control character and no invalid UTF-8, so
// it is safe in an SMTP command. Spans say where each address stands, so that a
// caller can change one and leave every other byte of a field as it was.
//
// ParseList reads a header field, ParseArgument a command line argument, Parse
// one mailbox, and ParsePath the inside of a reverse-path or forward-path. The
// first three accept an address without a domain; see Addr.Qualify.
package address

import (
	"strings"

	"golang.org/x/net/idna"
)

// Addr is a mailbox address without its clothes: the local part with quotes and
// escapes taken off, the domain as it was written (an A-label, a U-label or an
// address literal with its brackets). The domain is empty when none was written.
// The zero Addr is the null reverse-path.
type Addr struct {
	Local  string
	Domain string
}

// IsNull tells whether a is the null reverse-path, RFC 5321 section 4.5.5.
func (a Addr) IsNull() bool { return a == Addr{} }

// IsASCII tells whether a can travel without SMTPUTF8, RFC 6531 section 3.1.
func (a Addr) IsASCII() bool { return isASCII(a.Local) && isASCII(a.Domain) }

// Equal tells whether both name the same mailbox: the domain without regard to
// case, and its A-label and its U-label alike (RFC 5890 section 2.3.2.4), the local
// part exactly (RFC 5321 section 2.4) but for postmaster, which has no case (section
// 4.5.1).
func (a Addr) Equal(b Addr) bool { return a.Folded() == b.Folded() }

// Folded is a with its domain in lower case and A-labels, so that addresses that are
// Equal become the same value. As the key of a map one in ASCII costs no memory of its
// own.
func (a Addr) Folded() Addr {
	a.Domain = foldDomain(a.Domain)
	if len(a.Local) == len(postmaster) && strings.EqualFold(a.Local, postmaster) { // in ASCII: U+017F folds to s
		a.Local = postmaster
	}
	return a
}

const postmaster = "postmaster"

// Key is a string under which equal addresses meet.
func (a Addr) Key() string {
	a = a.Folded()
	return a.Local + "@" + a.Domain
}

// foldDomain leaves a domain that has no A-label as it is, but for its case.
func foldDomain(domain string) string {
	folded := strings.ToLower(domain)
	if isASCII(folded) {
		return folded
	}
	if ascii, err := idna.Lookup.ToASCII(folded); err == nil {
		return ascii
	}
	return folded
}

// String is a as a Mailbox of RFC 5321 section 4.1.2, the local part in quotes
// only where it needs them. Without a domain it is the local part alone; the
// null reverse-path is the empty string.
func (a Addr) String() string {
	if a.IsNull() {
		return ""
	}
	local := a.Local
	if !isDotAtom(local) {
		local = quote(local)
	}
	if a.Domain == "" {
		return local
	}
	return local + "@" + a.Domain
}

// Qualify gives a the domain if it has none. The null reverse-path stays null,
// and with an empty domain every address stays as it is.
func (a Addr) Qualify(domain string) Addr {
	if a.Domain == "" && !a.IsNull() {
		a.Domain = domain
	}
	return a
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// isDotAtom tells whether s is a dot-atom-text, RFC 5322 section 3.2.3, with the
// non-ASCII text of RFC 6532 section 3.2.
func isDotAtom(s string) bool {
	dot := true // a dot here would have no atom in front of it
	for i := 0; i < len(s); i++ {
		if classes[s[i]] != word || dot && s[i] == '.' {
			return false
		}
		dot = s[i] == '.'
	}
	return !dot
}
