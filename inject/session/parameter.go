package session

import (
	"strings"

	"mailchute/relay/reply"
)

// parameter is one esmtp-param, RFC 5321 section 4.1.2.
type parameter struct {
	keyword  string // in upper case
	value    string
	hasValue bool
}

// parseParameters reads what stands behind a path. None may stand there twice.
func parseParameters(text string) ([]parameter, *reply.Reply) {
	var list []parameter
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' }) {
		p := parameter{}
		p.keyword, p.value, p.hasValue = strings.Cut(word, "=")
		p.keyword = strings.ToUpper(p.keyword)
		if !isKeyword(p.keyword) || p.hasValue && p.value == "" || strings.Contains(p.value, "=") {
			return nil, no(501, 5, 5, 4, "malformed parameter")
		}
		for _, other := range list {
			if other.keyword == p.keyword {
				return nil, no(501, 5, 5, 4, p.keyword+" is there twice")
			}
		}
		if len(list) == maxParameters {
			return nil, no(501, 5, 5, 4, "too many parameters")
		}
		list = append(list, p)
	}
	return list, nil
}

// maxParameters is more than there are.
const maxParameters = 32

func isKeyword(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !('A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' && i > 0) {
			return false
		}
	}
	return s != ""
}

// unknown is the answer to a parameter that was not offered, RFC 5321 section
// 4.1.1.11.
func (p parameter) unknown() *reply.Reply {
	return no(555, 5, 5, 4, p.keyword+" is not offered here")
}

// malformed is the answer to a value that is none.
func (p parameter) malformed(want string) *reply.Reply {
	return no(501, 5, 5, 4, p.keyword+": want "+want)
}

// plain is a parameter that must not have a value.
func (p parameter) plain() *reply.Reply {
	if p.hasValue {
		return p.malformed("no value")
	}
	return nil
}

// number reads up to digits decimal digits.
func number(s string, digits int) (n int64, ok bool) {
	if s == "" || len(s) > digits {
		return 0, false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int64(s[i]-'0')
	}
	return n, true
}
