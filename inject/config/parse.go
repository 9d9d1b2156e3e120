package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/BurntSushi/toml"

	"mailchute/relay/secret"
)

// Parse reads a configuration. The name stands for the file in errors and
// warnings. An error is an *Error when the text is not TOML, else Errors with
// every mistake there is. Warnings are whole lines, for what works but can
// hardly be meant.
//
// The text is decoded once, without reflection on our types, and walked along
// the schema. Where each key stands is looked up only when something is wrong.
func Parse(name string, text []byte) (*Config, []string, error) {
	source := strings.TrimPrefix(string(text), "\xef\xbb\xbf")
	top, order, err := decode(name, source)
	if err != nil {
		return nil, nil, err
	}
	c := &Config{Path: name, Default: Defaults()}
	w := &walk{}
	w.account(&c.Default, nil, top)
	w.accounts(c, top["account"], order)

	var lines map[string]int
	if len(w.mistakes)+len(w.doubts) > 0 {
		lines = keyLines(source)
	}
	if len(w.mistakes) > 0 {
		return nil, nil, locate(name, w.mistakes, lines)
	}
	var warnings []string
	for _, e := range locate(name, w.doubts, lines) {
		warnings = append(warnings, e.Error())
	}
	return c, warnings, nil
}

// decode is the TOML of the text and the order of its keys.
func decode(name, source string) (top map[string]any, order []toml.Key, err error) {
	if line := tooDeep(source); line > 0 {
		return nil, nil, &Error{File: name, Line: line, Reason: fmt.Sprintf("more than %d levels of keys or lists", maxDepth)}
	}
	defer func() { // the decoder panics where it finds a bug in itself
		if recover() != nil {
			err = &Error{File: name, Reason: "is no valid TOML"}
		}
	}()
	meta, err := toml.Decode(source, &top)
	var syntax toml.ParseError
	switch {
	case errors.As(err, &syntax):
		return nil, nil, syntaxError(name, source, syntax)
	case err != nil:
		return nil, nil, &Error{File: name, Reason: "is no valid TOML"}
	}
	return top, meta.Keys(), nil
}

// syntaxError says what the decoder says, unless it may quote a secret.
func syntaxError(name, source string, syntax toml.ParseError) *Error {
	e := &Error{File: name, Line: syntax.Position.Line, Reason: syntax.Message}
	if syntax.LastKey != "" {
		e.Key = printable(syntax.LastKey)
	}
	switch where := syntax.LastKey + lineOf(source, syntax.Position.Start); {
	case strings.Contains(syntax.Message, "already been defined"):
		e.Reason = "is there twice"
	case strings.Contains(where, "pass"), strings.Contains(where, "proxy"), strings.Contains(where, "://"):
		e.Reason, e.Hint = "the value is no valid TOML", `put it into quotes, and write \" and \\ inside of them`
	}
	e.Reason = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, e.Reason)
	return e
}

// lineOf is the line around a position.
func lineOf(source string, pos int) string {
	pos = max(0, min(pos, len(source)))
	start := strings.LastIndexByte(source[:pos], '\n') + 1
	line, _, _ := strings.Cut(source[start:], "\n")
	return line
}

// walk goes through the decoded tables along the schema and collects what is
// wrong.
type walk struct {
	mistakes, doubts []mistake
}

// mistake is a problem and the path of the key it is about.
type mistake struct {
	path []string
	problem
}

// wrong notes a mistake. The path is copied.
func (w *walk) wrong(path []string, key string, err error) {
	var p problem
	if !errors.As(err, &p) {
		p.reason = err.Error()
	}
	w.mistakes = append(w.mistakes, mistake{append(slices.Clone(path), key), p})
}

// account reads the table at path, the top level or [account.NAME], into a.
func (w *walk) account(a *Account, path []string, in map[string]any) {
	w.table(a, path, "", in)
	w.agree(a, path, in)
}

// table reads one table. Its name in the schema is the last element of path,
// except that an account's own table has the name of the top level.
func (w *walk) table(a *Account, path []string, name string, in map[string]any) {
	for key, v := range in {
		row := lookup(name, key)
		sub, _ := v.(map[string]any)
		switch {
		case row != nil && name == "" && key == "match" && len(path) == 0:
			w.wrong(path, key, problem{"is only for accounts", "it belongs to [account.NAME]"})
		case row != nil:
			if err := row.set(a, v); err != nil {
				w.wrong(path, key, err)
			}
		case name == "" && key == "account" && len(path) == 0: // see accounts
		case name == "" && isTable(key) && sub == nil:
			w.wrong(path, key, mistyped("a table", v))
		case name == "" && isTable(key):
			w.table(a, append(slices.Clone(path), key), key, sub)
		default:
			w.wrong(path, key, unknown(path, name, key, v))
		}
	}
}

// accounts reads [account.NAME] in the order of the file.
func (w *walk) accounts(c *Config, v any, order []toml.Key) {
	if v == nil {
		return
	}
	tables, ok := v.(map[string]any)
	if !ok {
		w.wrong(nil, "account", problem{"must be a table, not " + kind(v), "write [account.NAME]"})
		return
	}
	seen := make(map[string]bool, len(tables))
	for _, key := range order {
		if len(key) < 2 || key[0] != "account" || seen[key[1]] {
			continue
		}
		name := key[1]
		seen[name] = true
		in, ok := tables[name].(map[string]any)
		switch {
		case !ok:
			w.wrong([]string{"account"}, name, problem{"must be a table, not " + kind(tables[name]), "write [account.NAME]"})
			continue
		case !isAccountName(name):
			w.wrong([]string{"account"}, name, problem{"is no name for an account", "up to 64 printable characters without blanks"})
			continue
		}
		a := c.Default
		a.Name = name
		if slices.ContainsFunc(sourceKeys[:], func(key string) bool { return in[key] != nil }) {
			a.Secret, a.OAuth = secret.Source{}, OAuth{} // replaced as a whole, not added to
		} else if in["oauth"] != nil {
			a.Secret = secret.Source{}
			a.OAuth.replace(in["oauth"])
		}
		w.account(&a, []string{"account", name}, in)
		c.Accounts = append(c.Accounts, a)
	}
}

// isAccountName keeps names fit for the command line, the queue and the log.
func isAccountName(name string) bool {
	return name != "" && len(name) <= 64 && name[0] != '-' &&
		!strings.ContainsFunc(name, func(r rune) bool { return r == ' ' || !unicode.IsPrint(r) || r == unicode.ReplacementChar })
}

// locate turns mistakes into errors with lines, in the order of the file. A key
// that is missing is looked for where it would stand.
func locate(name string, mistakes []mistake, lines map[string]int) Errors {
	const limit = 20 // what anybody reads
	errs := make(Errors, len(mistakes))
	for i, m := range mistakes {
		e := &Error{File: name, Key: dotted(m.path), Reason: m.reason, Hint: m.hint}
		for path := m.path; e.Line == 0 && len(path) > 0; path = path[:len(path)-1] {
			e.Line = lines[lineKey(path)]
		}
		errs[i] = e
	}
	slices.SortFunc(errs, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Reason, b.Reason))
	})
	if more := len(errs) - limit; more > 0 {
		errs = append(errs[:limit], &Error{File: name, Reason: fmt.Sprintf("%d more mistakes", more)})
	}
	return errs
}
