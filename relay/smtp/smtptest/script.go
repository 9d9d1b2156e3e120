package smtptest

import (
	"slices"
	"strings"
)

// rule is a line of the script.
type rule struct {
	prefix, reply string
	left          int // the command that counts down to 0 is answered so; always: each is
	then          func()
}

const always = -1

func parse(script string) (rules []*rule) {
	for line := range strings.Lines(script) {
		prefix, reply, ok := strings.Cut(strings.TrimSpace(line), " => ")
		if !ok {
			continue
		}
		r := &rule{reply: reply, left: always}
		if prefix, ok = strings.CutPrefix(prefix, "once "); ok {
			r.left = 1
		}
		r.prefix = prefix
		rules = append(rules, r)
	}
	return rules
}

// Say adds a line in front of the script. An empty reply takes back all lines
// for just this command.
func (s *Server) Say(command, reply string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if reply == "" {
		s.rules = slices.DeleteFunc(s.rules, func(r *rule) bool { return r.prefix == command })
		return
	}
	s.rules = slices.Insert(s.rules, 0, &rule{prefix: command, reply: reply, left: always})
}

// SayOnce answers so when the command comes for the nth time from now on, and
// calls then, which may be nil, before the reply is written. With an empty reply
// the rest of the script answers.
func (s *Server) SayOnce(command string, nth int, reply string, then func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = slices.Insert(s.rules, 0, &rule{prefix: command, reply: reply, left: nth, then: then})
}

// reply is what the script says to a command, else the usual.
func (s *Server) reply(command, usual string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.rules {
		if !strings.HasPrefix(command, r.prefix) || r.left == 0 {
			continue
		}
		if r.left > 0 {
			if r.left--; r.left > 0 {
				continue
			}
		}
		if r.then != nil {
			r.then()
		}
		if r.reply != "" {
			return strings.ReplaceAll(r.reply, `\n`, "\r\n")
		}
	}
	return usual
}
