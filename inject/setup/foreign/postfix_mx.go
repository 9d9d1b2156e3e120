package foreign

import (
	"slices"
	"strings"
)

// A next hop without brackets is a domain in Postfix, whose MX records name the
// servers, or without such records a server itself. A smarthost is always a server.

// maxQuestions is how many domains are asked for.
const maxQuestions = 10

// isServer tells whether a next hop is a server by itself. Where its MX records say
// otherwise it is not taken over, as the mail would go to another machine; those
// that are not known leave a note, and the own domain is hardly a server.
func (s *source) isServer(p *parameters, one parameter, h hop) bool {
	if h.bracketed {
		return true
	}
	hosts, known := s.exchangers(h.host)
	other := func(host string) bool { return !strings.EqualFold(strings.TrimSuffix(host, "."), h.host) }
	domain, err := p.value("mydomain")
	switch {
	case known && !slices.ContainsFunc(hosts, other):
		return true
	case known:
		s.note(one.line, one.name, "its MX records name other servers, "+hostList(hosts)+": write those into smarthost, left out")
		return false
	case err == nil && strings.EqualFold(h.host, domain):
		s.note(one.line, one.name, "is the own domain, whose MX records name the servers: write these into smarthost, left out")
		return false
	}
	s.note(one.line, one.name, "its MX records are not asked for, as with brackets in Postfix; srv:domain finds servers by SRV")
	return true
}

// exchangers is the hosts in the MX records of a domain, if somebody knows them.
func (s *source) exchangers(domain string) (hosts []string, known bool) {
	if s.asked++; s.world.Exchangers == nil || s.asked > maxQuestions {
		return nil, false
	}
	hosts, err := s.world.Exchangers(domain)
	return hosts, err == nil
}

// hostList is the names of some hosts, for a note.
func hostList(hosts []string) string {
	shown := make([]string, 0, 5)
	for _, host := range hosts[:min(len(hosts), 5)] {
		shown = append(shown, plainWord(strings.TrimSuffix(host, ".")))
	}
	slices.Sort(shown)
	return strings.Join(shown, " ")
}
