package foreign

import (
	"bytes"
	"path/filepath"
	"strings"
)

// parameter is one of a main.cf, postconf(5).
type parameter struct {
	line
	name, text string // text as it is written, with the names of other parameters in it
}

// parameters is a main.cf.
type parameters struct {
	list  []parameter // those that count: the last of each name
	index map[string]int
	dir   string // where the file is, absolute
}

// readPostfix reads what a main.cf says on the way out, and the passwords for its
// relayhosts.
func readPostfix(s *source, text []byte) {
	a := s.plan.Default()
	p := s.parameters(text)
	s.postfixWay(a, p)
	s.postfixTLS(a, p)
	s.postfixNames(a, p)
	s.postfixSource(a, p)
	s.postfixTimes(a, p)
	for _, one := range p.list {
		s.postfixRest(a, p, one)
	}
}

// parameters reads logical lines: one that begins with a blank continues the one
// before.
func (s *source) parameters(text []byte) *parameters {
	var all []parameter
	number := 0
	for raw := range bytes.Lines(text) {
		number++
		full := strings.TrimRight(string(raw), " \t\r\n")
		l := line{number, strings.TrimSpace(full)}
		switch {
		case l.text == "" || l.text[0] == '#':
		case full[0] == ' ' || full[0] == '\t':
			if len(all) > 0 {
				last := &all[len(all)-1]
				last.text = strings.TrimSpace(last.text + " " + l.text)
			}
		default:
			name, value, ok := strings.Cut(l.text, "=")
			if !ok {
				s.note(l, "", "is no line of the form name = value")
				continue
			}
			all = append(all, parameter{l, strings.TrimSpace(name), strings.TrimSpace(value)})
		}
	}
	p := &parameters{index: make(map[string]int, len(all))}
	for i, one := range all {
		p.index[one.name] = i
	}
	for i, one := range all {
		if p.index[one.name] == i {
			p.index[one.name] = len(p.list)
			p.list = append(p.list, one)
		}
	}
	if path, err := filepath.Abs(s.path); err == nil {
		p.dir = filepath.Dir(path)
	}
	return p
}

// get is the parameter of a name, and whether the file has it.
func (p *parameters) get(name string) (parameter, bool) {
	if i, ok := p.index[name]; ok {
		return p.list[i], true
	}
	return parameter{name: name}, false
}

// postfixValue is a parameter with all names in it filled in, or Postfix's default.
// One that cannot be told has a note, and ok is false.
func (s *source) postfixValue(p *parameters, name string) (value string, ok bool) {
	value, err := p.value(name)
	if err != nil {
		one, _ := p.get(name)
		s.note(one.line, name, err.Error()+": left out")
	}
	return value, err == nil
}

// postfixText is postfixValue where a value that cannot be told is none.
func (s *source) postfixText(p *parameters, name string) string {
	value, _ := s.postfixValue(p, name)
	return value
}

// postfixYes tells whether a parameter is yes.
func (s *source) postfixYes(p *parameters, name string) bool {
	return strings.EqualFold(s.postfixText(p, name), "yes")
}

// words takes a list apart, at commas and blanks as Postfix does.
func words(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ' ' || r == '\t' || r == ',' })
}

// tableFile is the file of a lookup table "type:name" whose source is text with a
// key and a value in each line.
func tableFile(table string) (path string, ok bool) {
	kind, path, _ := strings.Cut(strings.TrimPrefix(table, "proxy:"), ":")
	switch kind {
	case "hash", "btree", "texthash", "lmdb", "cdb", "dbm", "sdbm":
		return path, true
	}
	return "", false
}
