package address

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxText bounds what messages show of an element, in octets.
const maxText = 200

// clean makes text fit for a message: trimmed, at most maxText octets, with one
// blank for what no terminal or log should see (control characters, folds,
// direction marks) and a question mark for each octet that is not UTF-8.
func clean(s string) string {
	s = strings.Trim(s, " \t\r\n")
	if len(s) <= maxText && isPrintable(s) {
		return s
	}
	b := make([]byte, 0, maxText+utf8.UTFMax)
	gap := true // no blank in front
	for _, r := range s {
		blank := r == ' ' || !unicode.IsGraphic(r)
		switch {
		case r == utf8.RuneError:
			b = append(b, '?')
		case !blank:
			b = utf8.AppendRune(b, r)
		case !gap:
			b = append(b, ' ')
		}
		gap = blank
		if len(b) > maxText {
			return cut(b)
		}
	}
	return strings.TrimRight(string(b), " ")
}

// cut shortens b to maxText octets with an ellipsis, between two runes.
func cut(b []byte) string {
	const ellipsis = "..."
	n := maxText - len(ellipsis)
	for !utf8.RuneStart(b[n]) {
		n--
	}
	return string(b[:n]) + ellipsis
}

// isPrintable tells whether s is printable ASCII.
func isPrintable(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
