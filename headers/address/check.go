package address

import (
	"net/netip"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxLocal is no limit of the standard. Beyond the 64 octets of RFC 5321
	// section 4.5.3.1.1 it is the server's word that counts, but a command line
	// has to hold it.
	maxLocal  = 255
	maxDomain = 255 // RFC 5321 section 4.5.3.1.2
	maxLabel  = 63  // RFC 1035 section 2.3.4
)

const controlReason = "a control character in it"

// checkLocal judges a local part that is unquoted already.
func checkLocal(s string) (reason string) {
	if len(s) > maxLocal {
		return "the local part is longer than 255 octets"
	}
	return checkText(s)
}

// checkText refuses what has no place in an address, quoted or not: control
// characters, RFC 5321 section 4.1.2, and what is not UTF-8, RFC 6531 section 3.3.
func checkText(s string) (reason string) {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c == 0x7f {
			return controlReason
		} else if c >= utf8.RuneSelf {
			return checkUTF8(s[i:])
		}
	}
	return ""
}

func checkUTF8(s string) (reason string) {
	for i, r := range s {
		if unicode.IsControl(r) {
			return controlReason
		}
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD") {
			return "invalid UTF-8"
		}
	}
	return ""
}

// checkDomain judges a domain name: letters, digits and hyphens, RFC 5321 section
// 4.1.2, or U-labels, RFC 6531 section 3.3. Whether a U-label is a good one is for
// those to say who make an A-label of it.
func checkDomain(s string) (reason string) {
	if len(s) > maxDomain {
		return "the domain is longer than 255 octets"
	}
	for more := true; more; {
		var label string
		label, s, more = strings.Cut(s, ".")
		if reason := checkLabel(label); reason != "" {
			return reason
		}
	}
	return ""
}

// IsDomain tells whether s is a domain name as an address may have it.
func IsDomain(s string) bool { return s != "" && checkDomain(s) == "" }

func checkLabel(s string) (reason string) {
	if s == "" {
		return "an empty label in the domain"
	}
	if s[0] == '-' || s[len(s)-1] == '-' {
		return "a label of the domain begins or ends with a hyphen"
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case isLetterDigit(c), c == '-':
		case c >= utf8.RuneSelf:
			// Its A-label is what counts, and may be shorter; RFC 5890 section 4.2.
			return checkText(s)
		default:
			return strconv.QuoteRune(rune(c)) + " in the domain"
		}
	}
	if len(s) > maxLabel {
		return "a label of the domain is longer than 63 octets"
	}
	return ""
}

// checkLiteral judges an address literal in its brackets, RFC 5321 section 4.1.3.
func checkLiteral(s string) (reason string) {
	if len(s) > maxDomain {
		return "the domain is longer than 255 octets"
	}
	tag, rest, tagged := strings.Cut(s[1:len(s)-1], ":")
	switch {
	case !tagged:
		if ip, err := netip.ParseAddr(tag); err != nil || !ip.Is4() {
			return "no IPv4 address in the address literal"
		}
	case strings.EqualFold(tag, "IPv6"):
		if ip, err := netip.ParseAddr(rest); err != nil || !ip.Is6() || ip.Zone() != "" {
			return "no IPv6 address in the address literal"
		}
	case !isTag(tag) || !isDtext(rest):
		return "the address literal is malformed"
	}
	return ""
}

// isTag tells whether s is a Standardized-tag, which is an Ldh-str.
func isTag(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isLetterDigit(s[i]) && s[i] != '-' {
			return false
		}
	}
	return s != "" && s[len(s)-1] != '-'
}

// isDtext tells whether s is 1*dcontent: printable ASCII without brackets and
// backslash.
func isDtext(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] > '~' || s[i] >= '[' && s[i] <= ']' {
			return false
		}
	}
	return s != ""
}

func isLetterDigit(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}
