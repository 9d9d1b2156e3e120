package oauth

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// Error is why there is no token. It holds no secret and no control character.
type Error struct {
	Doing string // what was being done, "renewing the token"
	Host  string // of the endpoint that it is about, "" when it is about none
	Code  string // the error code of RFC 6749 section 5.2 or RFC 8628 section 3.5, "" for none
	Text  string // what is wrong, of the server's or of our own making; may be empty
	Err   error  // the cause; nil when Code and Text say it all

	Login bool // only a new login of the user helps
	Later bool // it may pass by itself
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Doing)
	if e.Host != "" {
		fmt.Fprintf(&b, " at %s", clean(e.Host))
	}
	for _, part := range []string{e.Code, e.Text} {
		if part != "" {
			b.WriteString(": " + clean(part))
		}
	}
	if e.Err != nil {
		b.WriteString(": " + clean(e.Err.Error()))
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// Temporary tells whether it may pass by itself.
func (e *Error) Temporary() bool { return e.Later }

// refused reads an answer that is no token. Only what the server says in the way of
// RFC 6749 is a refusal; all else is trouble with the server.
func (e *Error) refused(status int, code, text string) {
	e.Code, e.Text = code, text
	switch {
	case code == "temporarily_unavailable", code == "server_error", status >= 500, status == 429, status == 408:
		e.Later = true
		if code == "" {
			e.Text = "HTTP status " + strconv.Itoa(status)
		}
	case code == "":
		e.Later = true
		e.Text = "the answer makes no sense (HTTP status " + strconv.Itoa(status) + ")"
	case code == "invalid_grant", code == "interaction_required": // the second is OpenID Connect's
		e.Login = true
	}
}

// clean is text of unknown origin on one short line.
func clean(s string) string {
	const limit = 300
	cut := len(s) > limit
	if cut {
		s = s[:limit]
	}
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	if cut {
		s += "..."
	}
	return s
}
