package foreign

import "mailchute/inject/setup"

// postfixTLS sets certificates.
func (s *source) postfixTLS(a *setup.Account, p *parameters) {
	ca, _ := p.get("smtp_tls_CAfile")
	if path := s.postfixText(p, ca.name); path != "" && path != "/etc/ssl/certs/ca-certificates.crt" && !setPath(a, "tls.ca_file", path) {
		s.note(ca.line, ca.name, notAbsolute)
	}
	dir, _ := p.get("smtp_tls_CApath")
	if path := s.postfixText(p, dir.name); path != "" && path != "/etc/ssl/certs" && !a.Has("tls.ca_file") {
		s.note(dir.line, dir.name, "is a directory, and tls.ca_file a single file: the system's issuers are trusted instead")
	}
	if cert, ok := s.postfixValue(p, "smtp_tls_cert_file"); ok && cert != "" {
		key, ok := s.postfixValue(p, "smtp_tls_key_file")
		if one, _ := p.get("smtp_tls_cert_file"); ok && !setCertificate(a, cert, key) {
			s.note(one.line, one.name, notPair)
		}
	}
	if level, _ := p.value("smtp_tls_security_level"); level == "fingerprint" {
		match, _ := p.get("smtp_tls_fingerprint_cert_match")
		if sum, ok := fingerprint(s.postfixText(p, match.name)); !ok || !set(a, "tls.fingerprint", sum) {
			s.note(match.line, match.name, "is not one SHA-256; the certificate is verified instead")
		}
	}
}
