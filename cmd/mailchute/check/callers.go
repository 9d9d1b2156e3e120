package check

import (
	"fmt"
	"strings"

	"mailchute/cmd/mailchute/machine"
	"mailchute/cmd/mailchute/wire"
	"mailchute/inject/config"
)

// callers is what other users of the machine find.
type callers struct {
	config  string // "" where there is none
	public  bool   // they can read it
	hidden  string // a file with a secret that they cannot read and need; "" for none
	local   bool   // the configuration hands over to the local server
	serves  bool   // which runs
	systemd bool
}

func callersOf(m machine.Machine, c *config.Config, serves bool) callers {
	who := callers{config: c.Path, public: c.Path == "" || m.IsPublic(c.Path), local: wire.ByLocalServer(&c.Default), serves: serves, systemd: m.HasSystemd()}
	a := &c.Default
	for _, file := range []string{a.Secret.File, a.DKIM.KeyFile, a.TLS.KeyFile} {
		if file != "" && who.hidden == "" && !m.IsPublic(file) {
			who.hidden = file
		}
	}
	return who
}

// tellCallers says whether cron jobs and web programs, which are other users, can
// send as well.
func tellCallers(at about, c callers) {
	const hint = "let the local server send for all: mailchute init --serve, then systemctl enable --now mailchute.socket"
	switch {
	case c.local && c.public, !c.public && c.serves:
		at.ok("callers", "all users send through the local server; nobody needs to read a password, and sandboxes with PrivateNetwork=yes or ProtectSystem=strict do not matter")
		return
	case !c.public:
		at.warn("callers", fmt.Sprintf("users other than root cannot read %q, so their mail (cron, www-data) is refused with status 78", c.config), hint)
	case c.hidden != "":
		at.warn("callers", fmt.Sprintf("users other than root cannot read %q, so their mail (cron, www-data) fails", c.hidden), hint)
	default:
		at.ok("callers", "all users can read the configuration and what it names")
	}
	if c.systemd {
		at.note("callers", "a unit with ProtectSystem=strict or ProtectHome= may not write its user's queue (ReadWritePaths= lets it), and one with PrivateNetwork=yes reaches no smarthost", "the socket of the local server works in both")
	}
}

// tellConfinement says what else may stand between callers and this program.
func tellConfinement(at about, c machine.Confinement, system bool) {
	if !system {
		return
	}
	if len(c.Profiles) > 0 {
		at.note("callers", "AppArmor is on, and these profiles speak of sendmail: "+strings.Join(c.Profiles[:min(len(c.Profiles), 8)], " "), "a program that cannot send needs a line in its profile that lets it run this one, such as: /usr/local/bin/mailchute Ux,")
	}
	if c.SELinux && !c.WebMay {
		at.note("callers", "SELinux keeps web servers from sending mail", "setsebool -P httpd_can_sendmail on")
	}
}
