package foreign

import (
	"strings"

	"mailchute/inject/setup"
)

// dmaFile is what a dma.conf says that has to be put together.
type dmaFile struct {
	host, port, auth                string
	hostLine, authLine              line
	secure, starttls, opportunistic bool
	nullClient                      bool
}

// readDMA reads dma.conf and the auth.conf that it names, dma(8).
func readDMA(s *source, text []byte) {
	a := s.plan.Default()
	var f dmaFile
	for _, l := range lines(text) {
		word, value := l.keyword()
		s.dmaWord(a, &f, l, word, value)
	}
	switch {
	case f.host == "":
		a.Set("smarthost", "mx:")
		s.plan.Note(s.file(), 0, "SMARTHOST", "is not set: mail goes to the servers of each recipient's domain, as with dma")
	case !setSmarthost(a, f.scheme(), f.host, f.portOr25()):
		s.note(f.hostLine, "SMARTHOST", noHost)
	}
	if f.auth != "" {
		s.dmaAuth(a, &f)
	}
	if f.nullClient {
		a.Set("aliases", "")
	}
}

func (f *dmaFile) scheme() string {
	switch {
	case !f.secure, f.opportunistic:
		return "smtp"
	case f.starttls:
		return "submission"
	}
	return "submissions"
}

func (f *dmaFile) portOr25() string {
	if f.port == "" {
		return "25"
	}
	return f.port
}

func (s *source) dmaWord(a *setup.Account, f *dmaFile, l line, word, value string) {
	switch word {
	case "SMARTHOST":
		f.host, f.hostLine = value, l
	case "PORT":
		f.port = value
	case "AUTHPATH":
		f.auth, f.authLine = value, l
	case "SECURETRANSFER", "SECURETRANS":
		f.secure = true
	case "STARTTLS":
		f.starttls = true
	case "OPPORTUNISTIC_TLS":
		f.opportunistic = true
	case "NULLCLIENT":
		f.nullClient = true
	case "ALIASES":
		if !setPath(a, "aliases", value) {
			s.note(l, word, notAbsolute)
		}
	case "FINGERPRINT":
		if sum, ok := fingerprint(value); !ok || !set(a, "tls.fingerprint", sum) {
			s.note(l, word, "is no SHA-256")
		}
	case "CERTFILE":
		if !setCertificate(a, value, value) { // both are in one file
			s.note(l, word, notAbsolute)
		}
	case "DEFER":
		a.Set("delivery", "queue")
	case "MAILNAME":
		s.dmaMailname(a, l, value)
	case "MASQUERADE":
		s.dmaMasquerade(a, l, value)
	case "SECURE": // the default
	case "INSECURE":
		s.note(l, word, "the login is never sent in the clear, except to this machine itself")
	case "FULLBOUNCE", "SPOOLDIR", "VIRTPATH", "VERIFYCERT":
		s.note(l, word, noCounterpart)
	default:
		s.note(l, plainWord(word), unknownWord)
	}
}

// dmaMailname is the name of the machine, or the file with it.
func (s *source) dmaMailname(a *setup.Account, l line, value string) {
	if value == "/etc/mailname" || value == "" {
		return // where it is looked for anyway
	}
	if strings.HasPrefix(value, "/") {
		text, err := s.companion(value)
		if err != nil {
			s.note(l, "MAILNAME", "cannot be read: "+because(err))
			return
		}
		value, _, _ = strings.Cut(string(text), "\n")
		value = strings.TrimSpace(value)
	}
	if !set(a, "identity.domain", value) || !setHostname(a, value) {
		s.note(l, "MAILNAME", noDomain)
	}
}

// dmaMasquerade is [USER@][HOST], and goes before everything else.
func (s *source) dmaMasquerade(a *setup.Account, l line, value string) {
	user, host, both := strings.Cut(value, "@")
	if !both {
		user, host = "{user}", value
	}
	if host == "" {
		host = "{host}"
	}
	if user == "" {
		user = "{user}"
	}
	if !setIdentity(a, user+"@"+host) {
		s.note(l, "MASQUERADE", "is no address")
		return
	}
	a.Set("identity.trusted", []string{})
}

// dmaAuth reads USER|SMARTHOST:PASSWORD; the line for the smarthost counts.
func (s *source) dmaAuth(a *setup.Account, f *dmaFile) {
	text, err := s.companion(f.auth)
	if err != nil {
		s.note(f.authLine, "AUTHPATH", "cannot be read: "+because(err)+"; set user and password_file by hand")
		return
	}
	name := f.auth[strings.LastIndexByte(f.auth, '/')+1:]
	for _, l := range lines(text) {
		user, rest, ok1 := strings.Cut(l.text, "|")
		host, password, ok2 := strings.Cut(rest, ":")
		switch {
		case !ok1 || !ok2:
			s.plan.Note(name, l.number, "", "is no line of the form user|smarthost:password")
		case !strings.EqualFold(host, f.host):
			s.plan.Note(name, l.number, "", "is for a server that is not the smarthost")
		case a.Has("user"):
			s.plan.Note(name, l.number, "", "is another line for the same smarthost")
		default:
			if !set(a, "user", user) || !setPassword(a, password) {
				s.plan.Note(name, l.number, "", notTaken)
			}
		}
	}
}
