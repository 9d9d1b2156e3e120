package check

import (
	"context"
	"fmt"
	"os"

	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/install"
	"mailchute/cmd/mailchute/machine"
	"mailchute/cmd/mailchute/wire"
	"mailchute/inject/config"
)

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
func checkMachine(ctx context.Context, at about, f *face.Call) (clocked bool) {
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
func tellHolder(at about, h machine.Holder, system bool, owner func(string) string) {
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
