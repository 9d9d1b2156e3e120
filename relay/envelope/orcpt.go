package envelope

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"mailchute/headers/address"
)

// ORCPT is the recipient whom the sender first named, in the form of the parameter
// ORCPT (RFC 3461 section 4.2): a type of address, a semicolon, and the address
// encoded. The zero value says that nobody told. It never changes on the way of a
// message, whatever aliases and redirects do to the address.
//
// There is no control character and no blank in it, and outside ASCII, which only
// the type utf-8 has, it is valid UTF-8.
type ORCPT string

// maxORCPT is the limit of RFC 3461 section 4.2.
const maxORCPT = 500

// ParseORCPT reads the value of the parameter; false when it is malformed. Types
// other than rfc822 and utf-8 belong to networks that are unknown here: they are
// xtext, and are carried on.
func ParseORCPT(value string) (ORCPT, bool) {
	kind, text, ok := strings.Cut(value, ";")
	if !ok || len(value) > maxORCPT || !isType(kind) {
		return "", false
	}
	if !strings.EqualFold(kind, "utf-8") {
		_, ok = DecodeXtext(text)
		return ORCPT(value), ok
	}
	decoded, ok := decodeUnitext(text)
	o := ORCPT(kind + ";" + encodeUnitext(decoded))
	return o, ok && len(o) <= maxORCPT
}

// orcptOf is what the first client says of an address.
func orcptOf(a address.Addr) ORCPT {
	if a.IsASCII() {
		return ORCPT("rfc822;" + EncodeXtext(a.String()))
	}
	return ORCPT("utf-8;" + encodeUnitext(a.String())) // RFC 6533 section 3
}

// Parameter is the value for a server: outside ASCII only where SMTPUTF8 is used
// (RFC 6533 section 3). It is "" when it would be longer than servers have to take.
func (o ORCPT) Parameter(smtpUTF8 bool) string {
	value := string(o)
	if !smtpUTF8 {
		var b strings.Builder
		for _, r := range value {
			if r < utf8.RuneSelf {
				b.WriteRune(r)
			} else {
				fmt.Fprintf(&b, `\x{%X}`, r)
			}
		}
		value = b.String()
	}
	if len(value) > maxORCPT {
		return ""
	}
	return value
}

// Decode parts the type and the address, as a report names them (RFC 3464 section
// 2.3.1). The address may hold any octet.
func (o ORCPT) Decode() (kind, address string) {
	kind, text, _ := strings.Cut(string(o), ";")
	if strings.EqualFold(kind, "utf-8") {
		address, _ = decodeUnitext(text)
	} else {
		address, _ = DecodeXtext(text)
	}
	return kind, address
}

// isType tells whether s is a type of address as they are registered (RFC 3461
// section 4.2).
func isType(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		if !(c >= 'a' && c <= 'z' || s[i] >= '0' && s[i] <= '9' || s[i] == '-' && i > 0) {
			return false
		}
	}
	return s != ""
}
