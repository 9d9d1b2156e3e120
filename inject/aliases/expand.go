package aliases

import (
	"strings"

	"mailchute/headers/address"
)

// maxDepth is how long a chain of names and included files may be.
const maxDepth = 100

// Target is one mailbox that gets the mail for a name, or one member of an entry
// that cannot get any.
type Target struct {
	Addr  address.Addr // a bare name stands for a mailbox in the machine's domain
	Owner address.Addr // the envelope sender of the list that led here; null when no list has an owner
	Err   error        // nil or an *Error; then Addr is null
}

// Expand gives the mailboxes behind a name in the order of the file, each once.
// found is false for a name that is no alias. The local part of an address inside
// an entry is looked up too when it has no domain or own says that its domain is
// this machine's; own may be nil.
//
// A name inside its own entry ("root: root, ops@example.org") is the mailbox of
// that name. A name that has been expanded before, further up or elsewhere, is
// left out, as local(8) of Postfix does. An entry that leads to nobody, a circle
// for one, gives a single Target with Err set; so does any name of a
// Broken table.
func (t *Table) Expand(name string, own func(domain string) bool) (targets []Target, found bool) {
	if t.broken != nil {
		return []Target{{Err: t.broken}}, true
	}
	e := t.entries[key(name)]
	if e == nil {
		return nil, false
	}
	x := expansion{table: t, own: own, seen: map[string]bool{}}
	x.owner = func(list *entry) (address.Addr, bool) { return t.owner(list, own) }
	x.expand(e, address.Addr{}, 0)
	if len(x.targets) == 0 {
		x.fail(e, &Error{Reason: "leads to no address"})
	}
	return x.targets, true
}

// owner is the mailbox behind owner-NAME, which becomes the reverse-path of what
// is sent to NAME, RFC 5321 section 3.9.2. A reverse-path is one mailbox: where
// the entry leads to several it is owner-NAME itself.
func (t *Table) owner(list *entry, own func(string) bool) (address.Addr, bool) {
	const prefix = "owner-"
	if strings.HasPrefix(key(list.name), prefix) {
		return address.Addr{}, false
	}
	e := t.entries[prefix+key(list.name)]
	if e == nil {
		return address.Addr{}, false
	}
	x := expansion{table: t, own: own, seen: map[string]bool{}}
	x.owner = func(*entry) (address.Addr, bool) { return address.Addr{}, false } // nobody owns an owner
	x.expand(e, address.Addr{}, 0)
	if len(x.targets) == 1 && x.targets[0].Err == nil {
		return x.targets[0].Addr, true
	}
	return address.Addr{Local: e.name}, true
}

// expansion is the state of Expand.
type expansion struct {
	table   *Table
	own     func(domain string) bool
	owner   func(list *entry) (address.Addr, bool)
	seen    map[string]bool // names, included files and mailboxes, each with a letter in front
	targets []Target
}

// once tells whether this is the first time.
func (x *expansion) once(what string) bool {
	first := !x.seen[what]
	x.seen[what] = true
	return first
}

// expand adds the members of e. owner is that of the list around it.
func (x *expansion) expand(e *entry, owner address.Addr, depth int) {
	if !x.once("n" + key(e.name)) {
		return
	}
	if o, ok := x.owner(e); ok {
		owner = o
	}
	x.members(e, e.value, owner, depth)
}

// members adds what a right side or a line of an included file names.
func (x *expansion) members(e *entry, text string, owner address.Addr, depth int) {
	for _, m := range members(text) {
		switch {
		case m.err != nil:
			x.fail(e, m.err)
		case depth >= maxDepth:
			x.fail(e, &Error{Reason: "too many names lead to each other"})
		case m.include != "":
			x.file(e, m.include, owner, depth)
		default:
			x.address(e, m, owner, depth)
		}
	}
}

// address adds a mailbox, or what the alias of that name leads to.
func (x *expansion) address(e *entry, m member, owner address.Addr, depth int) {
	local := m.addr.Domain == "" || x.own != nil && x.own(m.addr.Domain)
	next := x.table.entries[key(m.addr.Local)]
	if local && !m.final && next != nil && next != e {
		x.expand(next, owner, depth+1)
		return
	}
	if x.once("a" + m.addr.Key()) {
		x.targets = append(x.targets, Target{Addr: m.addr, Owner: owner})
	}
}

// file adds the addresses in an included file: lists as on a right side, one or
// more to a line. Programs and files are refused there as everywhere.
func (x *expansion) file(e *entry, path string, owner address.Addr, depth int) {
	if !x.once("f" + path) {
		return
	}
	lines, err := x.table.included(path)
	if err != nil {
		x.fail(e, err)
		return
	}
	for _, line := range lines {
		x.members(e, line, owner, depth+1)
	}
}

// included is the lines of an included file without comments.
func (t *Table) included(path string) ([]string, *Error) {
	if t.include == nil {
		return nil, &Error{Reason: "cannot include " + quote(path)}
	}
	text, err := t.include(path)
	if err != nil {
		return nil, &Error{Reason: "cannot include " + quote(path) + ": " + because(err), Err: err}
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			lines = append(lines, line)
		}
	}
	return lines, nil
}

// fail adds a member that cannot get mail.
func (x *expansion) fail(e *entry, err *Error) {
	x.targets = append(x.targets, Target{Err: x.table.at(e, err)})
}

// at says where the member stands that err is about.
func (t *Table) at(e *entry, err *Error) *Error {
	err.File, err.Line, err.Name = t.file, e.line, e.name
	return err
}
