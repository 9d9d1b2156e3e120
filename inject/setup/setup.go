// Package setup makes a configuration out of answers: from a Plan to the text of
// mailchute.toml and onto disk.
//
// A Plan does not know where its answers came from: a person at a terminal, flags,
// or the configuration of another program. Its text is TOML that package config
// reads; a password never stands in it, but in a file of its own that nobody but
// its owner can read. Files appear whole or not at all, and no password takes the
// place of one that something else may use.
package setup

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"mailchute/relay/secret"
)

// Plan is a configuration that is not written yet.
type Plan struct {
	Origin   string     // where it comes from, for the first line; "" is nowhere
	Accounts []*Account // the first is the default account and has no name
	Notes    []Note     // lines of the origin that could not be taken over as they are
	Root     string     // who should get the mail for root, "" for nobody new

	Taken func(Secret) bool // where a password must not go; nil: no file is in the way

	numbers map[string]int // the highest behind each name that was taken
}

// maxNotes is how many lines anybody reads.
const maxNotes = 500

// New is a plan with an empty default account.
func New(origin string) *Plan {
	return &Plan{Origin: origin, Accounts: []*Account{{}}}
}

// Default is the default account.
func (p *Plan) Default() *Account { return p.Accounts[0] }

// Add appends an account that sets what like sets; nil is nothing. A name that
// is taken, or that no account can have, is changed until it is good.
func (p *Plan) Add(name string, like *Account) *Account {
	a := &Account{Name: p.freeName(name)}
	if like != nil {
		a = like.clone(a.Name)
	}
	p.Accounts = append(p.Accounts, a)
	return a
}

// freeName makes a name as mailchute.toml(5) wants it.
func (p *Plan) freeName(name string) string {
	name = strings.TrimLeft(strings.Map(func(r rune) rune {
		if r == ' ' || !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return '_'
		}
		return r
	}, name), "-")
	if name == "" {
		name = "other"
	}
	if len(name) > 60 {
		name = strings.ToValidUTF8(name[:60], "")
	}
	free := name
	taken := func(a *Account) bool { return a.Name == free }
	for slices.ContainsFunc(p.Accounts, taken) {
		if p.numbers == nil {
			p.numbers = map[string]int{}
		}
		p.numbers[name]++
		free = name + "-" + strconv.Itoa(p.numbers[name]+1)
	}
	return free
}

// Note tells of a line of the origin: what became of it, or why nothing did. It
// names the keyword and never the value, which may be a secret.
type Note struct {
	File    string
	Line    int // 0: the file as a whole
	Keyword string
	Text    string
}

// Note adds one, unless it is there: accounts may share a line. The last of very
// many says that there are more.
func (p *Plan) Note(file string, line int, keyword, text string) {
	n := Note{file, line, keyword, text}
	switch {
	case len(p.Notes) > maxNotes || slices.Contains(p.Notes, n):
		return
	case len(p.Notes) == maxNotes:
		n = Note{File: file, Line: line, Text: "this line and others behind it have notes that are left out, being so many"}
	}
	p.Notes = append(p.Notes, n)
}

// Account is what one account sets.
type Account struct {
	Name     string
	Password secret.Secret // goes to a file of its own; the zero one: there is none

	// ClientSecret goes to a file that a service manager reads; the zero one: there is
	// none, or it stands where a setting says.
	ClientSecret secret.Secret
	settings     []setting
}

// setting is one key, dotted below its account ("tls.ca_file"), and a value: a
// string, a bool or a list of strings.
type setting struct {
	key     string
	value   any
	comment string
}

// Set gives a key its value; an earlier one is replaced.
func (a *Account) Set(key string, value any) { a.setWithComment(key, value, "") }

// setWithComment is Set with a remark behind the value.
func (a *Account) setWithComment(key string, value any, comment string) {
	for i := range a.settings {
		if a.settings[i].key == key {
			a.settings[i] = setting{key, value, comment}
			return
		}
	}
	a.settings = append(a.settings, setting{key, value, comment})
}

// Get is the value of a key that holds a string, "" when it is not set.
func (a *Account) Get(key string) string {
	for _, s := range a.settings {
		if s.key == key {
			text, _ := s.value.(string)
			return text
		}
	}
	return ""
}

// Has tells whether a key is set.
func (a *Account) Has(key string) bool {
	for _, s := range a.settings {
		if s.key == key {
			return true
		}
	}
	return false
}

// clone is an account with the same settings and another name.
func (a *Account) clone(name string) *Account {
	return &Account{Name: name, Password: a.Password, ClientSecret: a.ClientSecret, settings: slices.Clone(a.settings)}
}

// passwordFile is the name of an account's password file, beside the
// configuration. Names that differ get files that differ.
func (a *Account) passwordFile() string {
	if a.Name == "" {
		return "password"
	}
	var b strings.Builder
	b.WriteString("password-")
	for i := 0; i < len(a.Name); i++ {
		switch c := a.Name[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '@':
			b.WriteByte(c)
		case c == '.' && i > 0:
			b.WriteByte(c)
		default:
			const hex = "0123456789abcdef"
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}
