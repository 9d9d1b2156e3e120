package address

import "strings"

// Phrase is a display name as it can stand in front of an angle bracket, RFC 5322
// section 3.2.5: atoms as they are, anything else as one quoted-string. Control
// characters become blanks. Non-ASCII text stays as it is, RFC 6532. An empty
// name gives the empty string.
func Phrase(name string) string {
	name = blankControls(name)
	if name == "" || isAtoms(name) {
		return name
	}
	return quote(name)
}

// Comments gives the insides of the outermost comments of a structured field
// body, RFC 5322 section 3.2.2, in order. A comment that is not closed is none,
// and neither is a parenthesis in a quoted-string or a domain-literal.
func Comments(text string) []Span {
	var spans []Span
	for i := 0; i < len(text); {
		stop := i + 1
		switch text[i] {
		case '\\':
			stop++
		case '"':
			stop, _ = quotedEnd(text, i)
		case '[':
			stop = max(stop, literalEnd(text, i))
		case '(':
			if stop = commentEnd(text, i); stop > 0 {
				spans = append(spans, Span{i + 1, stop - 1})
			}
		}
		if stop < 0 {
			break
		}
		i = stop
	}
	return spans
}

// isAtoms tells whether s is one or more atoms with one blank between two. The
// dot of obs-phrase is not written, RFC 5322 section 4.1.
func isAtoms(s string) bool {
	gap := true // a blank here would have no atom in front of it
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == ' ' && !gap:
			gap = true
		case classes[s[i]] == word && s[i] != '.':
			gap = false
		default:
			return false
		}
	}
	return !gap
}

// quote makes a quoted-string, RFC 5322 section 3.2.4.
func quote(s string) string {
	b := make([]byte, 0, len(s)+2)
	b = append(b, '"')
	for i := 0; i < len(s); i++ {
		if s[i] == '"' || s[i] == '\\' {
			b = append(b, '\\')
		}
		b = append(b, s[i])
	}
	return string(append(b, '"'))
}

// blankControls puts a blank in the place of each ASCII control character.
func blankControls(s string) string {
	if !hasControl(s) {
		return s
	}
	b := []byte(s)
	for i, c := range b {
		if c < ' ' || c == 0x7f {
			b[i] = ' '
		}
	}
	return string(b)
}

// hasControl tells whether an ASCII control character is in s.
func hasControl(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) >= 0
}
