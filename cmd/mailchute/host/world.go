// Package host is what the machine says of itself and of the user: names, the
// places of state, and the privileges, signals and descriptors that a process
// starts with.
//
// The promise: who the user is comes from the kernel and the passwd database,
// never from the environment.
package host

import (
	"bufio"
	"bytes"
	"os"
	"strings"
	"unicode"

	"mailchute/headers/address"
	"mailchute/inject"
)

// World collects what surrounds a submission of who.
func World(who User, getenv func(string) string) inject.World {
	w := inject.World{Login: who.Login, Root: who.UID == 0, FullName: getenv("NAME"), Stamp: inject.NewStamp()}
	if w.FullName == "" || strings.ContainsFunc(w.FullName, unicode.IsControl) {
		w.FullName = who.FullName
	}
	w.ShortName, _ = os.Hostname()
	w.Hostname = qualifiedHostName(w.ShortName)
	w.MailName = mailName("/etc/mailname")
	return w
}

// qualifiedHostName is the host's name with a domain: as it is, or as
// /etc/hosts completes it (hosts(5): the canonical name stands first). The DNS is
// not asked: mail must not wait for it.
func qualifiedHostName(name string) string {
	if qualified(name) {
		return name
	}
	f, err := os.Open("/etc/hosts")
	if err != nil || name == "" {
		return ""
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		text, _, _ := bytes.Cut(lines.Bytes(), []byte("#"))
		words := strings.Fields(string(text))
		for i, word := range words {
			if i > 0 && word == name && qualified(words[1]) {
				return words[1]
			}
		}
	}
	return ""
}

func qualified(name string) bool {
	return strings.Contains(name, ".") && address.IsDomain(name) && !strings.HasPrefix(name, "localhost.")
}

// mailName is the first line of /etc/mailname when it is a domain.
func mailName(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(text), "\n")
	if line = strings.TrimSpace(line); address.IsDomain(line) {
		return line
	}
	return ""
}
