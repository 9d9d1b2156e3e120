package foreign

import (
	"bytes"
	"strings"

	"mailchute/headers/address"
	"mailchute/inject/setup"
)

// parameter is one of a main.cf, postconf(5).
type parameter struct {
	line
	name, value string
}

// parameters is a main.cf; the last of a name counts.
type parameters []parameter

// readPostfix reads what a main.cf says on the way out, and the passwords for its
// relayhost.
func readPostfix(s *source, text []byte) {
	a := s.plan.Default()
	p := s.parameters(text)
	s.relayhost(a, p)
	s.postfixLogin(a, p)
	s.postfixTLS(a, p)
	s.postfixNames(a, p)
	for _, one := range p {
		if last, _ := p.get(one.name); last.number == one.number {
			s.postfixRest(a, one)
		}
	}
}

// parameters reads logical lines: one that begins with a blank continues the one
// before.
func (s *source) parameters(text []byte) parameters {
	var p parameters
	number := 0
	for raw := range bytes.Lines(text) {
		number++
		full := strings.TrimRight(string(raw), " \t\r\n")
		l := line{number, strings.TrimSpace(full)}
		switch {
		case l.text == "" || l.text[0] == '#':
		case full[0] == ' ' || full[0] == '\t':
			if len(p) > 0 {
				last := &p[len(p)-1]
				last.value = strings.TrimSpace(last.value + " " + l.text)
			}
		default:
			name, value, ok := strings.Cut(l.text, "=")
			if !ok {
				s.note(l, "", "is no line of the form name = value")
				continue
			}
			p = append(p, parameter{l, strings.TrimSpace(name), strings.TrimSpace(value)})
		}
	}
	return p
}

// get is the parameter of a name.
func (p parameters) get(name string) (parameter, bool) {
	for i := len(p) - 1; i >= 0; i-- {
		if p[i].name == name {
			return p[i], true
		}
	}
	return parameter{}, false
}

// value is a parameter with $name, ${name} and $(name) filled in, once each: a
// circle ends.
func (p parameters) value(name string) string {
	one, _ := p.get(name)
	return p.expand(one.value, 8)
}

func (p parameters) expand(text string, depth int) string {
	var b strings.Builder
	for depth > 0 && b.Len() < maxFile {
		before, after, ok := strings.Cut(text, "$")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		name, rest := variable(after)
		one, _ := p.get(name)
		b.WriteString(p.expand(one.value, depth-1))
		text = rest
	}
	return b.String()
}

// variable is the name behind a $ and the text behind it.
func variable(text string) (name, rest string) {
	for _, pair := range []string{"{}", "()"} {
		if text != "" && text[0] == pair[0] {
			name, rest, _ = strings.Cut(text[1:], pair[1:])
			return name, rest
		}
	}
	end := strings.IndexFunc(text, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_')
	})
	if end < 0 {
		end = len(text)
	}
	return text[:end], text[end:]
}

// yes tells whether a parameter is yes.
func (p parameters) yes(name string) bool {
	on, _ := onOff(p.value(name))
	return on && p.value(name) != ""
}

// relayhost sets the smarthost: host, [host], host:port or [host]:port.
func (s *source) relayhost(a *setup.Account, p parameters) {
	one, _ := p.get("relayhost")
	value := p.value("relayhost")
	if value == "" {
		a.Set("smarthost", "mx:")
		return
	}
	host, port := value, ""
	if strings.HasPrefix(value, "[") {
		host, port, _ = strings.Cut(value[1:], "]")
		port = strings.TrimPrefix(port, ":")
	} else {
		host, port, _ = strings.Cut(value, ":")
		s.note(one.line, "relayhost", "its MX records are not asked for, as with brackets in Postfix; srv:domain finds servers by SRV")
	}
	if port == "" {
		port = "25" // Postfix's default
	}
	if !setSmarthost(a, p.scheme(), host, port) {
		s.note(one.line, "relayhost", noHost)
	}
}

// scheme is what the parameters on TLS make of the relayhost.
func (p parameters) scheme() string {
	switch {
	case p.yes("smtp_tls_wrappermode"):
		return "submissions"
	case p.yes("smtp_enforce_tls"):
		return "submission"
	}
	switch p.value("smtp_tls_security_level") {
	case "encrypt", "dane-only", "fingerprint", "verify", "secure":
		return "submission"
	case "none":
		return "smtp+plain"
	}
	return "smtp"
}

// postfixNames sets who the machine is.
func (s *source) postfixNames(a *setup.Account, p parameters) {
	origin := p.value("myorigin")
	if strings.HasPrefix(origin, "/") {
		if text, err := s.companion(origin); err == nil && origin != "/etc/mailname" {
			origin, _, _ = strings.Cut(string(text), "\n")
			origin = strings.TrimSpace(origin)
		} else {
			origin = ""
		}
	}
	if address.IsDomain(origin) && strings.Contains(origin, ".") {
		a.Set("identity.domain", origin)
	}
	for _, name := range []string{"smtp_helo_name", "myhostname"} {
		if host := p.value(name); host != "" && !a.Has("identity.hostname") && !setHostname(a, host) {
			one, _ := p.get(name)
			s.note(one.line, name, noHostName)
		}
	}
}
