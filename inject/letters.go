package inject

import (
	"strings"
)

// cluster reads one word of short options, the leading hyphen taken off.
func (a *Args) cluster(word string, rest []string) ([]string, error) {
	for word != "" {
		letter := word[0]
		word = word[1:]
		switch arity(letter) {
		case none:
			a.flag(letter)
			continue
		case attached:
			return rest, a.value(letter, word)
		case debugLevel:
			if word == "" && len(rest) > 0 && isDebugLevel(rest[0]) {
				rest = rest[1:]
			}
			return rest, nil
		case required:
			if word != "" {
				return rest, a.value(letter, word)
			}
			if len(rest) == 0 {
				return nil, usagef("option -%c needs a value", letter)
			}
			return rest[1:], a.value(letter, rest[0])
		default:
			return nil, usagef("unknown option %q; see sendmail(8)", "-"+string(rune(letter)))
		}
	}
	return rest, nil
}

type kind int

const (
	unknown    kind = iota
	none            // a flag
	required        // a value, attached or in the next argument
	attached        // what is behind it in the same word, maybe nothing
	debugLevel      // -d: as attached, or a next argument that looks like a level
)

// arity tells how an option letter of sendmail(8) takes its value.
func arity(letter byte) kind {
	switch letter {
	case 't', 'i', 'v', 'U', 'G', 'n', 'm', 'I':
		return none
	case 'f', 'r', 'F', 'N', 'R', 'V', 'B', 'b', 'C', 'X', 'h', 'L', 'o', 'O', 'e', 'A', 'p', 'D', 'x', 'T':
		return required
	case 'q':
		return attached
	case 'd':
		return debugLevel
	}
	return unknown
}

// isDebugLevel tells whether s is a debugging level of sendmail's -d, as
// "0.1" or "8.7,11": an address never is.
func isDebugLevel(s string) bool {
	return s != "" && strings.Trim(s, "0123456789.,-") == "" && s[0] != '-'
}

func (a *Args) flag(letter byte) {
	switch letter {
	case 't':
		a.FromHeader = true
	case 'i':
		a.IgnoreDots = true
	case 'v':
		a.Verbose = true
	case 'U':
		a.Options.SMTPUTF8 = true
	case 'G':
		a.Gateway = true
	case 'I':
		a.Mode = Aliases
	}
}

func (a *Args) value(letter byte, v string) error {
	switch letter {
	case 'f', 'r':
		a.HasSender, a.Sender = true, v
	case 'F':
		a.FullName = v
	case 'N':
		return a.notify(v)
	case 'R':
		return a.ret(v)
	case 'V':
		return a.envelopeID(v)
	case 'B':
		return a.bodyType(v)
	case 'b':
		return a.mode(v)
	case 'q':
		return a.run(v)
	case 'h':
		return number(&a.Hops, "-h", v)
	case 'e':
		return a.onError(v)
	case 'o':
		return a.short(v)
	case 'O':
		return a.named(v)
	case 'L':
		a.Tag = v
	case 'C':
		a.ConfigFile = v
	case 'X':
		a.TraceFile = v
	case 'D':
		a.DebugFile = v
	}
	return nil // -A, -p, -x, -T: without effect
}
