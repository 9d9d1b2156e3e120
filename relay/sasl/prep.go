package sasl

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// prepare is SASLprep (RFC 4013) as SCRAM asks for it (RFC 5802 section 5.1), so
// that a password typed on another keyboard is still the same password: foreign
// blanks become blanks, invisible characters go, the rest is normalized by NFKC.
// Control characters are refused. The rule for right-to-left text is not checked:
// a server that knows it has not let such a password be set. Text that is not
// UTF-8 stays as it is.
func prepare(s string) (string, error) {
	if !utf8.ValidString(s) {
		return s, nil
	}
	s = norm.NFKC.String(strings.Map(mapped, s))
	if strings.ContainsFunc(s, isControl) {
		return "", errors.New("user name or password holds a control character")
	}
	return s, nil
}

// mapped is the mapping of RFC 4013 section 2.1: table C.1.2 of RFC 3454 to the
// blank, table B.1 to nothing.
func mapped(r rune) rune {
	switch {
	case r < 0x80:
		return r
	case r == 0x200b: // in both tables; the blank is listed first
		return ' '
	case unicode.Is(unicode.Zs, r):
		return ' '
	case r == 0xad, r == 0x34f, r == 0x1806, r >= 0x180b && r <= 0x180d,
		r == 0x200c, r == 0x200d, r == 0x2060, r == 0xfeff, r >= 0xfe00 && r <= 0xfe0f:
		return -1
	}
	return r
}
