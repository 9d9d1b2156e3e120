package foreign

import (
	"strconv"
	"strings"

	"mailchute/inject/setup"
)

// postfixRest translates the parameters that stand for themselves, and notes
// those that nothing stands for.
func (s *source) postfixRest(a *setup.Account, one parameter) {
	switch one.name {
	case "relayhost", "smtp_sasl_auth_enable", "smtp_sasl_password_maps", "smtp_sasl_mechanism_filter", "smtp_tls_wrappermode",
		"smtp_tls_security_level", "smtp_enforce_tls", "smtp_use_tls", "smtp_tls_CAfile", "smtp_tls_cert_file", "smtp_tls_key_file",
		"smtp_tls_fingerprint_cert_match", "smtp_tls_fingerprint_digest", "myhostname", "mydomain", "myorigin", "smtp_helo_name": // done together
	case "smtp_sasl_security_options", "smtp_sasl_tls_security_options", "smtp_tls_session_cache_database", "smtp_tls_CApath", "smtp_tls_loglevel",
		"compatibility_level", "smtp_tls_note_starttls_offer", "append_dot_mydomain": // nothing depends on it
	case "smtp_bind_address", "smtp_bind_address6":
		if !setSource(a, one.value) {
			s.note(one.line, one.name, noAddress)
		}
	case "alias_maps":
		s.aliasMaps(a, one)
	case "minimal_backoff_time":
		s.postfixTime(a, one, "queue.retry_min", 's')
	case "maximal_backoff_time":
		s.postfixTime(a, one, "queue.retry_max", 's')
	case "maximal_queue_lifetime":
		s.postfixTime(a, one, "queue.expire", 'd')
	case "delay_warning_time":
		if one.value != "0" && one.value != "0h" {
			s.postfixTime(a, one, "queue.warn_after", 'h')
		}
	case "smtp_connect_timeout":
		s.postfixTime(a, one, "timeouts.connect", 's')
	case "sender_dependent_relayhost_maps", "smtp_sender_dependent_authentication", "transport_maps", "smtp_generic_maps",
		"canonical_maps", "sender_canonical_maps", "recipient_canonical_maps", "header_checks", "smtp_header_checks", "default_transport", "relay_transport":
		s.note(one.line, one.name, noCounterpart+" of this form; see [account.NAME], identity.address and aliases")
	default:
		s.note(one.line, one.name, "is not about handing mail to a smarthost, left out")
	}
}

// aliasMaps is the first table that is a file.
func (s *source) aliasMaps(a *setup.Account, one parameter) {
	for _, table := range strings.FieldsFunc(one.value, func(r rune) bool { return r == ' ' || r == ',' }) {
		kind, path, _ := strings.Cut(table, ":")
		if kind == "hash" || kind == "texthash" || kind == "lmdb" || kind == "btree" || kind == "cdb" || kind == "dbm" {
			if path != "/etc/aliases" {
				setPath(a, "aliases", path)
			}
			return
		}
	}
	a.Set("aliases", "")
	if one.value != "" {
		s.note(one.line, one.name, "a table of this kind is not read")
	}
}

// postfixTime reads a number with a unit: s, m, h, d or w, else the parameter's
// own.
func (s *source) postfixTime(a *setup.Account, one parameter, key string, unit byte) {
	digits := one.value
	if n := len(digits); n > 0 && strings.IndexByte("smhdw", digits[n-1]) >= 0 {
		digits, unit = digits[:n-1], digits[n-1]
	}
	if n, err := strconv.Atoi(digits); err != nil || n < 1 || n > 31622400 {
		s.note(one.line, one.name, "is no time that can be used")
		return
	}
	a.Set(key, digits+string(unit))
}
