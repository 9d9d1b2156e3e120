package foreign

import (
	"cmp"
	"strconv"
	"strings"

	"mailchute/inject/setup"
)

// readNullmailer reads the control files of a directory, nullmailer-send(8);
// text is that of remotes.
func readNullmailer(s *source, text []byte) {
	a := s.plan.Default()
	var hosts []string
	for _, l := range lines(text) {
		if len(hosts) == maxServers {
			s.note(l, "", tooManyServers)
			break
		}
		words, ok := shellWords(l.text)
		if !ok {
			s.note(l, "", "has a quote that is not closed")
			continue
		}
		b := &setup.Account{}
		s.remote(b, l, words)
		switch host := b.Get("smarthost"); {
		case host == "":
		case len(hosts) == 0:
			hosts, *a = append(hosts, host), *b
		case !shareable(a, b):
			s.note(l, "", "has a login or other settings of its own, and all smarthosts of an account share theirs: left out")
		default:
			hosts = append(hosts, host)
		}
	}
	switch len(hosts) {
	case 0:
		s.plan.Note(s.file(), 0, "", "names no server")
	case 1:
	default:
		a.Set("smarthost", hosts)
	}
	s.controlFiles(a)
}

// shareable tells whether two servers differ in nothing but their names.
func shareable(a, b *setup.Account) bool {
	for _, key := range []string{"user", "source_address", "tls.ca_file", "tls.client_cert", "tls.client_key"} {
		if a.Get(key) != b.Get(key) {
			return false
		}
	}
	return a.Has("auth") == b.Has("auth") && a.Password.Reveal() == b.Password.Reveal()
}

// remote reads one server: HOST [PROTOCOL] [OPTION...].
func (s *source) remote(a *setup.Account, l line, words []string) {
	scheme, port := "smtp", ""
	host, options := words[0], words[1:]
	cert, certKey := "", ""
	if len(options) > 0 && options[0] == "qmqp" {
		s.note(l, "qmqp", "only SMTP is spoken")
		return
	}
	if len(options) > 0 && options[0] == "smtp" {
		options = options[1:]
	}
	for _, option := range options {
		key, value, _ := strings.Cut(strings.TrimPrefix(option, "--"), "=")
		switch key {
		case "port":
			port = value
		case "tls", "ssl":
			scheme = "submissions"
		case "starttls":
			scheme = "submission"
		case "x509certfile":
			cert = value
		case "x509keyfile":
			certKey = value
		default:
			s.remoteOption(a, l, key, value)
		}
	}
	if scheme == "submission" && port == "" {
		port = "25" // nullmailer's default
	}
	if !setSmarthost(a, scheme, host, port) {
		s.note(l, "", noHost)
	}
	if cert+certKey != "" && !setCertificate(a, cert, cmp.Or(certKey, cert)) {
		s.note(l, "x509certfile", notPair)
	}
}

// remoteOption reads an option that stands for itself. Words that are not known
// are not shown: they may be a part of a password.
func (s *source) remoteOption(a *setup.Account, l line, key, value string) {
	switch key {
	case "user":
		s.take(a, l, key, "user", value)
	case "pass":
		s.takePassword(a, l, key, value)
	case "auth-login":
		a.Set("auth", []string{"LOGIN"})
	case "source":
		if !setSource(a, value) {
			s.note(l, key, noAddress)
		}
	case "x509cafile":
		if value != "/etc/ssl/certs/ca-certificates.crt" && !setPath(a, "tls.ca_file", value) {
			s.note(l, key, notAbsolute)
		}
	case "insecure", "tls-anon-auth":
		s.note(l, key, noCheckOff)
	case "x509crlfile", "x509fmtder":
		s.note(l, key, noCounterpart)
	default:
		s.note(l, "", "has an option that is not known, left out")
	}
}

// controlFiles reads the files beside remotes, one value each.
func (s *source) controlFiles(a *setup.Account) {
	if host := s.control("defaulthost"); host != "" {
		if domain := s.control("defaultdomain"); domain != "" && !strings.Contains(host, ".") {
			host += "." + domain
		}
		if !set(a, "identity.domain", host) {
			s.plan.Note("defaulthost", 0, "", noDomain)
		}
	} else if s.control("defaultdomain") != "" {
		s.plan.Note("defaultdomain", 0, "", noCounterpart+" without a defaulthost: bare names get the domain in /etc/mailname")
	}
	for _, name := range []string{"helohost", "me"} {
		if host := s.control(name); host != "" && !a.Has("identity.hostname") && !setHostname(a, host) {
			s.plan.Note(name, 0, "", noHostName)
		}
	}
	if s.control("idhost") != "" {
		s.plan.Note("idhost", 0, "", noCounterpart+": a Message-ID has the host's name")
	}
	if admin := s.control("adminaddr"); admin != "" {
		s.plan.Root = admin
		s.plan.Note("adminaddr", 0, "", "got the mail for all users of this machine; it is the alias of root now, the others need theirs in /etc/aliases")
	}
	if sender := s.control("allmailfrom"); sender != "" {
		if setIdentity(a, sender) {
			a.Set("identity.trusted", []string{})
		} else {
			s.plan.Note("allmailfrom", 0, "", "is no address")
		}
	}
	shortest := s.controlSeconds(a, "pausetime", "queue.retry_min")
	longest := s.controlSeconds(a, "maxpause", "queue.retry_max")
	most := cmp.Or(longest, 86400)
	fitRetries(a, shortest, longest, min(most, cmp.Or(shortest, 60)), most) // where they cross, nullmailer takes the most
	s.controlSeconds(a, "queuelifetime", "queue.expire")
	for _, name := range []string{"sendtimeout", "doublebounceto", "bounceto", "bouncefrom"} {
		if s.control(name) != "" {
			s.plan.Note(name, 0, "", noCounterpart)
		}
	}
}

// control is the first line of a control file, "" when there is none.
func (s *source) control(name string) string {
	text, err := s.companion(name)
	if err != nil {
		return ""
	}
	first, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimSpace(first)
}

// controlSeconds sets a key to the seconds in a control file, and gives them. 0 is
// none that can be used.
func (s *source) controlSeconds(a *setup.Account, name, key string) int {
	value := s.control(name)
	if value == "" {
		return 0
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > maxSeconds || !set(a, key, value+"s") {
		s.plan.Note(name, 0, "", "is no number of seconds that can be used")
		return 0
	}
	return n
}

// shellWords takes a line apart as the shell does, without expanding anything.
func shellWords(text string) (words []string, ok bool) {
	var word strings.Builder
	begun := false
	end := func() {
		if begun {
			words = append(words, word.String())
			word.Reset()
			begun = false
		}
	}
	quote := byte(0)
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quote == 0 && (c == ' ' || c == '\t'):
			end()
			continue
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
		case quote != 0 && c == quote:
			quote = 0
		case c == '\\' && quote != '\'' && i+1 < len(text):
			i++
			word.WriteByte(text[i])
		default:
			word.WriteByte(c)
		}
		begun = true
	}
	end()
	return words, quote == 0 && len(words) > 0
}
