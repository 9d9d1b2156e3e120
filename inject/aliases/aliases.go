// Package aliases is the aliases(5) file as users of sendmail and Postfix know
// it: names of this machine and the mailboxes that get their mail.
//
// Only the envelope changes, RFC 5321 section 3.9.1: each name is replaced by
// what stands behind it, names in there are looked up again, and each is expanded
// once, so that a circle ends. Whoever sends to a list that they are on gets a
// copy. A list that has an owner (owner-NAME) sends under the owner's address,
// RFC 5321 section 3.9.2; the header is left alone in both cases.
//
// There is no local delivery here. Programs, files and malformed addresses are
// errors of the one member that they are, told when mail would go there and by
// Check; only a line that is no entry at all spoils the file.
package aliases

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"
)

// Limits of what is read, in octets.
const (
	maxFile    = 16 << 20
	maxInclude = 1 << 20
)

// Include reads the file behind :include:.
type Include func(path string) ([]byte, error)

// Table is one aliases file. The zero Table is the empty file.
type Table struct {
	file    string
	entries map[string]*entry // by key
	order   []*entry          // in the order of the file
	twice   []*entry          // entries whose name was there before
	include Include
	broken  *Error // the file could not be read: nobody knows what any name leads to
}

// Broken is the table of a file that could not be read. Every name in it leads to
// this error, so that mail for names fails and other mail goes.
func Broken(err *Error) *Table { return &Table{file: err.File, broken: err} }

// Err is what a Broken table is broken by, nil for any other and for no table.
func (t *Table) Err() error {
	if t == nil || t.broken == nil {
		return nil
	}
	return t.broken
}

// entry is one name and what stands behind it, not yet taken apart.
type entry struct {
	name  string // as written, without quotes
	line  int
	value string // the right side, continuation lines joined by blanks
}

// key is a name without regard to case.
func key(name string) string { return strings.ToLower(name) }

// Len is the number of entries.
func (t *Table) Len() int { return len(t.order) }

// Parse reads a table. The name stands for the file in errors; include is called
// when an entry with :include: is used. The error, an *Error, is about the first
// line that is no entry. Of two entries with one name the first counts.
func Parse(name string, text []byte, include Include) (*Table, error) {
	t := &Table{file: name, entries: map[string]*entry{}, include: include}
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // some editors put it there, and nobody sees it
	var last *entry
	var value strings.Builder
	finish := func() {
		if last != nil {
			last.value = value.String()
		}
		value.Reset()
	}
	for n := 1; len(text) > 0; n++ {
		var line []byte
		line, text, _ = bytes.Cut(text, []byte("\n"))
		trimmed := strings.TrimSpace(string(line))
		if trimmed == "" || trimmed[0] == '#' {
			continue
		}
		if line[0] == ' ' || line[0] == '\t' {
			if last == nil {
				return nil, &Error{File: name, Line: n, Reason: "a continuation line with nothing in front of it"}
			}
			value.WriteByte(' ')
			value.WriteString(trimmed)
			continue
		}
		finish()
		left, right, reason := splitEntry(trimmed)
		if reason != "" {
			return nil, &Error{File: name, Line: n, Reason: reason, Hint: "an entry is NAME: ADDRESS, ADDRESS..."}
		}
		last = &entry{name: left, line: n}
		value.WriteString(right)
		t.add(last)
	}
	finish()
	return t, nil
}

func (t *Table) add(e *entry) {
	if t.entries[key(e.name)] != nil {
		t.twice = append(t.twice, e)
		return
	}
	t.entries[key(e.name)] = e
	t.order = append(t.order, e)
}

// splitEntry parts an entry at the colon behind its name, which may be quoted.
func splitEntry(line string) (name, value, reason string) {
	colon := false
	if line[0] == '"' {
		rest := ""
		if name, rest, reason = unquote(line); reason != "" {
			return "", "", reason
		}
		value, colon = strings.CutPrefix(strings.TrimLeft(rest, " \t"), ":")
	} else {
		name, value, colon = strings.Cut(line, ":")
		name = strings.TrimRight(name, " \t")
		if colon && strings.ContainsAny(name, " \t\"(),;<>@\\") {
			return "", "", quote(name) + " is no name"
		}
	}
	switch {
	case !colon:
		return "", "", "no colon behind the name"
	case name == "":
		return "", "", "no name in front of the colon"
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		return "", "", "the name has a control character in it or is no UTF-8"
	}
	return name, strings.TrimSpace(value), ""
}

// unquote takes a quoted string off the front, with its escapes.
func unquote(s string) (text, rest, reason string) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return b.String(), s[i+1:], ""
		case c == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", "", "a quote is not closed"
}

// Load reads the file at path and the files that it includes. A file that is not
// there is an empty table. The error is an *Error, and the table is Broken by it; a
// file that everybody can write is one.
func Load(path string) (*Table, error) {
	text, err := read(path, maxFile, 0o002)
	if errors.Is(err, fs.ErrNotExist) {
		return &Table{file: path}, nil
	}
	if err != nil {
		broken := &Error{File: path, Reason: because(err), Err: err}
		return Broken(broken), broken
	}
	t, err := Parse(path, text, readInclude)
	var broken *Error
	if errors.As(err, &broken) {
		return Broken(broken), err
	}
	return t, err
}

// readInclude reads an included file. Nobody but its owner may be able to write
// it: whoever can decides where mail goes.
func readInclude(path string) ([]byte, error) { return read(path, maxInclude, 0o022) }

// read is a file of at most limit octets with none of the forbidden permissions.
// It is opened without waiting, so that a pipe cannot hold a message up.
func read(path string, limit int64, forbidden fs.FileMode) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Mode().IsRegular() && info.Mode()&forbidden != 0 {
		return nil, errWritable
	}
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	switch {
	case err != nil:
		return nil, err
	case int64(len(text)) > limit:
		return nil, errTooLarge
	}
	return text, nil
}
