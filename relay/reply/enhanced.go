package reply

import "strings"

// ParseEnhanced reads an enhanced status code, RFC 3463 section 2: "5.1.1" and
// nothing else. Class is 2, 4 or 5; subject and detail have one to three digits.
func ParseEnhanced(s string) (Enhanced, bool) {
	if len(s) < 2 || s[1] != '.' || s[0] != '2' && s[0] != '4' && s[0] != '5' {
		return Enhanced{}, false
	}
	subject, detail, _ := strings.Cut(s[2:], ".")
	e := Enhanced{Class: int(s[0] - '0')}
	var ok1, ok2 bool
	e.Subject, ok1 = upTo999(subject)
	e.Detail, ok2 = upTo999(detail)
	if !ok1 || !ok2 {
		return Enhanced{}, false
	}
	return e, true
}

func upTo999(s string) (n int, ok bool) {
	if len(s) < 1 || len(s) > 3 {
		return 0, false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}

// takeEnhanced takes the enhanced code off the front of a line of a reply of
// that class. The first one found goes to code; a different one on a later line
// stays in the text, so that nothing is lost.
func takeEnhanced(line string, class int, code *Enhanced) string {
	word, rest, _ := strings.Cut(line, " ")
	e, ok := ParseEnhanced(word)
	if !ok || e.Class != class || !code.IsZero() && e != *code {
		return line
	}
	*code = e
	return strings.TrimLeft(rest, " ")
}
