package foreign

import (
	"errors"
	"fmt"
	"strings"
)

// The values of a main.cf hold the names of other parameters: $name, ${name},
// $(name), ${name?value}, ${name:value} and ${name?{value}:{value}}, postconf(5).
// Postfix takes a name that nobody sets as empty. Here it may be one of its many
// defaults, so that no value is told rather than a wrong one: an empty relayhost
// would send all mail another way.

var (
	errExpression = errors.New("holds an expression that is not evaluated here")
	errUnclosed   = errors.New("holds a brace that is not closed")
	errTooDeep    = errors.New("refers to itself, or is too long")
)

// maxDepth is how many names deep a value is filled in.
const maxDepth = 20

// value is a parameter with all names in it filled in, or Postfix's default.
func (p *parameters) value(name string) (string, error) {
	f := filling{p, maxFile}
	return f.named(name, maxDepth)
}

// filling is one value on its way. Each name may lead to several, so the work is
// limited as a whole.
type filling struct {
	*parameters
	left int // octets that may still be read
}

// named is the value behind a name.
func (f *filling) named(name string, depth int) (string, error) {
	if one, ok := f.get(name); ok {
		return f.expand(one.text, depth-1)
	}
	switch name {
	case "config_directory":
		if f.dir != "" {
			return f.dir, nil
		}
	case "mydomain": // myhostname without its first label
		host, err := f.named("myhostname", depth-1)
		if err != nil {
			return "", err
		}
		if _, domain, ok := strings.Cut(host, "."); ok {
			return domain, nil
		}
		return "localdomain", nil
	}
	if text, ok := postfixDefault(name); ok {
		return f.expand(text, depth-1)
	}
	return "", fmt.Errorf("needs $%s, which main.cf does not set", plainWord(name))
}

// postfixDefault is what postconf -d says of the parameters that are read here and
// of those that stand in their values.
func postfixDefault(name string) (text string, ok bool) {
	switch name {
	case "relayhost", "smtp_bind_address", "smtp_bind_address6", "smtp_sasl_password_maps", "smtp_sasl_mechanism_filter",
		"smtp_tls_CAfile", "smtp_tls_CApath", "smtp_tls_cert_file", "smtp_tls_fingerprint_cert_match", "smtp_tls_security_level",
		"smtpd_tls_CAfile", "smtpd_tls_CApath", "smtpd_tls_cert_file":
		return "", true
	case "smtp_enforce_tls", "smtp_sasl_auth_enable", "smtp_tls_wrappermode", "smtp_use_tls":
		return "no", true
	case "myorigin", "smtp_helo_name":
		return "$myhostname", true
	case "smtp_tls_key_file":
		return "$smtp_tls_cert_file", true
	case "smtpd_tls_key_file":
		return "$smtpd_tls_cert_file", true
	case "alias_database", "alias_maps":
		return "hash:/etc/aliases", true
	case "default_database_type": // lmdb in newer ones, which makes no difference here
		return "hash", true
	case "default_transport":
		return "smtp", true
	case "inet_protocols":
		return "all", true
	case "minimal_backoff_time", "queue_run_delay":
		return "300s", true
	case "maximal_backoff_time":
		return "4000s", true
	case "maximal_queue_lifetime", "bounce_queue_lifetime":
		return "5d", true
	case "smtp_connect_timeout":
		return "30s", true
	case "delay_warning_time":
		return "0h", true
	}
	return "", false
}

// expand fills in the names in a text.
func (f *filling) expand(text string, depth int) (string, error) {
	if f.left -= len(text) + 1; f.left < 0 || depth < 0 {
		return "", errTooDeep
	}
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(text, "$")
		b.WriteString(before)
		if !ok {
			return b.String(), nil
		}
		value, rest, err := f.reference(after, depth)
		if err != nil {
			return "", err
		}
		b.WriteString(value)
		text = rest
	}
}

// reference is the value of what stands behind a $, and the text behind that.
func (f *filling) reference(text string, depth int) (value, rest string, err error) {
	if rest, ok := strings.CutPrefix(text, "$"); ok {
		return "$", rest, nil
	}
	if strings.HasPrefix(text, "{") || strings.HasPrefix(text, "(") {
		inner, rest, ok := balanced(text)
		if !ok {
			return "", "", errUnclosed
		}
		value, err = f.braced(inner, depth)
		return value, rest, err
	}
	name, rest := parameterName(text)
	if name == "" {
		return "", "", errExpression
	}
	value, err = f.named(name, depth)
	return value, rest, err
}

// braced is the value of what stands between braces.
func (f *filling) braced(text string, depth int) (string, error) {
	name, rest := parameterName(strings.TrimSpace(text))
	rest = strings.TrimSpace(rest)
	if name == "" || rest != "" && rest[0] != '?' && rest[0] != ':' {
		return "", errExpression
	}
	value, err := f.named(name, depth)
	if err != nil || rest == "" {
		return value, err
	}
	full, empty, err := alternatives(rest)
	switch {
	case err != nil:
		return "", err
	case value != "":
		text = full
	default:
		text = empty
	}
	return f.expand(text, depth-1)
}

// alternatives takes "?value", ":value" and "?{value}:{value}" apart: what holds
// when the name in front is not empty, and when it is.
func alternatives(text string) (full, empty string, err error) {
	first, rest := strings.TrimSpace(text[1:]), ""
	if strings.HasPrefix(first, "{") {
		inner, after, ok := balanced(first)
		if !ok {
			return "", "", errUnclosed
		}
		first, rest = inner, strings.TrimSpace(after)
	}
	if text[0] == ':' {
		if rest != "" {
			return "", "", errExpression
		}
		return "", first, nil
	}
	if rest == "" {
		return first, "", nil
	}
	if rest[0] != ':' {
		return "", "", errExpression
	}
	_, second, err := alternatives(rest)
	return first, second, err
}

// balanced is the text between the brace or parenthesis that text begins with and
// the one that closes it, and the text behind.
func balanced(text string) (inner, rest string, ok bool) {
	open, end := text[0], byte('}')
	if open == '(' {
		end = ')'
	}
	depth := 0
	for i := range len(text) {
		switch text[i] {
		case open:
			depth++
		case end:
			if depth--; depth == 0 {
				return text[1:i], text[i+1:], true
			}
		}
	}
	return "", "", false
}

// parameterName is the name that text begins with, and the text behind.
func parameterName(text string) (name, rest string) {
	end := strings.IndexFunc(text, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_')
	})
	if end < 0 {
		end = len(text)
	}
	return text[:end], text[end:]
}
