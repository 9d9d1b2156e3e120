package reply

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean makes text of a server fit for terminals, logs and reports: a control
// character becomes a blank, an octet that is no UTF-8 a question mark. Blanks
// at the end go.
func clean(text []byte) string {
	if isPrintable(text) {
		return strings.TrimRight(string(text), " ")
	}
	var b strings.Builder
	b.Grow(len(text))
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		switch {
		case r == utf8.RuneError && n == 1:
			r = '?'
		case unicode.IsControl(r), r == '\u2028', r == '\u2029':
			r = ' '
		}
		b.WriteRune(r)
		text = text[n:]
	}
	return strings.TrimRight(b.String(), " ")
}

func isPrintable(text []byte) bool {
	for _, c := range text {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// clip cuts s to at most n octets, between two characters.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
