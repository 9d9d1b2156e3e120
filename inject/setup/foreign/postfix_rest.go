package foreign

import (
	"net/netip"
	"strings"

	"mailchute/inject/setup"
)

// postfixRest translates the parameters that stand for themselves, and notes
// those that nothing stands for.
func (s *source) postfixRest(a *setup.Account, p *parameters, one parameter) {
	switch one.name {
	case "relayhost", "default_transport", "smtp_sasl_auth_enable", "smtp_sasl_password_maps", "smtp_sasl_mechanism_filter", "smtp_tls_wrappermode",
		"smtp_tls_security_level", "smtp_enforce_tls", "smtp_use_tls", "smtp_tls_CAfile", "smtp_tls_CApath", "smtp_tls_cert_file", "smtp_tls_key_file",
		"smtp_tls_fingerprint_cert_match", "smtp_tls_fingerprint_digest", "myhostname", "mydomain", "myorigin", "smtp_helo_name",
		"smtp_bind_address", "smtp_bind_address6", "inet_protocols",
		"minimal_backoff_time", "maximal_backoff_time", "maximal_queue_lifetime", "delay_warning_time", "smtp_connect_timeout": // done together
	case "smtp_sasl_security_options", "smtp_sasl_tls_security_options", "smtp_tls_session_cache_database", "smtp_tls_loglevel",
		"compatibility_level", "smtp_tls_note_starttls_offer", "append_dot_mydomain", "alias_database": // nothing depends on it
	case "alias_maps":
		s.aliasMaps(a, p, one)
	case "inet_interfaces":
		s.interfaces(p, one)
	case "sender_dependent_relayhost_maps", "sender_dependent_default_transport_maps", "transport_maps", "relay_transport",
		"canonical_maps", "sender_canonical_maps", "recipient_canonical_maps", "header_checks", "fallback_relay":
		if one.text != "" && one.text != "relay" { // the default of relay_transport
			s.note(one.line, one.name, noCounterpart+" of this form; see [account.NAME], identity.address and aliases")
		}
	default:
		switch {
		case !strings.HasPrefix(one.name, "smtp_"):
			s.note(one.line, one.name, "is not about handing mail to a smarthost, left out")
		case one.text != "":
			s.note(one.line, one.name, noCounterpart)
		}
	}
}

// aliasMaps is the first table that is a file.
func (s *source) aliasMaps(a *setup.Account, p *parameters, one parameter) {
	list, ok := s.postfixValue(p, one.name)
	if !ok {
		return
	}
	found := false
	for _, table := range words(list) {
		path, ok := tableFile(table)
		switch {
		case !ok:
			s.note(one.line, one.name, "a table of this kind is not read")
		case found:
			s.note(one.line, one.name, "names several files, and one can be read: the first")
		case path == "/etc/aliases" || setPath(a, "aliases", path):
			found = true
		default:
			s.note(one.line, one.name, notAbsolute)
		}
	}
	if !found {
		a.Set("aliases", "")
	}
}

// interfaces notes an address that Postfix connects from without being told to: the
// only one of its kind.
func (s *source) interfaces(p *parameters, one parameter) {
	for _, word := range words(s.postfixText(p, one.name)) {
		ip, err := netip.ParseAddr(strings.Trim(word, "[]"))
		bind := "smtp_bind_address"
		if ip.Is6() {
			bind = "smtp_bind_address6"
		}
		if _, told := p.get(bind); err == nil && !told && !ip.IsLoopback() && !ip.IsUnspecified() {
			s.note(one.line, one.name, "names an address, which Postfix connects from when it is the only one of its kind: see source_address")
		}
	}
}
