package foreign

import (
	"strings"

	"mailchute/inject/setup"
)

// hop is one of the next hops: host, host:port, [host] or [host]:port.
type hop struct {
	text       string // as it is written, which logins are looked up by
	host, port string
	bracketed  bool // its MX records are not asked for
}

func parseHop(text string) hop {
	h := hop{text: text, port: "25"} // Postfix's default
	var rest string
	if inner, ok := strings.CutPrefix(text, "["); ok {
		h.bracketed = true
		h.host, rest, _ = strings.Cut(inner, "]")
		rest = strings.TrimPrefix(rest, ":")
	} else {
		h.host, rest, _ = strings.Cut(text, ":")
	}
	if rest != "" {
		h.port = rest
	}
	return h
}

// postfixWay sets where mail goes, and the login there. Where a part of that cannot
// be told, no smarthost is set: to guess would send the mail elsewhere.
func (s *source) postfixWay(a *setup.Account, p *parameters) {
	list, word, ok := s.nextHops(p)
	logins := s.postfixLogins(p)
	scheme, sure := s.postfixScheme(p, len(logins.entries) > 0)
	if !ok || !sure {
		return
	}
	one, _ := p.get(word)
	if list == "" {
		s.postfixDirect(a, p, one, scheme)
		return
	}
	hosts, login := s.postfixHosts(p, one, words(list), scheme, logins)
	switch len(hosts) {
	case 0:
		return
	case 1:
		a.Set("smarthost", hosts[0])
	default:
		a.Set("smarthost", hosts)
	}
	s.postfixLogin(a, p, login)
	logins.noteOthers(s)
}

// postfixDirect is Postfix without a relayhost.
func (s *source) postfixDirect(a *setup.Account, p *parameters, one parameter, scheme string) {
	a.Set("smarthost", "mx:")
	s.note(one.line, one.name, "is empty: mail goes to the servers of each recipient's domain, as with Postfix")
	if scheme == "submission" || scheme == "submissions" {
		level, _ := p.get("smtp_tls_security_level")
		s.note(level.line, level.name, "is not demanded of the servers of other domains")
	}
}

// postfixHosts is the smarthosts that share the login of the first.
func (s *source) postfixHosts(p *parameters, one parameter, list []string, scheme string, logins *logins) (hosts []string, first login) {
	for _, text := range list {
		if len(hosts) == maxServers {
			s.note(one.line, one.name, tooManyServers)
			break
		}
		h := parseHop(text)
		host, ok := smarthost(scheme, h.host, h.port)
		if !ok {
			s.note(one.line, one.name, noHost)
			continue
		}
		if !s.isServer(p, one, h) {
			continue
		}
		switch login := logins.of(h); {
		case len(hosts) == 0:
			first = login
		case login != first:
			s.note(one.line, one.name, "names servers with logins of their own, and all smarthosts of an account share theirs: those unlike the first are left out")
			continue
		}
		hosts = append(hosts, host)
	}
	return hosts, first
}

// nextHops is where Postfix hands mail for other machines to, and the parameter that
// says so: default_transport goes before relayhost.
func (s *source) nextHops(p *parameters) (list, word string, ok bool) {
	transport, ok := s.postfixValue(p, "default_transport")
	if !ok {
		return "", "", false
	}
	name, list, _ := strings.Cut(transport, ":")
	switch {
	case name != "smtp" && name != "relay":
		one, _ := p.get("default_transport")
		s.note(one.line, one.name, "goes before relayhost, and is no SMTP that is known here: set smarthost by hand")
		return "", "", false
	case list != "":
		return list, "default_transport", true
	}
	list, ok = s.postfixValue(p, "relayhost")
	return list, "relayhost", ok
}

// postfixScheme is what the parameters on TLS make of a next hop.
func (s *source) postfixScheme(p *parameters, login bool) (scheme string, ok bool) {
	level, ok := s.postfixValue(p, "smtp_tls_security_level")
	wrapper, known := s.postfixValue(p, "smtp_tls_wrappermode")
	if !ok || !known {
		return "", false
	}
	one, _ := p.get("smtp_tls_security_level")
	scheme = "smtp"
	switch level {
	case "": // two older parameters count then
		if s.postfixYes(p, "smtp_enforce_tls") {
			scheme = "submission"
		}
	case "none":
		if !login {
			scheme = "smtp+plain"
			break
		}
		s.note(one.line, one.name, "the login needs TLS all the same: STARTTLS is used where it is offered, and without it nobody logs in")
	case "may", "dane":
		if login {
			s.note(one.line, one.name, "the login is sent only where the certificate can be verified")
		}
	case "encrypt", "dane-only":
		scheme = "submission"
		s.note(one.line, one.name, "the certificate is verified now: where it cannot be, mail waits")
	case "fingerprint", "verify", "secure":
		scheme = "submission"
	default:
		s.note(one.line, one.name, "is no level that is known here: set smarthost by hand")
		return "", false
	}
	if strings.EqualFold(wrapper, "yes") {
		scheme = "submissions"
	}
	return scheme, true
}
