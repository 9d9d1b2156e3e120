package headers

import (
	"bytes"
	"strings"
)

// Field is one header field as it was written: name, colon, body, folds and
// all. A Field is never changed; a rewrite makes another one.
type Field struct {
	raw   []byte // ends in CRLF; a CR or LF elsewhere is part of a fold
	colon int    // where the colon stands in raw
}

// lineWidth is the line length that fields made here are folded towards, RFC
// 5322 section 2.1.1.
const lineWidth = 78

// NewField is a field with the given name and value, folded at white space
// towards 78 octets a line. Control characters in the value become blanks, and
// those in the name are left out, so nothing in either can begin another field.
func NewField(name, value string) Field {
	name = strings.Map(func(r rune) rune {
		if r > 126 || !isNameByte(byte(r)) {
			return -1
		}
		return r
	}, name)
	value = strings.Trim(blankControls(value), " ")
	raw := make([]byte, 0, len(name)+len(value)+4+3*(len(value)/40))
	raw = append(append(raw, name...), ':')
	if value != "" {
		raw = appendFolded(raw, " "+value)
	}
	return Field{raw: append(raw, "\r\n"...), colon: len(name)}
}

// appendFolded adds text to the line in raw and folds it in front of words that
// would pass lineWidth. The first word stays on the line of the field name.
func appendFolded(raw []byte, text string) []byte {
	column := len(raw)
	for first := true; text != ""; first = false {
		gap := len(text) - len(strings.TrimLeft(text, " "))
		end := gap + strings.IndexByte(text[gap:]+" ", ' ')
		if !first && column+end > lineWidth {
			raw = append(raw, "\r\n"...)
			column = 0
		}
		raw = append(raw, text[:end]...)
		column += end
		text = text[end:]
	}
	return raw
}

// WithText is f with another text behind the colon, in which folds are CRLF and
// a blank or TAB. A line break that is no fold becomes a blank.
func (f Field) WithText(text string) Field {
	raw := make([]byte, 0, f.colon+len(text)+3)
	raw = append(raw, f.raw[:f.colon+1]...)
	raw = append(raw, keepFolds(text)...)
	return Field{raw: append(raw, "\r\n"...), colon: f.colon}
}

// Name is the field name as it was written, without the white space that may
// stand in front of the colon (RFC 5322 section 4.5).
func (f Field) Name() string { return string(f.name()) }

func (f Field) name() []byte {
	end := f.colon
	for end > 0 && isBlank(f.raw[end-1]) {
		end--
	}
	return f.raw[:end]
}

// Is tells whether the field has this name; case does not count, RFC 5322
// section 1.2.2.
func (f Field) Is(name string) bool {
	own := f.name()
	if len(own) != len(name) {
		return false
	}
	for i := range own {
		if own[i] != name[i] && lower(own[i]) != lower(name[i]) {
			return false
		}
	}
	return true
}

func (f Field) isOneOf(names ...string) bool {
	for _, name := range names {
		if f.Is(name) {
			return true
		}
	}
	return false
}

// Raw is the whole field with its last CRLF. It must not be changed.
func (f Field) Raw() []byte { return f.raw }

// Text is what stands behind the colon, folds included, without the last CRLF.
func (f Field) Text() string { return string(f.raw[f.colon+1 : len(f.raw)-2]) }

// Value is the field body unfolded (RFC 5322 section 2.2.3), without the white
// space around it.
func (f Field) Value() string { return strings.Trim(unfold(f.Text()), " \t") }

// isBlank tells whether nothing stands behind the colon.
func (f Field) isBlank() bool {
	return len(bytes.Trim(f.raw[f.colon+1:], " \t\r\n")) == 0
}

func (f Field) isASCII() bool { return isASCII(f.raw) }

// unfold takes the CRLF of each fold away.
func unfold(text string) string {
	if strings.IndexByte(text, '\n') < 0 {
		return text
	}
	return strings.ReplaceAll(text, "\r\n", "")
}

// keepFolds makes blanks of all NUL, CR and LF in text that are not the CRLF of
// a fold.
func keepFolds(text string) string {
	if !strings.ContainsAny(text, "\r\n\x00") {
		return text
	}
	b := []byte(text)
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] == '\r' && i+2 < len(b) && b[i+1] == '\n' && isBlank(b[i+2]):
			i += 2
		case b[i] == '\r' || b[i] == '\n' || b[i] == 0:
			b[i] = ' '
		}
	}
	return string(b)
}

func blankControls(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c < ' ' || c == 0x7f {
			b[i] = ' '
		}
	}
	return string(b)
}

// isNameByte tells whether c may stand in a field name: printable US-ASCII
// without the colon, RFC 5322 section 2.2.
func isNameByte(c byte) bool { return c > ' ' && c < 0x7f && c != ':' }

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func isASCII[T string | []byte](s T) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
