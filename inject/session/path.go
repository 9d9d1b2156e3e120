package session

import (
	"strings"

	"mailchute/headers/address"
)

// cutPath takes the reverse-path or forward-path off the argument of MAIL or
// RCPT, word being "FROM:" or "TO:", and leaves the parameters. Blanks behind the
// colon and a path without brackets are against RFC 5321 section 3.3, are sent
// all the same, and mean nothing else.
func cutPath(arg, word string) (path, parameters string, ok bool) {
	if len(arg) < len(word) || !strings.EqualFold(arg[:len(word)], word) {
		return "", "", false
	}
	rest := strings.TrimLeft(arg[len(word):], " ")
	if !strings.HasPrefix(rest, "<") {
		path, parameters, _ = strings.Cut(rest, " ")
		return path, parameters, path != ""
	}
	rest = rest[1:]
	end := address.PathEnd(rest)
	if end < 0 {
		return "", "", false
	}
	path, parameters = rest[:end], rest[end+1:]
	return path, parameters, parameters == "" || parameters[0] == ' '
}

// parsePath reads what stands in the brackets: a Mailbox of RFC 5321 section
// 4.1.2, a source route in front of it dropped, or a local part alone.
func parsePath(path string) (address.Addr, error) {
	a, err := address.ParsePath(path)
	if err == nil || path == "" || path[0] == '@' {
		return a, err
	}
	const stand = "local.invalid"
	if bare, e := address.ParsePath(path + "@" + stand); e == nil && bare.Domain == stand && bare.Local != "" {
		return address.Addr{Local: bare.Local}, nil
	}
	return a, err
}
