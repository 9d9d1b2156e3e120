package foreign

import (
	"strconv"
	"strings"

	"mailchute/inject/setup"
)

// msmtpRest translates the commands that stand for themselves and notes those
// that nothing stands for.
func (s *source) msmtpRest(a *setup.Account, c command) {
	switch c.word {
	case "host", "port", "socket", "proxy_host", "proxy_port", "tls", "tls_starttls", "user", "password", "passwordeval",
		"tls_cert_file", "tls_key_file", "auth", "from", "auto_from", "maildomain", "allow_from_override": // done together
	case "source_ip":
		if c.value != "" && !setSource(a, c.value) {
			s.note(c.line, c.word, noAddress)
		}
	case "domain":
		if c.value != "localhost" && !setHostname(a, c.value) {
			s.note(c.line, c.word, noHostName)
		}
	case "timeout":
		s.msmtpTimeout(a, c)
	case "protocol":
		if c.value != "smtp" {
			s.note(c.line, c.word, "LMTP "+noCounterpart)
		}
	case "aliases":
		if c.value != "" && !setPath(a, "aliases", s.expand(c.value)) {
			s.note(c.line, c.word, notAbsolute)
		}
	case "logfile", "syslog":
		s.msmtpLog(a, c)
	case "tls_trust_file", "tls_host_override", "tls_fingerprint", "tls_certcheck":
		s.msmtpTLS(a, c)
	case "set_from_header", "add_missing_from_header", "set_date_header", "add_missing_date_header", "set_msgid_header",
		"remove_bcc_headers", "undisclosed_recipients", "keepbcc", "dsn_notify", "dsn_return":
		s.msmtpHeader(c)
	case "tls_crl_file", "tls_priorities", "tls_min_dh_prime_bits", "tls_force_sslv3", "tls_nocertcheck", "ntlmdomain", "logfile_time_format":
		if c.value != "" {
			s.note(c.line, c.word, noCounterpart)
		}
	default:
		s.note(c.line, c.word, unknownWord)
	}
}

// expand replaces a ~ at the beginning of a file name, as msmtp does.
func (s *source) expand(path string) string {
	if rest, ok := strings.CutPrefix(path, "~"); ok && s.world.Home != "" {
		return s.world.Home + rest
	}
	return path
}

func (s *source) msmtpTimeout(a *setup.Account, c command) {
	n, err := strconv.Atoi(c.value)
	switch {
	case c.value == "off" || c.value == "":
	case err != nil || n < 1 || !set(a, "timeouts.connect", c.value+"s"):
		s.note(c.line, c.word, "is no number of seconds that can be used")
	default:
		s.note(c.line, c.word, "is the time to connect now; the other waits are those of RFC 5321, see [timeouts]")
	}
}

func (s *source) msmtpLog(a *setup.Account, c command) {
	on, ok := onOff(c.value)
	switch {
	case c.word == "logfile" && c.value == "":
	case c.word == "logfile" && c.value == "-":
		s.note(c.line, c.word, "standard output stays empty; the log is in the journal or syslog")
	case c.word == "logfile":
		if !setPath(a, "log.to", s.expand(c.value)) {
			s.note(c.line, c.word, notAbsolute)
		}
	case ok && !on:
	case strings.EqualFold(c.value, "LOG_MAIL"):
		a.Set("log.to", "auto")
	default:
		a.Set("log.to", "auto")
		s.note(c.line, c.word, "the facility is mail")
	}
}

func (s *source) msmtpTLS(a *setup.Account, c command) {
	ok := true
	switch c.word {
	case "tls_trust_file":
		switch c.value {
		case "system":
		case "":
			s.note(c.line, c.word, noCheckOff)
		default:
			ok = setPath(a, "tls.ca_file", s.expand(c.value))
		}
	case "tls_host_override":
		if c.value != "" {
			s.take(a, c.line, c.word, "tls.server_name", c.value)
		}
	case "tls_fingerprint":
		if sum, is256 := fingerprint(c.value); c.value != "" && (!is256 || !set(a, "tls.fingerprint", sum)) {
			s.note(c.line, c.word, "is no SHA-256; the certificate is verified instead")
		}
	case "tls_certcheck":
		if on, _ := onOff(c.value); !on {
			s.note(c.line, c.word, noCheckOff)
		}
	}
	if !ok {
		s.note(c.line, c.word, notAbsolute)
	}
}

// msmtpHeader notes the wishes on header and reports that differ from what is
// always done.
func (s *source) msmtpHeader(c command) {
	on, _ := onOff(c.value)
	switch c.word {
	case "set_from_header":
		if c.value == "off" {
			s.note(c.line, c.word, "a missing From is added, always")
		}
	case "add_missing_from_header", "set_date_header", "add_missing_date_header", "set_msgid_header":
		if c.value == "off" {
			s.note(c.line, c.word, "a missing field is added, always")
		}
	case "remove_bcc_headers":
		if !on {
			s.note(c.line, c.word, "Bcc is removed, always")
		}
	case "keepbcc":
		if on {
			s.note(c.line, c.word, "Bcc is removed, always")
		}
	case "undisclosed_recipients":
		if on {
			s.note(c.line, c.word, noCounterpart)
		}
	case "dsn_notify", "dsn_return":
		if c.value != "off" {
			s.note(c.line, c.word, noCounterpart+"; callers ask with -N and -R, sendmail(8)")
		}
	}
}
