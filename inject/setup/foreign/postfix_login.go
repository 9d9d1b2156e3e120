package foreign

import (
	"path/filepath"
	"strings"

	"mailchute/inject/setup"
	"mailchute/relay/sasl"
)

// login is user and password; the zero one is nobody.
type login struct{ user, password string }

// loginEntry is a line of smtp_sasl_password_maps.
type loginEntry struct {
	file  string
	line  int    // 0: a table of one entry
	key   string // "*": every server
	login string // USER:PASSWORD
}

// logins is smtp_sasl_password_maps, table after table. used holds the entries
// that are for one of the next hops.
type logins struct {
	entries []loginEntry
	used    map[int]bool
}

// postfixLogins reads the tables, if Postfix logs in at all.
func (s *source) postfixLogins(p *parameters) *logins {
	all := &logins{used: map[int]bool{}}
	if !s.postfixYes(p, "smtp_sasl_auth_enable") {
		return all
	}
	maps, _ := p.get("smtp_sasl_password_maps")
	for _, table := range words(s.postfixText(p, "smtp_sasl_password_maps")) {
		if static, ok := strings.CutPrefix(table, "static:"); ok {
			all.entries = append(all.entries, loginEntry{key: "*", login: static})
			continue
		}
		path, ok := tableFile(table)
		if !ok {
			s.note(maps.line, maps.name, "a table of this kind is not read")
			continue
		}
		text, err := s.companion(path)
		if err != nil {
			s.note(maps.line, maps.name, "cannot be read: "+because(err)+"; set user and password_file by hand")
			continue
		}
		s.loginTable(all, text, filepath.Base(path))
	}
	return all
}

// loginTable adds the entries of a file. The first of a key counts in a table that
// postmap(1) makes.
func (s *source) loginTable(all *logins, text []byte, file string) {
	seen := map[string]bool{}
	for _, l := range lines(text) {
		key, value := l.keyword()
		if folded := strings.ToLower(key); !seen[folded] {
			seen[folded] = true
			all.entries = append(all.entries, loginEntry{file, l.number, key, value})
		} else {
			s.plan.Note(file, l.number, "", "is another line for the same server: the first counts, as with Postfix")
		}
	}
}

// of is the login at a next hop. Postfix looks for the name of the host first, then
// for the destination as it is written.
func (all *logins) of(h hop) login {
	found := -1
	for _, key := range []string{h.host, h.text} {
		for i, e := range all.entries {
			if e.key != "*" && !strings.EqualFold(e.key, key) {
				continue
			}
			all.used[i] = true
			if found < 0 {
				found = i
			}
		}
	}
	if found < 0 {
		return login{}
	}
	user, password, _ := strings.Cut(all.entries[found].login, ":")
	return login{user, password}
}

// noteOthers tells of the entries that are for nobody here.
func (all *logins) noteOthers(s *source) {
	for i, e := range all.entries {
		if !all.used[i] && e.line > 0 {
			s.plan.Note(e.file, e.line, "", "is for a server or a sender that is not the relayhost")
		}
	}
}

// postfixLogin sets the login of the smarthosts.
func (s *source) postfixLogin(a *setup.Account, p *parameters, l login) {
	if !s.postfixYes(p, "smtp_sasl_auth_enable") {
		return
	}
	maps, _ := p.get("smtp_sasl_password_maps")
	if l.user == "" {
		s.note(maps.line, maps.name, "has no login for the relayhost")
		return
	}
	s.take(a, maps.line, maps.name, "user", l.user)
	s.takePassword(a, maps.line, maps.name, l.password)
	s.mechanisms(a, p)
}

// mechanisms is smtp_sasl_mechanism_filter where it names some that are known.
func (s *source) mechanisms(a *setup.Account, p *parameters) {
	var names []string
	for _, word := range words(s.postfixText(p, "smtp_sasl_mechanism_filter")) {
		if name := strings.ToUpper(word); sasl.Known(name) {
			names = append(names, name)
		} else {
			one, _ := p.get("smtp_sasl_mechanism_filter")
			s.note(one.line, one.name, "names a method that is not known, left out")
		}
	}
	if names != nil {
		a.Set("auth", names)
	}
}
