package aliases

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

// files are the included files of the tests.
func files(path string) ([]byte, error) {
	switch path {
	case "/lists/team":
		return []byte("# the team\nann@example.org, bob@example.org\n\n \"c d\"@example.org\nstaff\n:include:/lists/more\n"), nil
	case "/lists/more":
		return []byte("eve@example.org\n:include:/lists/team"), nil
	case "/lists/bad":
		return []byte("ann@example.org\n|/bin/sh\nbob@@example.org\n"), nil
	}
	return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
}

func table(t *testing.T, text string) *Table {
	t.Helper()
	table, err := Parse("aliases", []byte(text), files)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// show is the targets as one line: addresses, "(owner)" behind them, "!" and the
// reason for errors.
func show(targets []Target, found bool) string {
	if !found {
		return "no alias"
	}
	var words []string
	for _, target := range targets {
		word := target.Addr.String()
		if !target.Owner.IsNull() {
			word += " (" + target.Owner.String() + ")"
		}
		if target.Err != nil {
			word = "! " + target.Err.Error()
		}
		words = append(words, word)
	}
	return strings.Join(words, "\n")
}

func TestANameLeadsToItsMailboxes(t *testing.T) {
	for _, test := range []struct {
		promise, text, name string
		want                string
	}{
		{"a name that is not there is no alias", "root: a@x.example", "boot", "no alias"},
		{"what an editor puts in front is not part of a name", "\ufeffroot: a@x.example", "root", "a@x.example"},
		{"one address", "root: a@x.example", "root", "a@x.example"},
		{"a list keeps its order", "root: b@x.example,a@x.example , c", "root", "b@x.example\na@x.example\nc"},
		{"case of the name does not count, case of a mailbox does", "Root: A@x.example, a@x.example", "rOOT", "A@x.example\na@x.example"},
		{"lines go on behind white space", "root:\n  a@x.example,\n\tb@x.example\nnext: c", "root", "a@x.example\nb@x.example"},
		{"comments and empty lines may stand in between", "# c\nroot: a@x.example,\n\n# c\n  # c\n  b@x.example", "root", "a@x.example\nb@x.example"},
		{"CRLF ends a line too", "root: a@x.example,\r\n b@x.example\r\nnext: c\r\n", "root", "a@x.example\nb@x.example"},
		{"a quoted name", "\"a b:c\\\"d\" : x@x.example", "A B:c\"d", "x@x.example"},
		{"a quoted local part with a comma", "root: \"a, b\"@x.example, c", "root", "\"a, b\"@x.example\nc"},
		{"a display name and a comment", "root: Ann <a@x.example>, (b, c) d@x.example", "root", "a@x.example\nd@x.example"},
		{"names are looked up again", "root: ops\nops: ann, bob\nann: ann@x.example", "root", "ann@x.example\nbob"},
		{"a mailbox gets one copy", "root: a@x.example, ops\nops: a@X.EXAMPLE", "root", "a@x.example"},
		{"a name in its own entry is its mailbox", "root: root, a@x.example", "root", "root\na@x.example"},
		{"a circle ends", "l1: l2\nl2: l1, real@x.example", "l1", "real@x.example"},
		{"a circle without a way out leads to no address", "l1: l2\nl2: l1", "l1", "! aliases:1: alias \"l1\": leads to no address"},
		{"an empty entry leads to no address", "root:\n", "root", "! aliases:1: alias \"root\": leads to no address"},
		{"a backslash ends the search", "root: \\ops\nops: a@x.example", "root", "ops"},
		{"other domains are not looked up", "root: ops@x.example\nops: a@x.example", "root", "ops@x.example"},
		{"the machine's own domain is", "root: ops@Own.example\nops: a@x.example", "root", "a@x.example"},
		{"the own name at the own domain is its mailbox", "root: root@own.example", "root", "root@own.example"},
		{"included files, each once, lines and lists", "team: :include:/lists/team\nstaff: kim", "team",
			"ann@example.org\nbob@example.org\n\"c d\"@example.org\nkim\neve@example.org"},
		{"an include may be quoted", "team: \":include:/lists/more\", x", "team",
			"eve@example.org\nann@example.org\nbob@example.org\n\"c d\"@example.org\nstaff\nx"},
		{"the first of two entries counts", "root: a\nROOT: b", "root", "a"},
		{"a program is an error of its own", "a: x@x.example, |/bin/cat -n, \"|cmd a, b\", y@x.example", "a",
			"x@x.example\n! aliases:1: alias \"a\": \"|/bin/cat -n\" is a program; mailchute runs none for mail; name an address\n" +
				"! aliases:1: alias \"a\": \"\\\"|cmd a, b\\\"\" is a program; mailchute runs none for mail; name an address\ny@x.example"},
		{"a file is an error of its own", "\na: /var/mail/a, \"/var/mail/b\"", "a",
			"! aliases:2: alias \"a\": \"/var/mail/a\" is a file; mailchute has no local mailboxes; name an address\n" +
				"! aliases:2: alias \"a\": \"\\\"/var/mail/b\\\"\" is a file; mailchute has no local mailboxes; name an address"},
		{"a quoted local part with a slash is an address", "a: \"/b\"@x.example", "a", "/b@x.example"},
		{"a relative include is refused", "a: :include:lists/team", "a", "! aliases:1: alias \"a\": \":include:lists/team\" has no absolute path"},
		{"a missing include is an error of its own", "a: :include:/nothing, b", "a",
			"! aliases:1: alias \"a\": cannot include \"/nothing\": file does not exist\nb"},
		{"a program in an included file is refused", "a: :include:/lists/bad", "a",
			"ann@example.org\n! aliases:1: alias \"a\": \"|/bin/sh\" is a program; mailchute runs none for mail; name an address\n" +
				"! aliases:1: alias \"a\": malformed address \"bob@@example.org\": R"},
		{"a comment behind an address gets a hint", "a: b@x.example # boss", "a",
			"! aliases:1: alias \"a\": malformed address \"b@x.example # boss\": R; a comment needs a line of its own"},
	} {
		t.Run(test.promise, func(t *testing.T) {
			got := show(table(t, test.text).Expand(test.name, func(d string) bool { return strings.EqualFold(d, "own.example") }))
			if diff := cmp.Diff(test.want, withoutReason(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// withoutReason hides the words of package address.
func withoutReason(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		if at := strings.Index(line, "malformed address "); at >= 0 {
			reason := strings.LastIndex(line, "\": ") + 3
			_, hint, found := strings.Cut(line[reason:], "; ")
			lines[i] = line[:reason] + "R"
			if found {
				lines[i] += "; " + hint
			}
		}
	}
	return strings.Join(lines, "\n")
}

func TestAListSendsUnderItsOwnersAddress(t *testing.T) {
	for _, test := range []struct {
		promise, text string
		want          string
	}{
		{"no owner, no change", "list: a@x.example", "a@x.example"},
		{"the owner is the mailbox behind owner-NAME", "list: a, b\nOwner-List: boss\nboss: kim@x.example", "a (kim@x.example)\nb (kim@x.example)"},
		{"several owners: owner-NAME itself", "list: a\nowner-list: b, c", "a (owner-list)"},
		{"an owner that cannot get mail: owner-NAME itself", "list: a\nowner-list: |cmd", "a (owner-list)"},
		{"a list in a list keeps the outer owner", "list: a, inner\ninner: b\nowner-list: kim", "a (kim)\nb (kim)"},
		{"unless it has its own", "list: a, inner, c\ninner: b\nowner-list: kim\nowner-inner: eve", "a (kim)\nb (eve)\nc (kim)"},
		{"owners in a circle end", "list: a\nowner-list: inner\ninner: list, b\nowner-inner: list", "a (owner-list)"},
	} {
		if got := show(table(t, test.text).Expand("list", nil)); got != test.want {
			t.Errorf("%s: %q", test.promise, got)
		}
	}
	if got := show(table(t, "owner-list: a\nowner-owner-list: b").Expand("owner-list", nil)); got != "a" {
		t.Errorf("nobody owns an owner: %q", got)
	}
}

func TestALineThatIsNoEntryIsNamed(t *testing.T) {
	for text, want := range map[string]string{
		"# c\nroot a@x.example\n":     `aliases:2: no colon behind the name; an entry is NAME: ADDRESS, ADDRESS...`,
		"root: a\nroot ops: b":        `aliases:2: "root ops" is no name; an entry is NAME: ADDRESS, ADDRESS...`,
		"a@x.example: b":              `aliases:1: "a@x.example" is no name; an entry is NAME: ADDRESS, ADDRESS...`,
		": b":                         `aliases:1: no name in front of the colon; an entry is NAME: ADDRESS, ADDRESS...`,
		"\"a b: c":                    `aliases:1: a quote is not closed; an entry is NAME: ADDRESS, ADDRESS...`,
		"\"a\" b: c":                  `aliases:1: no colon behind the name; an entry is NAME: ADDRESS, ADDRESS...`,
		"a\x1bb: c":                   `aliases:1: the name has a control character in it or is no UTF-8; an entry is NAME: ADDRESS, ADDRESS...`,
		"a\xff: c":                    `aliases:1: the name has a control character in it or is no UTF-8; an entry is NAME: ADDRESS, ADDRESS...`,
		"\n  a: b":                    `aliases:2: a continuation line with nothing in front of it`,
		"root: a\n\n\n\x1b[31m(x): b": `aliases:4: "\x1b[31m(x)" is no name; an entry is NAME: ADDRESS, ADDRESS...`,
	} {
		_, err := Parse("aliases", []byte(text), nil)
		var e *Error
		if !errors.As(err, &e) || e.Error() != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestCheckNamesAllThatCannotGetMail(t *testing.T) {
	got := ""
	checked := table(t, "a: b@x.example\nb: |cmd, c, :include:/lists/bad\nc:\nd: :include:/nothing, \\a\nA: twice\ne: :include:/lists/team\n")
	for _, err := range checked.Check() {
		got += strings.ReplaceAll(withoutReason(err.Error()), "R in \"/lists/bad\"", "R") + "\n"
	}
	want := `aliases:2: alias "b": "|cmd" is a program; mailchute runs none for mail; name an address
aliases:2: alias "b": "|/bin/sh" is a program in "/lists/bad"; mailchute runs none for mail; name an address
aliases:2: alias "b": malformed address "bob@@example.org": R
aliases:3: alias "c": leads to no address
aliases:4: alias "d": cannot include "/nothing": file does not exist
aliases:5: alias "A": is there twice; the first one counts
`
	if diff := cmp.Diff(want, got); diff != "" || checked.Len() != 5 {
		t.Errorf("%d entries, %s", checked.Len(), diff)
	}
}

func TestLongChainsAndDeepCirclesEnd(t *testing.T) {
	var b strings.Builder
	name := func(i int) string { return "n" + strings.Repeat("x", i) }
	for i := range 300 {
		b.WriteString(name(i) + ": " + name(i+1) + "\n")
	}
	if got := show(table(t, b.String()).Expand("n", nil)); !strings.HasSuffix(got, "too many names lead to each other") || strings.Contains(got, "\n") {
		t.Errorf("%q", got)
	}
}

func TestAFileThatIsNotThereIsAnEmptyTable(t *testing.T) {
	table, err := Load(filepath.Join(t.TempDir(), "aliases"))
	if err != nil || table.Len() != 0 || table.Check() != nil {
		t.Fatalf("%v, %v", table, err)
	}
	if targets, found := table.Expand("root", nil); targets != nil || found {
		t.Errorf("%v", targets)
	}
	if targets, found := new(Table).Expand("root", nil); targets != nil || found {
		t.Errorf("%v", targets)
	}
}

func TestFilesThatOthersCanWriteAreRefused(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good, group := write("good", "ann@x.example\n", 0o644), write("group", "eve@x.example\n", 0o664)
	large := write("large", strings.Repeat("#\n", maxInclude), 0o644)
	text := "good: :include:" + good + "\ngroup: :include:" + group + "\nlarge: :include:" + large + "\ndir: :include:" + dir + "\n"

	table, err := Load(write("aliases", text, 0o664))
	if err != nil || table.Len() != 4 {
		t.Fatalf("%v", err)
	}
	for name, want := range map[string]string{
		"good": "ann@x.example", "group": "can write it; mend it with chmod go-w", "large": "is too large", "dir": "is a directory",
	} {
		if got := show(table.Expand(name, nil)); !strings.HasSuffix(got, want) {
			t.Errorf("%s: %q", name, got)
		}
	}
	for _, path := range []string{write("everybody", "root: eve@x.example\n", 0o646), dir, write("bad", "no entry\n", 0o644)} {
		_, err := Load(path)
		var e *Error
		if !errors.As(err, &e) || !strings.HasPrefix(err.Error(), path+":") || strings.Count(err.Error(), path) != 1 {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// Whatever stands in the file, expanding ends, no mailbox comes twice, and no
// error holds a control character.
func FuzzExpand(f *testing.F) {
	f.Add("root: a, \"c d\"@e.example,\n b\nb: root, |x, /y, :include:/lists/team\nowner-b: root\n", "root")
	f.Add("\"a\\\"b\": (x, <y) \\z\n# c\n", "a\"b")
	f.Add("staff: :include:/lists/more\nowner-staff: staff, :include:/lists/bad", "STAFF")
	f.Fuzz(func(t *testing.T, text, name string) {
		table, err := Parse("aliases", []byte(text), files)
		if err != nil {
			clean(t, err)
			return
		}
		for _, err := range table.Check() {
			clean(t, err)
		}
		targets, found := table.Expand(name, func(domain string) bool { return strings.HasPrefix(domain, "own") })
		if found != (len(targets) > 0) {
			t.Errorf("found %v, %v", found, targets)
		}
		seen := map[string]bool{}
		for _, target := range targets {
			if target.Err != nil {
				clean(t, target.Err)
				continue
			}
			if target.Addr.IsNull() || seen[target.Addr.Key()] {
				t.Errorf("%v", targets)
			}
			seen[target.Addr.Key()] = true
		}
	})
}

func clean(t *testing.T, err error) {
	t.Helper()
	if strings.ContainsFunc(err.Error(), unicode.IsControl) {
		t.Errorf("%q", err)
	}
}
