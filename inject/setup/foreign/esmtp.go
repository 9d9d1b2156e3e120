package foreign

import (
	"strings"

	"mailchute/headers/address"
	"mailchute/inject/setup"
)

// esmtpEntry is one option of an esmtprc.
type esmtpEntry struct {
	line
	key, value string
}

// readESMTP reads an esmtprc, esmtprc(5).
func readESMTP(s *source, text []byte) {
	a := s.plan.Default()
	entries := s.esmtpEntries(text)
	begin := 0
	for i := 0; i <= len(entries); i++ {
		if i < len(entries) && entries[i].key != "identity" {
			continue
		}
		s.esmtpIdentity(a, entries[begin:i])
		if i == len(entries) {
			break
		}
		// Options in front of the first identity are the default one; when there
		// are none, the first identity is.
		name := strings.Fields(entries[i].value + " ?")[0]
		begin = i + 1
		if i > 0 {
			a = s.plan.Add(name, nil)
			if strings.Contains(name, "@") {
				a.Set("match", []string{name})
			}
		}
	}
}

// esmtpEntries takes the file apart. A = between keyword and value is optional,
// and so are quotes, in which a backslash escapes.
func (s *source) esmtpEntries(text []byte) []esmtpEntry {
	var entries []esmtpEntry
	for _, l := range lines(text) {
		end := strings.IndexAny(l.text, "= \t")
		if end < 0 {
			s.note(l, plainWord(l.text), "has no value")
			continue
		}
		key, rest := strings.ToLower(l.text[:end]), l.text[end:]
		if key == "force" { // "force sender" and "force reverse_path"
			rest = strings.TrimLeft(rest, " \t")
			if end = strings.IndexAny(rest, "= \t"); end >= 0 {
				key, rest = key+" "+strings.ToLower(rest[:end]), rest[end:]
			}
		}
		rest = strings.TrimSpace(rest)
		rest = strings.TrimSpace(strings.TrimPrefix(rest, "="))
		entries = append(entries, esmtpEntry{l, key, esmtpValue(rest)})
	}
	return entries
}

// esmtpValue takes off quotes and escapes, or the comment behind a bare value.
func esmtpValue(text string) string {
	if text == "" || text[0] != '"' && text[0] != '\'' {
		value, _, _ := strings.Cut(text, "#")
		return strings.TrimSpace(value)
	}
	var b strings.Builder
	for i := 1; i < len(text) && text[i] != text[0]; i++ {
		if text[i] == '\\' && i+1 < len(text) {
			i++
			switch text[i] {
			case 'n':
				b.WriteByte('\n')
				continue
			case 't':
				b.WriteByte('\t')
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// esmtpIdentity translates the options of one identity.
func (s *source) esmtpIdentity(a *setup.Account, entries []esmtpEntry) {
	scheme := "smtp"
	for _, e := range entries {
		if e.key == "starttls" && e.value == "required" {
			scheme = "submission"
		}
	}
	for _, e := range entries {
		s.esmtpOption(a, e, scheme)
	}
	if len(entries) > 0 && !a.Has("smarthost") {
		s.note(entries[0].line, "hostname", "is missing in this identity")
	}
}

func (s *source) esmtpOption(a *setup.Account, e esmtpEntry, scheme string) {
	user := strings.NewReplacer("%u", "{user}", "%%", "%").Replace(e.value)
	switch e.key {
	case "hostname":
		host, port, _ := strings.Cut(e.value, ":")
		if port == "" {
			port = "587" // esmtp's default
		}
		if !setSmarthost(a, scheme, host, port) {
			s.note(e.line, e.key, noHost)
		}
	case "username":
		a.Set("user", e.value)
	case "password":
		setPassword(a, e.value)
	case "starttls": // done with the host
		if e.value == "disabled" && a.Has("user") {
			s.note(e.line, e.key, "STARTTLS is used where it is offered: the login needs it")
		}
	case "helo":
		if !setHostname(a, e.value) {
			s.note(e.line, e.key, noHostName)
		}
	case "qualifydomain":
		if address.IsDomain(e.value) {
			a.Set("identity.domain", e.value)
		} else {
			s.note(e.line, e.key, "is no domain")
		}
	case "force sender":
		if !a.Has("identity.address") && !setIdentity(a, user) {
			s.note(e.line, e.key, "is no address")
		}
	case "force reverse_path":
		if setIdentity(a, user) {
			a.Set("identity.trusted", []string{})
		} else {
			s.note(e.line, e.key, "is no address")
		}
	case "message_id":
		if e.value == "disabled" {
			s.note(e.line, e.key, "a missing Message-ID is added, always")
		}
	case "preconnect", "mda", "force_mda":
		s.note(e.line, e.key, notRun)
	case "certificate_passphrase":
		s.note(e.line, e.key, noCounterpart+"; set tls.client_cert and tls.client_key to files without a passphrase")
	default:
		s.note(e.line, plainWord(e.key), unknownWord)
	}
}
