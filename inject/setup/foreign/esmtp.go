package foreign

import (
	"slices"
	"strings"

	"mailchute/inject/setup"
)

// esmtpEntry is one option of an esmtprc.
type esmtpEntry struct {
	line
	key, value string
}

// esmtpIdentity is the options of one identity. The first of all has no name: its
// options stand in front of all others.
type esmtpIdentity struct {
	line    // where it begins
	name    string
	entries []esmtpEntry
}

// readESMTP reads an esmtprc, esmtprc(5).
func readESMTP(s *source, text []byte) {
	identities := []*esmtpIdentity{{}}
	for _, e := range s.esmtpEntries(text) {
		if e.key == "identity" {
			if len(identities) > maxAccounts {
				s.note(e.line, e.key, tooMany)
				break
			}
			identities = append(identities, &esmtpIdentity{line: e.line, name: e.value})
			continue
		}
		last := identities[len(identities)-1]
		last.entries = append(last.entries, e)
	}
	chosen := esmtpDefault(identities)
	s.esmtpOptions(s.plan.Default(), identities[chosen])
	for i, one := range identities {
		switch {
		case i == chosen:
		case i == 0: // nobody can choose it
			for _, e := range one.entries {
				if e.key == "mda" {
					s.note(e.line, e.key, notRun)
				} else {
					s.note(e.line, plainWord(e.key), "is not used: another identity is the default")
				}
			}
		default:
			a := s.plan.Add(one.name, nil)
			if strings.Contains(one.name, "@") && !set(a, "match", []string{one.name}) {
				s.note(one.line, "identity", "is no address")
			}
			s.esmtpOptions(a, one)
		}
	}
}

// esmtpDefault is the identity that says default, the last of them, else the first
// that says anything. The mda belongs to none.
func esmtpDefault(identities []*esmtpIdentity) int {
	for i, one := range slices.Backward(identities) {
		if slices.ContainsFunc(one.entries, func(e esmtpEntry) bool { return e.key == "default" }) {
			return i
		}
	}
	first := slices.IndexFunc(identities, func(one *esmtpIdentity) bool {
		return slices.ContainsFunc(one.entries, func(e esmtpEntry) bool { return e.key != "mda" })
	})
	return max(first, 0)
}

// esmtpEntries takes the file apart. A = between keyword and value is optional,
// and so are quotes, in which a backslash escapes.
func (s *source) esmtpEntries(text []byte) []esmtpEntry {
	var entries []esmtpEntry
	for _, l := range lines(text) {
		end := strings.IndexAny(l.text, "= \t")
		if l.text == "default" { // of this identity
			entries = append(entries, esmtpEntry{l, "default", ""})
			continue
		}
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

// esmtpOptions translates the options of one identity.
func (s *source) esmtpOptions(a *setup.Account, one *esmtpIdentity) {
	scheme := "smtp"
	for _, e := range one.entries {
		if e.key == "starttls" && e.value == "required" {
			scheme = "submission"
		}
	}
	for _, e := range one.entries {
		s.esmtpOption(a, e, scheme)
	}
	if len(one.entries) > 0 && !a.Has("smarthost") {
		s.note(one.entries[0].line, "hostname", "is missing in this identity")
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
		s.take(a, e.line, e.key, "user", e.value)
	case "password":
		s.takePassword(a, e.line, e.key, e.value)
	case "default": // done with all identities
	case "starttls": // done with the host
		if e.value == "disabled" && a.Has("user") {
			s.note(e.line, e.key, "STARTTLS is used where it is offered: the login needs it")
		}
	case "helo":
		if !setHostname(a, e.value) {
			s.note(e.line, e.key, noHostName)
		}
	case "qualifydomain":
		if !set(a, "identity.domain", e.value) {
			s.note(e.line, e.key, noDomain)
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
