package foreign

import (
	"cmp"
	"errors"
	"io/fs"
	"strings"

	"mailchute/inject/config"
	"mailchute/inject/setup"
)

// ssmtpFile is what an ssmtp.conf says that has to be put together.
type ssmtpFile struct {
	hub, port     string
	hubLine       line
	tls, starttls bool
	cert          bool
	certFile      string
	certLine      line
	keyFile       string
	domain        string
	override      bool
}

// readSSMTP reads ssmtp.conf and the revaliases beside it, ssmtp.conf(5).
func readSSMTP(s *source, text []byte) {
	a := s.plan.Default()
	var f ssmtpFile
	for _, l := range lines(text) {
		key, value, ok := strings.Cut(l.text, "=")
		if !ok {
			s.note(l, "", "is no line of the form keyword=value")
			continue
		}
		s.ssmtpKey(a, &f, l, strings.TrimSpace(key), ssmtpValue(value))
	}
	s.ssmtpServer(a, &f)
	if f.domain != "" {
		a.Set("identity.domain", f.domain)
		setIdentity(a, "{user}@"+f.domain)
	}
	if !f.override { // the default: nobody but the system says who sends
		a.Set("identity.from", "address")
		a.Set("identity.trusted", []string{})
	}
	s.revaliases(&f)
}

// ssmtpValue is the value of a line. What begins with a # behind a blank is a
// comment; other ones may belong to a password.
func ssmtpValue(text string) string {
	if i := strings.Index(text, " #"); i >= 0 {
		text = text[:i]
	}
	return strings.TrimSpace(text)
}

func (s *source) ssmtpKey(a *setup.Account, f *ssmtpFile, l line, key, value string) {
	yes, _ := onOff(value)
	yes = yes && value != ""
	switch strings.ToLower(key) {
	case "root":
		s.plan.Root = value
	case "mailhub":
		f.hub, f.port, _ = strings.Cut(value, ":")
		f.hubLine = l
	case "remoteport":
		f.port = value
	case "rewritedomain":
		f.domain = value[strings.LastIndexByte(value, '@')+1:]
		if f.domain != "" && !config.Accepts("identity.domain", f.domain) {
			s.note(l, key, noDomain)
			f.domain = ""
		}
	case "hostname":
		if value != "" && !setHostname(a, value) {
			s.note(l, key, noHostName)
		}
	case "fromlineoverride":
		f.override = yes
	case "usetls":
		f.tls = yes
	case "usestarttls":
		f.starttls = yes
	case "usetlscert":
		f.cert = yes
	case "tlscert":
		f.certFile, f.certLine = value, l
	case "tlskey":
		f.keyFile = value
	case "tls_ca_file":
		if value != "" && !setPath(a, "tls.ca_file", value) {
			s.note(l, key, notAbsolute)
		}
	case "authuser":
		s.take(a, l, key, "user", value)
	case "authpass":
		s.takePassword(a, l, key, value)
	case "authmethod":
		switch {
		case strings.EqualFold(value, "cram-md5"):
			a.Set("auth", []string{"CRAM-MD5"})
		case value != "" && !strings.EqualFold(value, "login"):
			s.note(l, key, "the strongest method that the server offers is used")
		}
	case "useoldauth", "debug", "addheader", "tls_ca_dir":
		if yes || strings.HasPrefix(strings.ToLower(key), "a") || strings.HasPrefix(strings.ToLower(key), "t") {
			s.note(l, key, noCounterpart)
		}
	default:
		s.note(l, key, unknownWord)
	}
}

// scheme is how the mailhub is spoken to.
func (f *ssmtpFile) scheme() string {
	switch {
	case f.starttls:
		return "submission"
	case f.tls:
		return "submissions"
	}
	return "smtp"
}

func (s *source) ssmtpServer(a *setup.Account, f *ssmtpFile) {
	f.port = cmp.Or(f.port, "25") // ssmtp's default, with TLS too
	switch {
	case f.hub == "":
		s.plan.Note(s.file(), 0, "mailhub", "is missing")
	case !setSmarthost(a, f.scheme(), f.hub, f.port):
		s.note(f.hubLine, "mailhub", noHost)
	}
	if f.cert && f.certFile != "" && !setCertificate(a, f.certFile, cmp.Or(f.keyFile, f.certFile)) { // ssmtp can keep both in one file
		s.note(f.certLine, "TLSCert", notPair)
	}
}

// revaliases reads the senders of single users: USER:ADDRESS[:MAILHUB[:PORT]]. An
// account that matches the user's usual address stands for each.
func (s *source) revaliases(f *ssmtpFile) {
	const name = "revaliases"
	text, err := s.companion(name)
	if errors.Is(err, fs.ErrNotExist) {
		return
	} else if err != nil {
		s.plan.Note(name, 0, "", "cannot be read: "+because(err))
		return
	}
	for _, l := range lines(text) {
		if len(s.plan.Accounts) > maxAccounts {
			s.plan.Note(name, l.number, "", tooMany)
			return
		}
		fields := strings.Split(l.text, ":")
		user := strings.TrimSpace(fields[0])
		if len(fields) < 2 || user == "" {
			s.plan.Note(name, l.number, "", "is no line of the form user:address")
			continue
		}
		if !setIdentity(&setup.Account{}, strings.TrimSpace(fields[1])) {
			s.plan.Note(name, l.number, "", "is no address")
			continue
		}
		domain := f.domain
		if domain == "" {
			domain = "*"
		}
		a := s.plan.Add(user, s.plan.Default())
		if !set(a, "match", []string{user + "@" + domain}) {
			s.plan.Note(name, l.number, "", "names no user that match of an account can hold: --account chooses it")
		}
		setIdentity(a, strings.TrimSpace(fields[1]))
		if len(fields) > 2 && strings.TrimSpace(fields[2]) != "" {
			port := f.port // which stays, unless there is another
			if len(fields) > 3 {
				port = strings.TrimSpace(fields[3])
			}
			if !setSmarthost(a, f.scheme(), strings.TrimSpace(fields[2]), port) {
				a.Set("smarthost", "") // not that of the others
				s.plan.Note(name, l.number, "", noHost)
			}
		}
	}
}

// because is the reason of an error of the file system, without the path.
func because(err error) string {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err.Error()
	}
	return err.Error()
}
