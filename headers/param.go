package headers

import (
	"strconv"
	"strings"
)

// parameters feeds a MIME value with its parameters, RFC 2045 section 5.1. The
// values that have 8-bit octets are written anew as RFC 2231 wants them; all
// else stays, but for comments.
func (e *encoder) parameters(text string) {
	n := parameterEnd(text)
	e.structured(text[:n], nil, (*encoder).verbatim)
	for text = text[n:]; text != ""; text = text[n:] {
		e.verbatim(";")
		text = text[1:]
		n = parameterEnd(text)
		name, value, _ := strings.Cut(text[:n], "=")
		end := valueEnd(value)
		attribute := strings.Trim(name, blanks)
		if !e.wanted(value[:end]) || !isAttribute(attribute) {
			e.structured(text[:n], nil, (*encoder).verbatim)
			continue
		}
		gap := name[:spanOf(name, isFoldingSpace)]
		e.parameter(gap, attribute, valueOf(value[:end]))
		e.structured(value[end:], nil, (*encoder).verbatim)
	}
}

// parameterEnd is where the first parameter of text ends: at a semicolon outside
// quotes and comments, or with the text.
func parameterEnd(text string) int {
	depth := 0
	for n := 0; n < len(text); n++ {
		switch c := text[n]; {
		case c == '\\':
			n++
		case c == '"' && depth == 0:
			_, end := quotedString(text[n:])
			n += end - 1
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case c == ';' && depth == 0:
			return n
		}
	}
	return len(text)
}

// valueEnd is where a value ends and a comment or white space begins. Many write
// a value with blanks and no quotes: it is taken whole.
func valueEnd(text string) int {
	start := spanOf(text, isFoldingSpace)
	if start < len(text) && text[start] == '"' {
		_, end := quotedString(text[start:])
		return start + end
	}
	if i := strings.Index(text, " ("); i >= 0 {
		text = text[:i]
	}
	return len(strings.TrimRight(text, blanks))
}

// valueOf is what a value says, without its quotes.
func valueOf(text string) string {
	text = unfold(strings.Trim(text, blanks))
	if strings.HasPrefix(text, `"`) {
		inside, _ := quotedString(text)
		text = unescape(text[1:inside])
	}
	return text
}

// parameter writes a parameter in the extended form of RFC 2231 section 4, in
// pieces (section 3) if it does not fit on a line.
func (e *encoder) parameter(gap, attribute, value string) {
	prefix := string(charsetOf(value)) + "''"
	switch {
	case strings.HasSuffix(attribute, "*"): // extended, but for some octets
		e.line(gap, attribute+"="+percentEncode(value, "%'"))
	case strings.HasSuffix(attribute, "*0"): // the first of pieces says the charset
		e.line(gap, attribute+"*="+prefix+percentEncode(value, ""))
	case strings.Contains(attribute, "*"):
		e.line(gap, attribute+"*="+percentEncode(value, ""))
	case len(attribute)+len(prefix)+percentLen(value) <= maxEncodedLine-len(" *=;"):
		e.line(gap, attribute+"*="+prefix+percentEncode(value, ""))
	default:
		e.sections(gap, attribute, prefix, value)
	}
}

func (e *encoder) sections(gap, attribute, prefix, value string) {
	set := charsetOf(value)
	for i := 0; value != ""; i++ {
		start := attribute + "*" + strconv.Itoa(i) + "*=" + prefix
		room := maxEncodedLine - len(" ;") - len(start)
		n := max(percentFit(value, set, room), runeWidth(value, set))
		if i > 0 {
			e.verbatim(";")
			gap = "\r\n "
		}
		e.line(gap, start+percentEncode(value[:n], ""))
		value, prefix = value[n:], ""
	}
}

// line writes a parameter behind gap, on a new line if it does not fit.
func (e *encoder) line(gap, text string) {
	if !strings.Contains(gap, "\n") && e.column+len(gap)+len(text)+1 > maxEncodedLine {
		gap = "\r\n "
	}
	e.space(gap)
	e.verbatim(text)
}

// isAttribute tells whether name may be the name of a parameter.
func isAttribute(name string) bool {
	for i := 0; i < len(name); i++ {
		if c := name[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`()<>@,;:\"/[]?=`, c) >= 0 {
			return false
		}
	}
	return name != ""
}

// isAttributeChar is the attribute-char of RFC 2231 section 7.
func isAttributeChar(c byte) bool {
	return c > ' ' && c < 0x7f && strings.IndexByte(`*'%()<>@,;:\"/[]?=`, c) < 0
}

// percentEncode is value for an extended parameter; the octets in also stay too.
func percentEncode(value, also string) string {
	b := make([]byte, 0, 3*len(value))
	for i := 0; i < len(value); i++ {
		c := value[i]
		if isAttributeChar(c) || strings.IndexByte(also, c) >= 0 {
			b = append(b, c)
			continue
		}
		b = append(b, '%', hex[c>>4], hex[c&15])
	}
	return string(b)
}

func percentLen(value string) int {
	n := 0
	for i := 0; i < len(value); i++ {
		n++
		if !isAttributeChar(value[i]) {
			n += len("XX")
		}
	}
	return n
}

// percentFit is wholeFit for the encoding of RFC 2231.
func percentFit(value string, set charset, room int) int {
	return wholeFit(value, set, room, percentLen)
}
