package smtp

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// The longest MAIL and RCPT lines with their CRLF: RFC 5321 section 4.5.3.1.4,
// and with parameters what the known extensions add to it all together.
const (
	maxCommand  = 512
	maxExtended = maxCommand + 1024
)

// checkCommand refuses a path and parameters that would not be one command on
// one line. All that gets here should be right already; this is the last gate
// in front of the wire (RFC 5321 section 4.1.2).
func checkCommand(path string, parameters []string, unicode bool) error {
	if err := checkPath(path, unicode); err != nil {
		return fmt.Errorf("%s: %w", quote(path), err)
	}
	size := len("MAIL FROM:<>\r\n") + len(path)
	for _, p := range parameters {
		if err := checkParameter(p, unicode); err != nil {
			return fmt.Errorf("%s: %w", quote(p), err)
		}
		size += 1 + len(p)
	}
	if size > maxExtended || size > maxCommand && len(parameters) == 0 {
		return fmt.Errorf("%s: %w", quote(path), errTooLong)
	}
	return nil
}

var (
	errTooLong = errors.New("too long for a command line")
	errControl = errors.New("control character")
	errBlank   = errors.New("blank or angle bracket outside quotes")
	errQuote   = errors.New("quote that does not end")
	errEmpty   = errors.New("empty parameter")
	errUTF8    = errors.New("invalid UTF-8")
	errASCII   = errors.New("not ASCII, and SMTPUTF8 is not in use")
)

func checkPath(path string, unicode bool) error {
	if err := checkOctets(path, unicode); err != nil {
		return err
	}
	quoted := false
	for i := 0; i < len(path); i++ {
		switch c := path[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\\' && quoted:
			if i++; i == len(path) {
				return errQuote
			}
		case (c == ' ' || c == '<' || c == '>') && !quoted:
			return errBlank
		}
	}
	if quoted {
		return errQuote
	}
	return nil
}

func checkParameter(p string, unicode bool) error {
	switch {
	case p == "":
		return errEmpty
	case strings.Contains(p, " "):
		return errBlank
	}
	return checkOctets(p, unicode)
}

func checkOctets(s string, unicode bool) error {
	high := false
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f {
			return errControl
		}
		high = high || s[i] > 0x7f
	}
	switch {
	case high && !unicode:
		return errASCII
	case high && !utf8.ValidString(s):
		return errUTF8
	}
	return nil
}

// usesSMTPUTF8 tells whether the MAIL parameters ask for RFC 6531.
func usesSMTPUTF8(parameters []string) bool {
	return slices.ContainsFunc(parameters, func(p string) bool { return strings.EqualFold(p, "SMTPUTF8") })
}
