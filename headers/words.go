package headers

import "strings"

// The parts of a field body as an encoder is fed with them.

const blanks = " \t\r\n"

// unstructured feeds text in which white space alone parts the words, RFC 5322
// section 2.2.1.
func (e *encoder) unstructured(text string) {
	for text != "" {
		n := spanOf(text, isFoldingSpace)
		e.space(text[:n])
		text = text[n:]
		if n = spanOf(text, func(c byte) bool { return !isFoldingSpace(c) }); n > 0 {
			e.word(text[:n])
		}
		text = text[n:]
	}
}

// comment feeds the inside of a comment, RFC 5322 section 3.2.2. Parentheses of
// comments in it part words too.
func (e *encoder) comment(text string) {
	for text != "" {
		n := spanOf(text, isFoldingSpace)
		e.space(text[:n])
		if text = text[n:]; text == "" {
			return
		}
		if text[0] == '(' || text[0] == ')' {
			e.verbatim(text[:1])
			text = text[1:]
			continue
		}
		n = commentWord(text)
		e.wordThatSays(text[:n], unescape(text[:n]))
		text = text[n:]
	}
}

func commentWord(text string) int {
	n := 0
	for n < len(text) && !isFoldingSpace(text[n]) && text[n] != '(' && text[n] != ')' {
		if text[n] == '\\' && n+1 < len(text) {
			n++
		}
		n++
	}
	return n
}

// phrases feeds what stands between the comments and addresses of an
// address-list: words, quoted strings and specials, RFC 5322 section 3.2.5.
func (e *encoder) phrases(text string) {
	for text != "" {
		n := spanOf(text, isFoldingSpace)
		e.space(text[:n])
		if text = text[n:]; text == "" {
			return
		}
		switch c := text[0]; {
		case c == '"':
			inside, end := quotedString(text)
			e.wordThatSays(text[:end], unescape(unfold(text[1:inside])))
			n = end
		case isSpecial(c):
			n = 1
			e.verbatim(text[:1])
		default:
			n = spanOf(text, func(c byte) bool { return !isFoldingSpace(c) && !isSpecial(c) && c != '"' })
			e.word(text[:n])
		}
		text = text[n:]
	}
}

// quotedString measures the quoted string that text begins with: where its inside
// ends, and where it ends itself. Without a closing quote both are the end of
// text.
func quotedString(text string) (inside, end int) {
	for n := 1; n < len(text); n++ {
		switch text[n] {
		case '\\':
			n++
		case '"':
			return n, n + 1
		}
	}
	return len(text), len(text)
}

// unescape takes the backslashes of quoted pairs away, RFC 5322 section 3.2.1.
func unescape(text string) string {
	if strings.IndexByte(text, '\\') < 0 {
		return text
	}
	b := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) {
			i++
		}
		b = append(b, text[i])
	}
	return string(b)
}

// spanOf is the length of the longest beginning of text that is all of is.
func spanOf(text string, is func(byte) bool) int {
	for n := 0; n < len(text); n++ {
		if !is(text[n]) {
			return n
		}
	}
	return len(text)
}

func isFoldingSpace(c byte) bool { return strings.IndexByte(blanks, c) >= 0 }

// isSpecial tells whether c parts the words of a phrase. A dot does not: RFC 5322
// section 4.1 allows it there.
func isSpecial(c byte) bool { return strings.IndexByte("()<>[]:;@,", c) >= 0 }
