package session

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// decodeXtext takes xtext apart, RFC 3461 section 4: a plus sign and two upper
// case hexadecimal digits stand for an octet.
func decodeXtext(s string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c < '!' || c > '~' || c == '=' {
			return "", false
		}
		if c != '+' {
			b.WriteByte(c)
			continue
		}
		if i+2 >= len(s) || !isUpperHex(s[i+1]) || !isUpperHex(s[i+2]) {
			return "", false
		}
		n, _ := strconv.ParseUint(s[i+1:i+3], 16, 8) // two digits fit
		b.WriteByte(byte(n))
		i += 2
	}
	return b.String(), true
}

// decodeUnitext takes utf-8-addr-xtext and utf-8-addr-unitext apart, RFC 6533
// section 3: \x{HEX} stands for a character.
func decodeUnitext(s string) (string, bool) {
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

func isUpperHex(c byte) bool { return '0' <= c && c <= '9' || 'A' <= c && c <= 'F' }

// printable tells whether s is US-ASCII without control characters.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
