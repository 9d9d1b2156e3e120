package foreign

import (
	"strconv"
	"strings"

	"mailchute/inject/setup"
	"mailchute/relay/sasl"
)

// msmtpAccount translates the commands of one account.
func (s *source) msmtpAccount(a *setup.Account, x *section) {
	s.msmtpServer(a, x)
	s.msmtpLogin(a, x)
	s.msmtpSender(a, x)
	if !x.on("aliases", false) || x.value("aliases") == "" {
		a.Set("aliases", "") // msmtp's default, not ours
	}
	for _, c := range x.commands {
		if last, _ := x.last(c.word); last.number != c.number {
			continue // overridden
		}
		s.msmtpRest(a, c)
	}
}

// msmtpServer sets the smarthost from the five commands that make it.
func (s *source) msmtpServer(a *setup.Account, x *section) {
	if path := x.value("socket"); path != "" {
		a.Set("smarthost", "unix:"+path)
		return
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
	if proxy := x.value("proxy_host"); proxy != "" {
		port := x.value("proxy_port")
		if port == "" {
			port = "1080"
		}
		a.Set("proxy", "socks5://"+proxy+":"+port)
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
	if user := x.value("user"); user != "" {
		a.Set("user", user)
	}
	switch {
	case x.value("passwordeval") != "":
		a.Set("password_command", x.value("passwordeval"))
	case x.value("password") != "":
		setPassword(a, x.value("password"))
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
