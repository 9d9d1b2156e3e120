package voice

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable makes control characters visible and invalid UTF-8 harmless.
func Printable(s string) string {
	clean := true
	for i := 0; i < len(s) && clean; i++ {
		clean = s[i] >= ' ' && s[i] < 0x7f
	}
	if clean {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == utf8.RuneError:
			b.WriteByte('?')
		case unicode.IsControl(r), speaksToTerminals(r):
			fmt.Fprintf(&b, `\x{%X}`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// speaksToTerminals tells of characters beyond ASCII that are no text: controls,
// and what turns the direction of a line or ends it.
func speaksToTerminals(r rune) bool {
	return r >= 0x7f && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == 0x2028 || r == 0x2029
}
