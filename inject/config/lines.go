package config

import (
	"strconv"
	"strings"
)

// maxDepth is how deep keys and lists may nest. The schema needs five levels; the
// time that the decoder takes grows with the square of the depth.
const maxDepth = 16

// keyLines is the line on which each key and table first stands, under lineKey.
// The text is valid TOML.
func keyLines(source string) map[string]int {
	lines := map[string]int{}
	s := scanner{text: source, line: 1, visit: func(path []string, line int) {
		for n := 1; n <= len(path); n++ {
			if key := lineKey(path[:n]); lines[key] == 0 {
				lines[key] = line
			}
		}
	}}
	s.run()
	return lines
}

// lineKey is the path of a key as a string.
func lineKey(path []string) string { return strings.Join(path, "\x00") }

// tooDeep is the line on which keys or lists nest deeper than maxDepth, 0 when
// none does.
func tooDeep(source string) int {
	s := scanner{text: source, line: 1, visit: func([]string, int) {}}
	s.run()
	return s.deepLine
}

// scanner finds the keys of a TOML document. It takes everything else for
// granted: on text that is not TOML it stops somewhere, at the latest where the
// decoder finds the error.
type scanner struct {
	text      string
	pos, line int
	visit     func(path []string, line int)
	deepLine  int // where it stopped for depth
}

// run visits every table header and every key.
func (s *scanner) run() {
	var table []string
	for s.blank(); s.pos < len(s.text); s.blank() {
		if s.text[s.pos] != '[' {
			if !s.pair(table) {
				return
			}
			continue
		}
		for s.accept('[') {
		}
		var ok bool
		if table, ok = s.key(nil); !ok {
			return
		}
		s.visit(table, s.line)
		for s.accept(']') {
		}
	}
}

// pair is key = value.
func (s *scanner) pair(prefix []string) bool {
	path, ok := s.key(prefix)
	if !ok {
		return false
	}
	s.visit(path, s.line)
	s.blank()
	if !s.accept('=') {
		return false
	}
	s.blank()
	return s.value(path, len(path))
}

// key is a dotted key; its parts are appended to a copy of prefix.
func (s *scanner) key(prefix []string) (path []string, ok bool) {
	path = prefix[:len(prefix):len(prefix)]
	for {
		s.blank()
		start := s.pos
		if s.pos < len(s.text) && (s.text[s.pos] == '"' || s.text[s.pos] == '\'') {
			if !s.str() {
				return nil, false
			}
			path = append(path, unquote(s.text[start:s.pos]))
		} else {
			for s.pos < len(s.text) && isBare(rune(s.text[s.pos])) {
				s.pos++
			}
			if s.pos == start {
				return nil, false
			}
			path = append(path, s.text[start:s.pos])
		}
		if len(path) > maxDepth {
			s.deepLine = s.line
			return nil, false
		}
		s.blank()
		if !s.accept('.') {
			return path, true
		}
	}
}

// value skips a value; the keys of an inline table at path are visited.
func (s *scanner) value(path []string, depth int) bool {
	if depth > maxDepth {
		s.deepLine = s.line
		return false
	}
	if s.pos == len(s.text) {
		return false
	}
	switch s.text[s.pos] {
	case '"', '\'':
		return s.str()
	case '[':
		return s.members(']', func() bool { return s.value(path, depth+1) })
	case '{':
		return s.members('}', func() bool { return s.pair(path) })
	}
	start := s.pos
	for s.pos < len(s.text) && strings.IndexByte(",]}#\n", s.text[s.pos]) < 0 {
		s.pos++
	}
	return s.pos > start
}

// members is what stands between brackets, parted by commas.
func (s *scanner) members(end byte, member func() bool) bool {
	s.pos++
	for s.blank(); s.pos < len(s.text); s.blank() {
		switch {
		case s.accept(end):
			return true
		case s.accept(','):
		case !member():
			return false
		}
	}
	return false
}

// blank skips white space, line ends and comments.
func (s *scanner) blank() {
	for s.pos < len(s.text) {
		switch s.text[s.pos] {
		case '\n':
			s.line++
		case ' ', '\t', '\r':
		case '#':
			end := strings.IndexByte(s.text[s.pos:], '\n')
			if end < 0 {
				s.pos = len(s.text)
				return
			}
			s.pos += end
			continue
		default:
			return
		}
		s.pos++
	}
}

// str skips a string of any of the four kinds.
func (s *scanner) str() bool {
	quote := s.text[s.pos : s.pos+1]
	long := strings.Repeat(quote, 3)
	if !strings.HasPrefix(s.text[s.pos:], long) {
		long = quote
	}
	s.pos += len(long)
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; {
		case c == '\\' && quote == `"` && s.pos+1 < len(s.text) && s.text[s.pos+1] != '\n':
			s.pos += 2
			continue
		case c == '\n' && len(long) == 1:
			return false
		case c == '\n':
			s.line++
		case strings.HasPrefix(s.text[s.pos:], long):
			s.pos += len(long)
			for n := 0; n < 2 && len(long) == 3 && s.accept(quote[0]); n++ { // """" ends in a quote of its own
			}
			return true
		}
		s.pos++
	}
	return false
}

// accept skips c if it is next.
func (s *scanner) accept(c byte) bool {
	if s.pos < len(s.text) && s.text[s.pos] == c {
		s.pos++
		return true
	}
	return false
}

// unquote is the text of a quoted key. What Go does not know stays as it is.
func unquote(s string) string {
	if s[0] == '"' {
		if u, err := strconv.Unquote(s); err == nil {
			return u
		}
	}
	return s[1 : len(s)-1]
}
