// Package foreign reads the configuration of another program that hands mail to a
// smarthost, and makes the same set-up of it as a setup.Plan: msmtp, ssmtp,
// nullmailer, dma, esmtp, and Postfix with a relayhost.
//
// What a line meant is taken over where there is a word for it. Each line without
// one has a note that says so, or says what became of it; nothing is left out in
// silence. Where mail goes is never guessed: a server that cannot be told is none. A
// password goes to a file of its own, a command that printed it stays a command, and
// to read a configuration runs none.
//
// Files named inside a configuration are looked for beside it first, so that one
// copied from another machine can be read.
package foreign

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"mailchute/inject/setup"
)

// maxFile is the largest file that is read, in octets.
const maxFile = 1 << 20

// How many accounts a configuration can have, and servers each of them.
const (
	maxAccounts = 1000
	maxServers  = 100
)

const (
	tooMany        = "is one account too many: this one and those behind it are left out"
	tooManyServers = "names too many servers: those behind the first hundred are left out"
)

// UnknownError means that nobody can tell whose configuration a path is.
type UnknownError struct{ Path string }

func (e *UnknownError) Error() string {
	return fmt.Sprintf("%q: whose configuration is it? known are msmtprc, ssmtp.conf, dma.conf, esmtprc, main.cf (Postfix) and the directory of nullmailer", e.Path)
}

// program is one whose configuration can be read.
type program struct {
	name string
	file string // in its directory; nullmailer's directory is recognised by it
	read func(*source, []byte)
}

func programs() []program {
	return []program{
		{"msmtp", "msmtprc", readMSMTP},
		{"ssmtp", "ssmtp.conf", readSSMTP},
		{"dma", "dma.conf", readDMA},
		{"esmtp", "esmtprc", readESMTP},
		{"Postfix", "main.cf", readPostfix},
		{"nullmailer", "remotes", readNullmailer},
	}
}

// World is what a configuration means something in.
type World struct {
	Home string // what ~ stands for, "" if nobody knows

	// Exchangers gives the hosts in the MX records of a domain, in no order and none
	// where it has none. nil means that nobody can be asked.
	Exchangers func(domain string) (hosts []string, err error)
}

// Read makes a plan of the configuration at path, a file or a directory. Errors are
// those of the file system, and *UnknownError.
func Read(path string, w World) (*setup.Plan, error) {
	path = filepath.Clean(path)
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return readDirectory(path, w)
	}
	p, ok := byName(path)
	text, err := readFile(path)
	if err != nil {
		return nil, err
	}
	if !ok {
		if p, ok = byContent(text); !ok {
			return nil, &UnknownError{path}
		}
	}
	return p.plan(path, w, text), nil
}

// readDirectory reads the configuration in a directory by the name of its file.
func readDirectory(dir string, w World) (*setup.Plan, error) {
	for _, p := range programs() {
		path := filepath.Join(dir, p.file)
		text, err := readFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return p.plan(path, w, text), nil
	}
	return nil, &UnknownError{dir}
}

func (p program) plan(path string, w World, text []byte) *setup.Plan {
	s := &source{plan: setup.New("the configuration of " + p.name + " in " + path), path: path, world: w}
	p.read(s, text)
	return s.plan
}

// byName knows a file by its name, with or without a dot in front and an ending
// such as .example behind.
func byName(path string) (program, bool) {
	base := strings.TrimPrefix(filepath.Base(path), ".")
	for _, p := range programs() {
		if base == p.file || strings.HasPrefix(base, p.file+".") || strings.HasPrefix(base, p.file+"-") {
			return p, true
		}
	}
	if base == "config" && filepath.Base(filepath.Dir(path)) == "msmtp" {
		return programs()[0], true
	}
	return program{}, false
}

// byContent knows a file by a keyword that only one program has.
func byContent(text []byte) (program, bool) {
	for _, l := range lines(text) {
		word, rest, _ := strings.Cut(l.text, " ")
		key, _, equals := strings.Cut(l.text, "=")
		key = strings.ToLower(strings.TrimSpace(key))
		name := ""
		switch {
		case equals && key == "mailhub":
			name = "ssmtp"
		case equals && (key == "relayhost" || key == "myhostname"):
			name = "Postfix"
		case equals && key == "hostname":
			name = "esmtp"
		case word == "account" && rest != "", word == "defaults":
			name = "msmtp"
		case word == "SMARTHOST":
			name = "dma"
		default:
			continue
		}
		all := programs()
		return all[slices.IndexFunc(all, func(p program) bool { return p.name == name })], true
	}
	return program{}, false
}

// readFile reads a regular file of a size that a configuration can have. To open
// a pipe would wait for somebody to write into it.
func readFile(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%q is no regular file", path)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("%q is larger than %d octets", path, maxFile)
	}
	return text, err
}

// source is a configuration that is being read.
type source struct {
	plan  *setup.Plan
	path  string // of the main file
	world World
	asked int // how many domains Exchangers was asked for
}

// file is what notes call the main file.
func (s *source) file() string { return filepath.Base(s.path) }

func (s *source) note(l line, keyword, text string) { s.plan.Note(s.file(), l.number, keyword, text) }

// companion reads a file that the main one names: beside it, else where it says.
func (s *source) companion(path string) ([]byte, error) {
	text, err := readFile(filepath.Join(filepath.Dir(s.path), filepath.Base(path)))
	if errors.Is(err, fs.ErrNotExist) && filepath.IsAbs(path) {
		return readFile(path)
	}
	return text, err
}

// line is a line that says something.
type line struct {
	number int
	text   string // trimmed
}

// lines is the lines of a file without empty ones and comments.
func lines(text []byte) []line {
	var out []line
	number := 0
	for raw := range bytes.Lines(text) {
		number++
		if l := strings.TrimSpace(string(raw)); l != "" && l[0] != '#' {
			out = append(out, line{number, l})
		}
	}
	return out
}

// keyword is the first word of a line and what stands behind it.
func (l line) keyword() (word, rest string) {
	i := strings.IndexAny(l.text, " \t")
	if i < 0 {
		return l.text, ""
	}
	return l.text[:i], strings.TrimSpace(l.text[i:])
}
