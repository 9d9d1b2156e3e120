package check

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"time"

	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/install"
	"mailchute/cmd/mailchute/machine"
	"mailchute/cmd/mailchute/wire"
	"mailchute/inject/config"
)

// serverTime bounds the wait for the local server's greeting.
const serverTime = 3 * time.Second

// thisMachine is the machine with this program on it.
func thisMachine() machine.Machine {
	var m machine.Machine
	if self, err := os.Executable(); err == nil {
		m.Self, _ = os.Stat(self)
	}
	return m
}

// checkMachine looks at what surrounds the program: sendmail's places, the local
// server, what callers may do. clocked tells whether something runs the queue by
// the clock.
func checkMachine(ctx context.Context, at About, f *face.Call) (clocked bool) {
	m := thisMachine()
	system := f.Config.Path == config.System || f.Config.Path == ""
	for _, path := range []string{"/usr/sbin/sendmail", "/usr/lib/sendmail", "/usr/bin/mailq", "/usr/bin/newaliases"} {
		tellHolder(at, m.Holder(path), system, install.Owner)
		if to, by, found := m.Diverted(path); found {
			at.note("sendmail", fmt.Sprintf("%s of packages goes to %s (dpkg-divert, by %s)", path, to, by), "")
		}
	}
	serves := false
	for _, l := range f.Config.Default.Serve.Listen {
		serves = checkServer(ctx, at, l, wire.ByLocalServer(&f.Config.Default)) || serves
	}
	if system {
		tellCallers(at, callersOf(m, f.Config, serves))
	}
	tellConfinement(at, m.Confinement(), system)
	return serves || m.HasTimer("mailchute-queue.timer")
}

// tellHolder says whether a place of sendmail is ours. owner names the package
// that a file belongs to.
func tellHolder(at About, h machine.Holder, system bool, owner func(string) string) {
	say := at.note
	if system {
		say = at.warn
	}
	switch {
	case h.Ours:
		at.ok("sendmail", h.Path+" is this program")
	case h.Missing && h.Path != "/usr/sbin/sendmail":
	case h.Missing:
		say("sendmail", "there is no "+h.Path+": cron and other programs cannot send", "mailchute install, as root")
	case h.Target == "":
		say("sendmail", h.Path+" is a link that leads nowhere", "mailchute install, as root")
	default:
		text := h.Path + " is another program, " + h.Target
		if p := owner(h.Target); p != "" {
			text += " of the package " + p
		}
		hint := "mailchute install --force, as root, takes its place and keeps it aside"
		if h.Chosen {
			text += ", as update-alternatives has chosen"
			hint = "update-alternatives --config mta, or mailchute install --force"
		}
		say("sendmail", text, hint)
	}
}

// checkServer tells whether the local server answers, and this user may connect.
func checkServer(ctx context.Context, at About, l config.Listen, needed bool) (serves bool) {
	if _, err := os.Lstat(l.Address); l.Network == "unix" && err != nil {
		if needed {
			at.warn("serve", "there is no socket "+l.Address+": the local server does not run", "systemctl enable --now mailchute.socket, or mailchute serve")
		} else {
			at.ok("serve", "the local server is not in use")
		}
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, serverTime)
	defer cancel()
	greeting, err := greetingOf(ctx, l)
	switch {
	case err == nil && strings.HasPrefix(greeting, "220"):
		at.ok("serve", "the local server answers on "+l.Address)
		return true
	case errors.Is(err, fs.ErrPermission):
		at.warn("serve", "this user cannot connect to "+l.Address, "who may is said by the mode of the socket and of the directories above it")
		return true
	case err != nil && l.Network != "unix" && !needed:
		at.ok("serve", "the local server is not in use")
		return false
	case err != nil:
		at.warn("serve", l.Address+" is there, but the local server does not answer: "+err.Error(), "systemctl status mailchute.service; a socket that was left behind may be removed")
	default:
		at.warn("serve", l.Address+" belongs to something else: "+clip(greeting), "")
	}
	return false
}

// greetingOf is the first line that a server says.
func greetingOf(ctx context.Context, l config.Listen) (string, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, l.Network, l.Address)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if end, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(end)
	}
	line := make([]byte, 512)
	n, err := conn.Read(line)
	if err != nil {
		return "", err
	}
	_, _ = conn.Write([]byte("QUIT\r\n"))
	text, _, _ := strings.Cut(string(line[:n]), "\r\n")
	return text, nil
}

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
func tellCallers(at About, c callers) {
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
func tellConfinement(at About, c machine.Confinement, system bool) {
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
