package foreign

import (
	"net"
	"strings"

	"mailchute/inject/setup"
	"mailchute/relay/sasl"
)

// postfixLogin looks the relayhost up in smtp_sasl_password_maps.
func (s *source) postfixLogin(a *setup.Account, p parameters) {
	if !p.yes("smtp_sasl_auth_enable") {
		return
	}
	maps, _ := p.get("smtp_sasl_password_maps")
	entry := ""
	for _, table := range strings.FieldsFunc(p.value("smtp_sasl_password_maps"), func(r rune) bool { return r == ' ' || r == '\t' || r == ',' }) {
		kind, path, _ := strings.Cut(table, ":")
		switch kind {
		case "static", "inline":
			if kind == "static" && entry == "" {
				entry = path
			} else {
				s.note(maps.line, maps.name, "a table of this kind is not read")
			}
		case "hash", "btree", "texthash", "lmdb", "cdb", "dbm":
			text, err := s.companion(path)
			if err != nil {
				s.note(maps.line, maps.name, "cannot be read: "+because(err)+"; set user and password_file by hand")
			} else if entry == "" {
				entry = s.passwordEntry(text, path[strings.LastIndexByte(path, '/')+1:], p.value("relayhost"))
			}
		default:
			s.note(maps.line, maps.name, "a table of this kind is not read")
		}
	}
	user, password, ok := strings.Cut(entry, ":")
	if !ok {
		s.note(maps.line, maps.name, "has no login for the relayhost")
		return
	}
	a.Set("user", user)
	setPassword(a, password)
	s.mechanisms(a, p)
}

// passwordEntry is USER:PASSWORD for the relayhost, by the keys that Postfix
// looks for: the relayhost as it is written, then its host. Other lines are for
// other servers or senders.
func (s *source) passwordEntry(text []byte, name, relayhost string) string {
	host, _, err := net.SplitHostPort(relayhost)
	if err != nil {
		host = relayhost
	}
	host = strings.Trim(host, "[]")
	exact, byHost := "", ""
	for _, l := range lines(text) {
		key, value := l.keyword()
		switch {
		case strings.EqualFold(key, relayhost):
			exact = value
		case strings.EqualFold(strings.Trim(key, "[]"), host):
			byHost = value
		default:
			s.plan.Note(name, l.number, "", "is for a server or a sender that is not the relayhost")
		}
	}
	if exact != "" {
		return exact
	}
	return byHost
}

// mechanisms is smtp_sasl_mechanism_filter where it names some that are known.
func (s *source) mechanisms(a *setup.Account, p parameters) {
	var names []string
	for _, word := range strings.FieldsFunc(p.value("smtp_sasl_mechanism_filter"), func(r rune) bool { return r == ' ' || r == ',' }) {
		if name := strings.ToUpper(word); sasl.Known(name) {
			names = append(names, name)
		} else {
			one, _ := p.get("smtp_sasl_mechanism_filter")
			s.note(one.line, one.name, "names a method that is not known, left out")
		}
	}
	if names != nil {
		a.Set("auth", names)
	}
}

// postfixTLS sets certificates.
func (s *source) postfixTLS(a *setup.Account, p parameters) {
	if ca := p.value("smtp_tls_CAfile"); ca != "" && ca != "/etc/ssl/certs/ca-certificates.crt" {
		setPath(a, "tls.ca_file", ca)
	}
	if cert := p.value("smtp_tls_cert_file"); setPath(a, "tls.client_cert", cert) {
		key := p.value("smtp_tls_key_file")
		if key == "" {
			key = cert // Postfix's default
		}
		setPath(a, "tls.client_key", key)
	}
	if match, set := p.get("smtp_tls_fingerprint_cert_match"); set {
		sum, ok := fingerprint(p.value("smtp_tls_fingerprint_cert_match"))
		if ok {
			a.Set("tls.fingerprint", sum)
		} else {
			s.note(match.line, match.name, "is not one SHA-256; the certificate is verified instead")
		}
	}
	if level, set := p.get("smtp_tls_security_level"); set && (level.value == "may" || level.value == "encrypt") && p.value("smtp_sasl_password_maps") != "" {
		s.note(level.line, level.name, "the login is sent only where the certificate can be verified")
	}
}
