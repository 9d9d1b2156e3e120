package aliases

import (
	"strings"

	"mailchute/headers/address"
)

// member is one of the things behind a name. One of the fields is set.
type member struct {
	addr    address.Addr // an address, or a name to look up
	final   bool         // \name: addr is not looked up again
	include string       // the path behind :include:
	err     *Error       // without file, line and name
}

// members takes a right side, or a line of an included file, apart.
func members(text string) []member {
	var list []member
	for len(text) > 0 {
		end := nextComma(text)
		word := strings.TrimSpace(text[:end])
		text = text[min(end+1, len(text)):]
		if word != "" {
			list = append(list, parseMember(word))
		}
	}
	return list
}

// parseMember tells by the first character what a member is. Programs, files and
// includes may be quoted as a whole.
func parseMember(word string) member {
	bare := word
	if word[0] == '"' {
		if text, rest, reason := unquote(word); reason == "" && rest == "" {
			bare = text
		}
	}
	const include = ":include:"
	switch {
	case strings.HasPrefix(bare, "|"):
		return failed(quote(word)+" is a program", "mailchute runs none for mail; name an address")
	case strings.HasPrefix(bare, "/"):
		return failed(quote(word)+" is a file", "mailchute has no local mailboxes; name an address")
	case len(bare) >= len(include) && strings.EqualFold(bare[:len(include)], include):
		path := strings.TrimSpace(bare[len(include):])
		if !strings.HasPrefix(path, "/") {
			return failed(quote(word)+" has no absolute path", "")
		}
		return member{include: path}
	}
	text, final := strings.CutPrefix(word, `\`)
	a, err := address.Parse(text)
	switch {
	case err != nil && strings.Contains(word, "#"):
		return failed(err.Error(), "a comment needs a line of its own")
	case err != nil:
		return failed(err.Error(), "")
	case a.IsNull():
		return failed(quote(word)+" is no address", "")
	}
	return member{addr: a, final: final}
}

func failed(reason, hint string) member { return member{err: &Error{Reason: reason, Hint: hint}} }

// nextComma is where the first comma stands that is outside quotes, comments and
// angle brackets, or the end.
func nextComma(s string) int {
	quoted, depth := false, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			i++
		case c == '"' && depth == 0:
			quoted = !quoted
		case quoted:
		case c == '(' || c == '<':
			depth++
		case (c == ')' || c == '>') && depth > 0:
			depth--
		case c == ',' && depth == 0:
			return i
		}
	}
	return len(s)
}
