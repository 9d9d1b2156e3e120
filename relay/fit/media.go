package fit

import (
	"mime"
	"strings"

	"mailchute/headers"
)

// media is what a Content-Type says, as far as it matters here: in lower case,
// but for the boundary.
type media struct {
	main, sub string
	charset   string
	boundary  string
}

// mediaOf is the type that the body under h has. Without a field, or with one
// that cannot be understood, it is the default: text/plain (RFC 2045 section
// 5.2), in a multipart/digest message/rfc822 (RFC 2046 section 5.1.5).
func mediaOf(h headers.Header, digest bool) media {
	f, ok := h.First("Content-Type")
	if !ok && digest {
		return media{main: "message", sub: "rfc822"}
	}
	value := ""
	if ok {
		value = f.Value()
	}
	return parseMedia(value)
}

// parseMedia reads the value of a Content-Type field. What package mime refuses
// (comments, unquoted specials, a stray semicolon) is read as well as can be:
// a boundary that is not found would cost the reader the whole message.
func parseMedia(value string) media {
	kind, _, _ := strings.Cut(value, ";")
	kind, _, _ = strings.Cut(strings.TrimSpace(kind), "(")
	main, sub, ok := strings.Cut(strings.ToLower(strings.TrimSpace(kind)), "/")
	main, sub = strings.TrimSpace(main), strings.TrimSpace(sub)
	if !ok || main == "" || sub == "" {
		return media{main: "text", sub: "plain"}
	}
	m := media{main: main, sub: sub}
	if _, params, err := mime.ParseMediaType(value); err == nil {
		m.charset, m.boundary = params["charset"], params["boundary"]
	} else {
		m.charset, m.boundary = parameter(value, "charset"), parameter(value, "boundary")
	}
	m.charset = strings.ToLower(m.charset)
	// RFC 2046 section 5.1.1: no white space at the end.
	m.boundary = strings.TrimRight(m.boundary, " \t")
	return m
}

// parameter is the value of the first parameter of this name, "" if there is
// none.
func parameter(value, name string) string {
	for rest := value; rest != ""; {
		var item string
		item, rest = untilSemicolon(rest)
		key, v, ok := strings.Cut(item, "=")
		if ok && strings.EqualFold(strings.TrimSpace(key), name) {
			return unquote(strings.TrimSpace(v))
		}
	}
	return ""
}

// untilSemicolon cuts s at the first semicolon outside of quotes.
func untilSemicolon(s string) (item, rest string) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == ';' && !quoted:
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

// unquote is the value of a parameter without its quotes, or up to the first
// white space if it has none: a comment may follow.
func unquote(v string) string {
	if !strings.HasPrefix(v, `"`) {
		if i := strings.IndexAny(v, " \t("); i >= 0 {
			v = v[:i]
		}
		return v
	}
	var b strings.Builder
	for i := 1; i < len(v) && v[i] != '"'; i++ {
		if v[i] == '\\' && i+1 < len(v) {
			i++
		}
		b.WriteByte(v[i])
	}
	return b.String()
}

// isComposite tells whether the type holds others, so that no encoding may be
// put on it: RFC 2045 section 6.4. The types of RFC 6532 and RFC 6533 are
// allowed to have one.
func (m media) isComposite() bool {
	return m.main == "multipart" || m.main == "message" && !strings.HasPrefix(m.sub, "global")
}

// isMessage tells whether the body is a whole message with its own header.
func (m media) isMessage() bool {
	return m.main == "message" && (m.sub == "rfc822" || m.sub == "news")
}

// seal names the protection of a type that is void as soon as an octet changes:
// RFC 1847 and RFC 8551 section 3.1.
func (m media) seal() string {
	switch m.main + "/" + m.sub {
	case "multipart/signed", "multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime":
		return m.main + "/" + m.sub
	}
	return ""
}

// isText tells whether the type is made of lines, whose ends are CRLF in
// transport (RFC 2046 section 4.1.1), in a charset in which an octet below 128
// is ASCII.
func (m media) isText() bool {
	if m.main == "message" {
		return true
	}
	for _, wide := range []string{"utf-16", "utf-32", "ucs-", "iso-10646-ucs-"} {
		if strings.HasPrefix(m.charset, wide) {
			return false
		}
	}
	return m.main == "text"
}

// encoding is a content-transfer-encoding, RFC 2045 section 6.1, in lower case.
type encoding string

// The encodings of RFC 2045 section 6.
const (
	identity        encoding = "" // none named: 7bit is meant
	sevenBit        encoding = "7bit"
	eightBit        encoding = "8bit"
	binary          encoding = "binary"
	quotedPrintable encoding = "quoted-printable"
	base64Encoding  encoding = "base64"
)

func encodingOf(h headers.Header) encoding {
	f, ok := h.First("Content-Transfer-Encoding")
	if !ok {
		return identity
	}
	value := f.Value()
	if i := strings.IndexAny(value, " \t;("); i >= 0 {
		value = value[:i]
	}
	return encoding(strings.ToLower(strings.Trim(value, `"`)))
}

// isIdentity tells whether the octets under the label are the content itself.
func (e encoding) isIdentity() bool {
	return e == identity || e == sevenBit || e == eightBit || e == binary
}
