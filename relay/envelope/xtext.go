package envelope

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// EncodeXtext is xtext, RFC 3461 section 4.
func EncodeXtext(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if isXchar(s[i]) {
			b.WriteByte(s[i])
		} else {
			fmt.Fprintf(&b, "+%02X", s[i])
		}
	}
	return b.String()
}

// DecodeXtext takes xtext apart: a plus sign and two upper case hexadecimal digits
// stand for an octet, RFC 3461 section 4.
func DecodeXtext(s string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case isXchar(s[i]):
			b.WriteByte(s[i])
		case s[i] == '+' && i+2 < len(s) && isUpperHex(s[i+1]) && isUpperHex(s[i+2]):
			n, _ := strconv.ParseUint(s[i+1:i+3], 16, 8) // two digits fit
			b.WriteByte(byte(n))
			i += 2
		default:
			return "", false
		}
	}
	return b.String(), true
}

// encodeUnitext is utf-8-addr-unitext, RFC 6533 section 3; what is no visible
// character is escaped.
func encodeUnitext(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf && isXchar(byte(r)) && r != '\\',
			r >= utf8.RuneSelf && unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\x{%X}`, r)
		}
	}
	return b.String()
}

// decodeUnitext takes both apart: \x{HEX} stands for a character.
func decodeUnitext(s string) (string, bool) {
	if !utf8.ValidString(s) {
		return "", false
	}
	var b strings.Builder
	for {
		before, rest, escaped := strings.Cut(s, `\`)
		b.WriteString(before)
		if !escaped {
			return b.String(), true
		}
		digits, after, closed := strings.Cut(strings.TrimPrefix(rest, "x{"), "}")
		n, err := strconv.ParseUint(digits, 16, 21)
		if !strings.HasPrefix(rest, "x{") || !closed || err != nil || !utf8.ValidRune(rune(n)) {
			return "", false
		}
		b.WriteRune(rune(n))
		s = after
	}
}

func isXchar(c byte) bool { return c >= '!' && c <= '~' && c != '+' && c != '=' }

func isUpperHex(c byte) bool { return '0' <= c && c <= '9' || 'A' <= c && c <= 'F' }
