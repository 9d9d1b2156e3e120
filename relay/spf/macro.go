package spf

import (
	"encoding/hex"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// checkMacros tells whether a macro-string can be expanded, RFC 7208 section 7.1.
func checkMacros(spec string) error {
	for i := 0; i < len(spec); i++ {
		if spec[i] <= ' ' || spec[i] > '~' {
			return permanent("%q in the record holds what no name can", spec)
		}
	}
	if _, ok := expand(spec, "", Query{}); !ok {
		return permanent("%q in the record is no macro that can be expanded", spec)
	}
	return nil
}

// expand is RFC 7208 section 7: a domain-spec with its macros replaced. ok is
// false when one is malformed. The result is shortened from the left to what a
// name can hold, section 7.3.
func expand(spec, domain string, q Query) (name string, ok bool) {
	var b strings.Builder
	for {
		literal, rest, found := strings.Cut(spec, "%")
		b.WriteString(literal)
		if !found {
			break
		}
		text, length := escape(rest, domain, q)
		if length == 0 {
			return "", false
		}
		b.WriteString(text)
		spec = rest[length:]
	}
	name = b.String()
	for dot := true; dot && len(name) > 253; {
		_, name, dot = strings.Cut(name, ".")
	}
	return strings.ToLower(strings.TrimSuffix(name, ".")), true
}

// escape is what stands for the text behind a percent sign, and how many octets
// of it that was; 0 when it is malformed.
func escape(rest, domain string, q Query) (text string, length int) {
	switch {
	case strings.HasPrefix(rest, "%"):
		return "%", 1
	case strings.HasPrefix(rest, "_"):
		return " ", 1
	case strings.HasPrefix(rest, "-"):
		return "%20", 1
	case strings.HasPrefix(rest, "{"):
		body, _, closed := strings.Cut(rest[1:], "}")
		if text, ok := macro(body, domain, q); closed && ok {
			return text, len(body) + 2
		}
	}
	return "", 0
}

// macro is what stands for the inside of %{...}: a letter, how many parts are
// kept, "r" to reverse them, and what parts them.
func macro(body, domain string, q Query) (text string, ok bool) {
	if body == "" || len(body) > 16 {
		return "", false
	}
	text, ok = letter(body[0]|0x20, domain, q)
	rest := strings.TrimLeft(body[1:], "0123456789")
	digits, keep := body[1:len(body)-len(rest)], 0
	if digits != "" {
		var err error
		if keep, err = strconv.Atoi(digits); err != nil || keep == 0 {
			return "", false
		}
	}
	reverse := rest != "" && rest[0]|0x20 == 'r'
	if reverse {
		rest = rest[1:]
	}
	switch {
	case strings.Trim(rest, ".-+,/_=") != "":
		return "", false
	case keep == 0 && !reverse && rest == "":
		return text, ok
	case rest == "":
		rest = "."
	}
	parts := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(rest, r) })
	if reverse {
		slices.Reverse(parts)
	}
	if keep > 0 && keep < len(parts) {
		parts = parts[len(parts)-keep:]
	}
	return strings.Join(parts, "."), ok
}

// letter is the value of a macro letter, RFC 7208 section 7.2. Who connects has no
// name here (p), as it is not known who will; c, r and t belong to exp alone.
func letter(c byte, domain string, q Query) (string, bool) {
	switch c {
	case 's':
		return q.Local + "@" + q.Domain, true
	case 'l':
		return q.Local, true
	case 'o':
		return q.Domain, true
	case 'd':
		return domain, true
	case 'i':
		return dotted(q.IP), true
	case 'p':
		return "unknown", true
	case 'v':
		if q.IP.Is4() {
			return "in-addr", true
		}
		return "ip6", true
	case 'h':
		return q.Hello, true
	case 'c', 'r', 't':
		return "", true
	}
	return "", false
}

// dotted is an address as macros have it: IPv6 as nibbles parted by dots.
func dotted(ip netip.Addr) string {
	if !ip.Is6() {
		return ip.String()
	}
	b := ip.As16()
	return strings.Join(strings.Split(hex.EncodeToString(b[:]), ""), ".")
}
