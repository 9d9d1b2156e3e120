package foreign

import (
	"cmp"
	"net"
	"strconv"
	"strings"

	"mailchute/inject/setup"
	"mailchute/relay/sasl"
)

// msmtpAccount translates the commands of one account.
func (s *source) msmtpAccount(a *setup.Account, x *section) {
	s.msmtpServer(a, x)
	s.msmtpLogin(a, x)
	s.msmtpCertificate(a, x)
	s.msmtpSender(a, x)
	if !x.on("aliases", false) || x.value("aliases") == "" {
		a.Set("aliases", "") // msmtp's default, not ours
	}
	for _, c := range x.commands {
		s.msmtpRest(a, c)
	}
}

// msmtpServer sets the smarthost from the five commands that make it.
func (s *source) msmtpServer(a *setup.Account, x *section) {
	if path, set := x.last("socket"); set && path.value != "" {
		s.take(a, path.line, "socket", "smarthost", "unix:"+path.value)
		return
	}
	if !s.msmtpProxy(a, x) {
		return // without the proxy, the mail would go another way
	}
	host, set := x.last("host")
	scheme, port := "smtp", x.value("port")
	switch {
	case !x.on("tls", false):
		near := host.value == "localhost" || strings.HasPrefix(host.value, "127.") || host.value == "::1"
		if x.value("user") != "" && x.on("auth", true) && !near {
			s.note(host.line, "tls", "is off: the login needs TLS all the same, so STARTTLS is used where it is offered, and without it nobody logs in")
		}
	case x.on("tls_starttls", true):
		scheme = "submission"
		if port == "" {
			port = "25" // msmtp's default
		}
	default:
		scheme = "submissions"
	}
	if !set {
		s.plan.Note(s.file(), 0, "host", "account "+strconv.Quote(x.name)+" has no host")
	} else if !setSmarthost(a, scheme, host.value, port) {
		s.note(host.line, "host", noHost)
	}
}

// msmtpProxy sets the proxy, if there is one. One that cannot be set has a note.
func (s *source) msmtpProxy(a *setup.Account, x *section) bool {
	proxy, _ := x.last("proxy_host")
	if proxy.value == "" {
		return true
	}
	ok := set(a, "proxy", "socks5://"+net.JoinHostPort(strings.Trim(proxy.value, "[]"), cmp.Or(x.value("proxy_port"), "1080")))
	if !ok {
		s.note(proxy.line, proxy.word, "is no proxy that can be used, and without it the host is not taken over either")
	}
	return ok
}

// msmtpCertificate sets certificate and key of the client.
func (s *source) msmtpCertificate(a *setup.Account, x *section) {
	cert, key := x.value("tls_cert_file"), x.value("tls_key_file")
	if cert+key == "" || setCertificate(a, s.expand(cert), s.expand(key)) {
		return
	}
	for _, word := range []string{"tls_cert_file", "tls_key_file"} {
		if c, set := x.last(word); set {
			s.note(c.line, word, notPair)
		}
	}
}

// msmtpLogin sets user, password and mechanism. Without auth, or with auth off,
// msmtp logs nobody in.
func (s *source) msmtpLogin(a *setup.Account, x *section) {
	auth, set := x.last("auth")
	method := strings.ToUpper(auth.value)
	if !set || method == "OFF" {
		return
	}
	if user, _ := x.last("user"); user.value != "" {
		s.take(a, user.line, user.word, "user", user.value)
	}
	password, _ := x.last("password")
	command, _ := x.last("passwordeval")
	switch { // a password goes before a command, whichever comes from another account
	case password.value != "":
		s.takePassword(a, password.line, password.word, password.value)
		if command.value != "" {
			s.note(command.line, command.word, "is not asked where there is a password, as with msmtp")
		}
	case command.value != "":
		s.take(a, command.line, command.word, "password_command", command.value)
	case method != "EXTERNAL" && x.value("user") != "":
		s.note(auth.line, "auth", "there is no password here: msmtp looks for it in the key ring and in ~/.netrc. Set password_command, for example to: secret-tool lookup host "+
			plainWord(x.value("host"))+" service smtp user "+plainWord(x.value("user")))
	}
	switch {
	case method == "" || method == "ON":
	case sasl.Known(method):
		a.Set("auth", []string{method})
	default:
		s.note(auth.line, "auth", "this method is not known; the strongest that the server offers is used")
	}
}

// plainWord is text that is fit for a command in a comment.
func plainWord(s string) string {
	if s == "" || strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(".-_@+", r))
	}) {
		return "..."
	}
	return s
}

// msmtpSender sets the identity from the commands that make the envelope sender.
func (s *source) msmtpSender(a *setup.Account, x *section) {
	from, set := x.last("from")
	text := strings.NewReplacer("%U", "{user}", "%H", "{host}", "%C", "{host}", "%M", "{domain}").Replace(from.value)
	if x.on("auto_from", false) {
		domain, _ := x.last("maildomain")
		from, set, text = domain, true, "{user}@"+domain.value
		if domain.value == "" {
			text = "{user}@{domain}"
		}
	}
	switch {
	case !set || strings.ContainsAny(text, "*?["):
	case !setIdentity(a, text):
		s.note(from.line, from.word, "is no address; set identity.address")
	}
	if !x.on("allow_from_override", true) {
		a.Set("identity.trusted", []string{})
	}
	if x.value("set_from_header") == "on" {
		a.Set("identity.from", "address")
	}
}
