// Package machine is what a program that sends mail can know of the machine around
// it: who holds sendmail's places, what keeps callers from using them, how much
// room there is. It only looks, and says what it saw as values.
package machine

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Machine is the system below Root; "" is the system itself.
type Machine struct {
	Root string
	Self fs.FileInfo // of this program; nil: not known
}

// Holder is what stands in a place where programs look for sendmail.
type Holder struct {
	Path    string
	Target  string // where it leads in the end; "" when nothing is there, or it leads nowhere
	Ours    bool   // this very program, or another copy of it
	Missing bool
	Chosen  bool // by update-alternatives
}

// Holder looks at a place.
func (m Machine) Holder(path string) Holder {
	h := Holder{Path: path}
	at := m.at(path)
	if _, err := os.Lstat(at); err != nil {
		h.Missing = true
		return h
	}
	link, err := os.Readlink(at)
	h.Chosen = err == nil && strings.HasPrefix(link, "/etc/alternatives/")
	target, err := filepath.EvalSymlinks(at)
	if err != nil {
		return h
	}
	h.Target = strings.TrimPrefix(target, strings.TrimSuffix(filepath.Clean("/"+m.Root), "/"))
	info, err := os.Stat(target)
	h.Ours = err == nil && m.Self != nil && os.SameFile(info, m.Self) || filepath.Base(target) == "mailchute"
	return h
}

// Diverted tells who has moved a package's file at path away, and where to, by
// dpkg-divert(1).
func (m Machine) Diverted(path string) (to, by string, found bool) {
	lines := strings.Split(m.read("/var/lib/dpkg/diversions"), "\n")
	for i := 0; i+2 < len(lines); i += 3 {
		if lines[i] == path {
			return lines[i+1], lines[i+2], true
		}
	}
	return "", "", false
}

// HasSystemd tells whether systemd runs the machine, sd_booted(3).
func (m Machine) HasSystemd() bool {
	info, err := os.Lstat(m.at("/run/systemd/system"))
	return err == nil && info.IsDir()
}

// HasTimer tells whether a timer of systemd is enabled.
func (m Machine) HasTimer(name string) bool {
	_, err := os.Lstat(m.at("/etc/systemd/system/timers.target.wants/" + name))
	return err == nil && m.HasSystemd()
}

// IsPublic tells whether every user can read a file: it and all directories above
// it let them.
func (m Machine) IsPublic(path string) bool {
	at, err := filepath.EvalSymlinks(m.at(path))
	if err != nil {
		return false
	}
	info, err := os.Stat(at)
	if err != nil || info.Mode().Perm()&0o004 == 0 {
		return false
	}
	for dir := filepath.Dir(at); ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil || info.Mode().Perm()&0o001 == 0 {
			return false
		}
		if dir == filepath.Clean("/"+m.Root) || dir == "/" {
			return true
		}
	}
}

func (m Machine) at(path string) string { return filepath.Join("/", m.Root, path) }

// maxFile is the most that is read of a file, in octets.
const maxFile = 1 << 20

// read is the text of a file, "" where there is none.
func (m Machine) read(path string) string {
	f, err := os.Open(m.at(path))
	if err != nil {
		return ""
	}
	defer f.Close()
	text, _ := io.ReadAll(io.LimitReader(f, maxFile))
	return string(text)
}
