package setup

import (
	"cmp"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Text is the configuration as it will stand in the file at path, an absolute
// path, and the passwords that go beside it.
func (p *Plan) Text(path string) (toml string, secrets []Secret) {
	var b strings.Builder
	if p.Origin != "" {
		fmt.Fprintf(&b, "# Made from %s. All keys are in mailchute.toml(5).\n", oneLine(p.Origin))
	} else {
		b.WriteString("# All keys are in mailchute.toml(5).\n")
	}
	for i, a := range p.Accounts {
		shared := a.Password.Reveal() != "" && i > 0 && a.Get("user") == p.Default().Get("user") && a.Password.Reveal() == p.Default().Password.Reveal()
		a = a.clone(a.Name)
		if a.Password.Reveal() != "" && !shared {
			s := Secret{Path: filepath.Join(filepath.Dir(path), a.passwordFile()), Text: a.Password.Reveal()}
			if !a.Has("password_credential") { // a service manager reads that file and no other
				s = p.free(s, secrets)
				a.Set("password_file", s.Path)
			}
			secrets = append(secrets, s)
		}
		if !a.ClientSecret.IsZero() {
			secrets = append(secrets, Secret{Path: filepath.Join(filepath.Dir(path), "client-secret"), Text: a.ClientSecret.Reveal()})
		}
		if i > 0 {
			a.standAlone(p.Default(), shared)
		}
		a.write(&b)
	}
	p.writeNotes(&b)
	return b.String(), secrets
}

// free finds a file for a password that neither another one of the plan has nor
// anything else.
func (p *Plan) free(s Secret, others []Secret) Secret {
	name := s.Path
	taken := func() bool {
		return p.Taken != nil && p.Taken(s) || slices.ContainsFunc(others, func(o Secret) bool { return o.Path == s.Path })
	}
	for n := 2; taken(); n++ {
		s.Path = name + "." + strconv.Itoa(n)
	}
	return s
}

// standAlone takes out what an account inherits anyway, and sets back what it
// must not inherit: above all a password that is for another server.
func (a *Account) standAlone(parent *Account, sharesPassword bool) {
	var kept []setting
	for _, s := range a.settings {
		if !inherited(parent, s) {
			kept = append(kept, s)
		}
	}
	for _, s := range parent.settings {
		if neutral, known := neutralValue(s.key); known && !a.Has(s.key) {
			kept = append(kept, setting{s.key, neutral, missing(s.key)})
		}
	}
	if (parent.Password.Reveal() != "" || parent.hasSecret()) && !a.hasSecret() && !sharesPassword {
		kept = append(kept, setting{"password", "", "none is known"})
	}
	a.settings = kept
}

func (a *Account) hasSecret() bool {
	return a.Has("password_file") || a.Has("password_command") || a.Has("password")
}

func inherited(parent *Account, s setting) bool {
	for _, p := range parent.settings {
		if p.key == s.key {
			return reflect.DeepEqual(p.value, s.value)
		}
	}
	return false
}

// missing is the remark on a neutral value that stops mail.
func missing(key string) string {
	if key == "smarthost" {
		return "none is known"
	}
	return ""
}

// neutralValue is the value by which a key does what it does when no file sets
// it. Keys that hold a secret replace one another, so they need none.
func neutralValue(key string) (any, bool) {
	switch key {
	case "smarthost", "user", "source_address", "proxy", "aliases",
		"tls.ca_file", "tls.client_cert", "tls.client_key", "tls.fingerprint", "tls.server_name",
		"identity.hostname", "identity.domain", "identity.address":
		return "", true
	case "auth", "log.to":
		return "auto", true
	case "identity.from":
		return "keep", true
	case "identity.trusted":
		return []string{"*"}, true
	case "timeouts.connect":
		return "30s", true
	}
	return nil, false
}

// write appends an account: its own keys, then its tables in the order in which
// they were first set.
func (a *Account) write(b *strings.Builder) {
	prefix := ""
	if a.Name != "" {
		prefix = "account." + bareOrQuoted(a.Name)
		fmt.Fprintf(b, "\n[%s]\n", prefix)
		prefix += "."
	}
	slices.SortStableFunc(a.settings, func(x, y setting) int { return rank(x.key) - rank(y.key) })
	var tables []string
	for _, s := range a.settings {
		table, _, deep := strings.Cut(s.key, ".")
		switch {
		case !deep:
			s.write(b, s.key)
		case !slices.Contains(tables, table):
			tables = append(tables, table)
		}
	}
	for _, table := range tables {
		fmt.Fprintf(b, "\n[%s%s]\n", prefix, table)
		for _, s := range a.settings {
			if key, ok := strings.CutPrefix(s.key, table+"."); ok {
				s.write(b, key)
			}
		}
	}
}

// rank puts the keys that everybody looks for first.
func rank(key string) int {
	first := [...]string{"match", "smarthost", "user", "password_file", "password_command", "auth"}
	if i := slices.Index(first[:], key); i >= 0 {
		return i
	}
	return len(first)
}

func (s setting) write(b *strings.Builder, key string) {
	fmt.Fprintf(b, "%s = %s", key, literal(s.value))
	if s.comment != "" {
		fmt.Fprintf(b, "  # %s", oneLine(s.comment))
	}
	b.WriteByte('\n')
}

// literal is a value in TOML.
func literal(v any) string {
	switch v := v.(type) {
	case []string:
		words := make([]string, len(v))
		for i, w := range v {
			words[i] = Quote(w)
		}
		return "[" + strings.Join(words, ", ") + "]"
	case string:
		return Quote(v)
	}
	return fmt.Sprint(v)
}

// Quote is s as a basic string of TOML, on one line and with nothing in it that
// speaks to a terminal.
func Quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case unicode.IsControl(r) || r == unicode.ReplacementChar || !unicode.IsPrint(r) && r != ' ':
			fmt.Fprintf(&b, `\U%08X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func bareOrQuoted(key string) string {
	for _, r := range key {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-') {
			return Quote(key)
		}
	}
	return key
}

// writeNotes appends what could not be taken over.
func (p *Plan) writeNotes(b *strings.Builder) {
	if len(p.Notes) == 0 {
		return
	}
	b.WriteString("\n# Lines that are not taken over as they were:\n")
	for _, n := range p.SortedNotes() {
		fmt.Fprintf(b, "#   %s\n", n)
	}
}

// SortedNotes is the notes by file and line.
func (p *Plan) SortedNotes() []Note {
	notes := slices.Clone(p.Notes)
	file := func(n Note) int {
		return slices.IndexFunc(p.Notes, func(o Note) bool { return o.File == n.File })
	}
	slices.SortStableFunc(notes, func(a, b Note) int { return cmp.Or(file(a)-file(b), a.Line-b.Line) })
	return notes
}

// String is the note on one line.
func (n Note) String() string {
	at := n.File
	if n.Line > 0 {
		at = fmt.Sprintf("%s:%d", n.File, n.Line)
	}
	if n.Keyword != "" {
		at += ": " + n.Keyword
	}
	return oneLine(at + ": " + n.Text)
}

// oneLine keeps text of unknown origin inside its comment.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r != ' ' && (!unicode.IsPrint(r) || r == unicode.ReplacementChar) {
			return '?'
		}
		return r
	}, s)
}
