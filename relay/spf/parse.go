package spf

import (
	"net/netip"
	"strconv"
	"strings"
)

const version = "v=spf1"

// record is an SPF record, read.
type record struct {
	mechanisms []mechanism
	redirect   string // domain-spec; "": none
}

// mechanism is a directive, RFC 7208 section 4.6.1.
type mechanism struct {
	text   string // as it stands in the record
	result Result // when it matches
	name   string // lower case
	spec   string // domain-spec; "": the current domain
	prefix netip.Prefix
	bits4  int // of the addresses of a and mx that count
	bits6  int
}

// parse reads a record. One mistake spoils all of it, RFC 7208 section 4.6; the
// error is a *halt.
func parse(text string) (record, error) {
	var rec record
	for _, word := range strings.Split(text[len(version):], " ") {
		if word == "" {
			continue
		}
		if i := strings.IndexByte(word, '='); i > 0 && isName(word[:i]) {
			if err := rec.modifier(word[:i], word[i+1:]); err != nil {
				return rec, err
			}
			continue
		}
		m, err := directive(word)
		if err != nil {
			return rec, err
		}
		rec.mechanisms = append(rec.mechanisms, m)
	}
	return rec, nil
}

// modifier reads redirect and exp; others are for those who know them, RFC 7208
// section 6.
func (rec *record) modifier(name, value string) error {
	switch strings.ToLower(name) {
	case "redirect":
		if rec.redirect != "" {
			return permanent("redirect stands twice in the record")
		}
		if value == "" {
			return permanent("redirect names no domain")
		}
		rec.redirect = value
	case "exp":
	default:
	}
	return checkMacros(value)
}

// isName is the name of RFC 7208 section 12: a letter, then letters, digits, "-",
// "_" and ".".
func isName(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i] | 0x20
		if letter := c >= 'a' && c <= 'z'; !letter && (i == 0 || !strings.ContainsRune("0123456789-_.", rune(s[i]))) {
			return false
		}
	}
	return s != ""
}

// directive reads a qualifier and a mechanism.
func directive(word string) (mechanism, error) {
	m := mechanism{text: word, result: Pass, bits4: 32, bits6: 128}
	switch word[0] {
	case '+':
		word = word[1:]
	case '-':
		m.result, word = Fail, word[1:]
	case '~':
		m.result, word = SoftFail, word[1:]
	case '?':
		m.result, word = Neutral, word[1:]
	}
	end := strings.IndexAny(word, ":/")
	if end < 0 {
		end = len(word)
	}
	m.name = strings.ToLower(word[:end])
	return m, m.arguments(word[end:])
}

// arguments reads what is behind the name.
func (m *mechanism) arguments(rest string) error {
	value, colon := strings.CutPrefix(rest, ":")
	switch m.name {
	case "all":
		if rest != "" {
			return permanent("%q in the record: all takes nothing", m.text)
		}
		return nil
	case "ip4", "ip6":
		return m.network(value, m.name == "ip6")
	case "include", "exists":
		if !colon || value == "" {
			return permanent("%q in the record names no domain", m.text)
		}
		m.spec = value
		return checkMacros(value)
	case "ptr":
		m.spec = value
		return checkMacros(value)
	case "a", "mx":
		if colon {
			rest = value
		}
		m.spec = m.lengths(rest)
		if m.bits4 < 0 || m.bits6 < 0 || colon && m.spec == "" {
			return permanent("%q in the record cannot be read", m.text)
		}
		return checkMacros(m.spec)
	}
	return permanent("%q in the record is no mechanism", m.text)
}

// network is the argument of ip4 and ip6: an address, and the length of a prefix.
func (m *mechanism) network(value string, six bool) error {
	address, length, cut := strings.Cut(value, "/")
	ip, err := netip.ParseAddr(address)
	if err != nil || ip.Is4() == six || ip.Zone() != "" {
		return permanent("%q in the record holds no such address", m.text)
	}
	bits := ip.BitLen()
	if cut {
		bits = prefixLength(length, bits)
	}
	if bits < 0 {
		return permanent("%q in the record: its length is out of range", m.text)
	}
	m.prefix, err = ip.Prefix(bits)
	if err != nil {
		return permanent("%q in the record: its length is out of range", m.text)
	}
	return nil
}

// lengths takes dual-cidr-length off the end: "/24", "//64" or "/24//64". A bad
// one leaves -1.
func (m *mechanism) lengths(s string) (spec string) {
	if i := strings.Index(s, "//"); i >= 0 {
		m.bits6 = prefixLength(s[i+2:], 128)
		s = s[:i]
	}
	// A slash may also stand in the braces of a macro, as a delimiter.
	if i := strings.LastIndexByte(s, '/'); i > strings.LastIndexByte(s, '}') {
		m.bits4 = prefixLength(s[i+1:], 32)
		s = s[:i]
	}
	return s
}

// prefixLength is a number from 0 to most, -1 for anything else.
func prefixLength(s string, most int) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > most || s[0] == '+' || len(s) > 1 && s[0] == '0' {
		return -1
	}
	return n
}
