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
	"os/user"
	"strconv"
	"strings"
	"unicode"

	"mailchute/headers/address"
	"mailchute/inject"
)

// User is the user as the system knows him: by the real user id, never by
// the environment.
type User struct {
	UID      int
	Login    string
	FullName string
	Home     string
}

// LookUpUser asks the system who is calling. A user id without a passwd entry
// (containers have many) is called uid and its number.
func LookUpUser() User { return LookUp(os.Getuid()) }

func LookUp(uid int) User {
	a := User{UID: uid, Login: "uid" + strconv.Itoa(uid)}
	u, err := user.LookupId(strconv.Itoa(uid))
	if err != nil {
		return a
	}
	if u.Username != "" {
		a.Login = u.Username
	}
	a.Home = u.HomeDir
	// passwd(5): the full name ends at the first comma, & is the login name
	name, _, _ := strings.Cut(u.Name, ",")
	if strings.Contains(name, "&") && a.Login != "" {
		name = strings.ReplaceAll(name, "&", strings.ToUpper(a.Login[:1])+a.Login[1:])
	}
	a.FullName = name
	return a
}

// World collects what surrounds a submission.
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
