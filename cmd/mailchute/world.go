package main

import (
	"bufio"
	"bytes"
	"os"
	"os/user"
	"strconv"
	"strings"
	"unicode"

	"mailchute/headers/address"
	"mailchute/inject"
)

// account is the user as the system knows him: by the real user id, never by
// the environment.
type account struct {
	uid      int
	login    string
	fullName string
	home     string
}

// lookUpUser asks the system who is calling. A user id without a passwd entry
// (containers have many) is called uid and its number.
func lookUpUser() account { return lookUp(os.Getuid()) }

func lookUp(uid int) account {
	a := account{uid: uid, login: "uid" + strconv.Itoa(uid)}
	u, err := user.LookupId(strconv.Itoa(uid))
	if err != nil {
		return a
	}
	if u.Username != "" {
		a.login = u.Username
	}
	a.home = u.HomeDir
	// passwd(5): the full name ends at the first comma, & is the login name
	name, _, _ := strings.Cut(u.Name, ",")
	if strings.Contains(name, "&") && a.login != "" {
		name = strings.ReplaceAll(name, "&", strings.ToUpper(a.login[:1])+a.login[1:])
	}
	a.fullName = name
	return a
}

// world collects what surrounds a submission.
func world(who account, getenv func(string) string) inject.World {
	w := inject.World{Login: who.login, Root: who.uid == 0, FullName: getenv("NAME"), Stamp: inject.NewStamp()}
	if w.FullName == "" || strings.ContainsFunc(w.FullName, unicode.IsControl) {
		w.FullName = who.fullName
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
