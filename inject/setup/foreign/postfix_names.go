package foreign

import (
	"strings"

	"mailchute/inject/setup"
)

// postfixNames sets who the machine is.
func (s *source) postfixNames(a *setup.Account, p *parameters) {
	one, given := p.get("myorigin")
	if !given {
		_, given = p.get("myhostname") // which is the default
	}
	if given {
		s.origin(a, one, s.postfixText(p, "myorigin"))
	}
	for _, name := range []string{"smtp_helo_name", "myhostname"} {
		one, given := p.get(name)
		if !given || a.Has("identity.hostname") {
			continue
		}
		if host := s.postfixText(p, name); host != "" && !setHostname(a, host) {
			s.note(one.line, name, noHostName)
		}
	}
}

// origin sets the domain of bare names: myorigin, or what stands in the file that
// it names.
func (s *source) origin(a *setup.Account, one parameter, value string) {
	if value == "/etc/mailname" {
		return // where it is looked for anyway
	}
	if strings.HasPrefix(value, "/") {
		text, err := s.companion(value)
		if err != nil {
			s.note(one.line, one.name, "cannot be read: "+because(err))
			return
		}
		value, _, _ = strings.Cut(string(text), "\n")
		value = strings.TrimSpace(value)
	}
	if value != "" && !set(a, "identity.domain", value) && one.number > 0 {
		s.note(one.line, one.name, noDomain)
	}
}
