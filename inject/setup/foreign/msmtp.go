package foreign

import (
	"slices"
	"strings"

	"mailchute/inject/setup"
)

// command is one line of an msmtprc.
type command struct {
	line
	word, value string
}

// maxCommands is how many commands all accounts can have, with those that they
// inherit.
const maxCommands = 100_000

// section is the commands of one account, those of the defaults and of the
// accounts that it inherits from too; the last of a kind counts.
type section struct {
	name     string
	commands []command
	index    map[string]int // of the command of each word
}

// add puts a command in the place of one of its kind, or behind all.
func (s *section) add(commands ...command) {
	if s.index == nil {
		s.index = map[string]int{}
	}
	for _, c := range commands {
		if i, ok := s.index[c.word]; ok {
			s.commands[i] = c
			continue
		}
		s.index[c.word] = len(s.commands)
		s.commands = append(s.commands, c)
	}
}

// last is the command of a kind that counts.
func (s *section) last(word string) (command, bool) {
	if i, ok := s.index[word]; ok {
		return s.commands[i], true
	}
	return command{}, false
}

func (s *section) value(word string) string {
	c, _ := s.last(word)
	return c.value
}

// on tells whether a switch is on; unset is what holds when no line says.
func (s *section) on(word string, unset bool) bool {
	c, set := s.last(word)
	if !set {
		return unset
	}
	on, _ := onOff(c.value)
	return on
}

// readMSMTP reads an msmtprc, msmtp(1).
func readMSMTP(s *source, text []byte) {
	sections := s.msmtpSections(text)
	if len(sections) == 0 {
		s.plan.Note(s.file(), 0, "", "holds no account")
		return
	}
	first := slices.IndexFunc(sections, func(x *section) bool { return x.name == "default" })
	if first < 0 {
		first = 0
		s.plan.Note(s.file(), 0, "account", "there is no default account; the first one is the default now")
	}
	s.msmtpAccount(s.plan.Default(), sections[first])
	for i, x := range sections {
		if x.name == "default" || i == first && len(sections) == 1 {
			continue
		}
		a := s.plan.Add(x.name, nil)
		s.msmtpMatch(a, x)
		s.msmtpAccount(a, x)
	}
}

// msmtpSections collects the accounts.
func (s *source) msmtpSections(text []byte) []*section {
	var all []*section
	defaults := &section{}
	current := (*section)(nil)
	inDefaults := false
	inherited := 0
	for _, l := range lines(text) {
		word, value := l.keyword()
		value = unquoted(value)
		switch {
		case word == "defaults":
			inDefaults, defaults = true, &section{}
		case word == "account":
			inDefaults = false
			current = s.msmtpNew(l, value, defaults, all)
			if inherited += len(current.commands); len(all) == maxAccounts || inherited > maxCommands {
				s.note(l, word, tooMany)
				return all
			}
			all = append(all, current)
		case word == "eval":
			s.note(l, word, notRun+"; write what it printed into the configuration by hand")
		case inDefaults:
			defaults.add(command{l, word, value})
		default:
			if current == nil { // the form without accounts
				current = &section{name: "default"}
				all = append(all, current)
			}
			current.add(command{l, word, value})
		}
	}
	return all
}

// msmtpNew begins an account: NAME, or NAME : PARENT,PARENT.
func (s *source) msmtpNew(l line, value string, defaults *section, all []*section) *section {
	name, parents, _ := strings.Cut(value, ":")
	x := &section{name: strings.TrimSpace(name)}
	x.add(defaults.commands...)
	for parent := range strings.SplitSeq(parents, ",") {
		if parent = strings.TrimSpace(parent); parent == "" {
			continue
		}
		i := slices.IndexFunc(all, func(p *section) bool { return p.name == parent })
		if i < 0 {
			s.note(l, "account", "inherits from an account that is not there")
			continue
		}
		x.add(all[i].commands...)
	}
	return x
}

// msmtpMatch says which senders choose an account: msmtp compared with from.
func (s *source) msmtpMatch(a *setup.Account, x *section) {
	from, ok := x.last("from")
	if !ok {
		return
	}
	pattern := strings.NewReplacer("%U", "*", "%H", "*", "%C", "*", "%M", "*").Replace(from.value)
	switch {
	case strings.ContainsAny(pattern, "?["):
		s.note(from.line, "from", "knows * only; name the senders in match of this account")
	case strings.Trim(pattern, "*@") == "", !strings.Contains(pattern, "@"):
		// every sender, or none: --account chooses it
	case !set(a, "match", []string{pattern}):
		s.note(from.line, "from", "is no pattern that match of an account can hold: --account chooses it")
	}
}
