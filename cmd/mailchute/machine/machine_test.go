package machine

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// build makes files below a new root: a text behind "-> " is a link.
func build(t *testing.T, files map[string]string) Machine {
	t.Helper()
	defer syscall.Umask(syscall.Umask(0o022))
	m := Machine{Root: t.TempDir()}
	if err := os.Chmod(m.Root, 0o755); err != nil {
		t.Fatal(err)
	}
	for path, text := range files {
		at := m.at(path)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if len(text) > 3 && text[:3] == "-> " {
			err = os.Symlink(text[3:], at)
		} else {
			err = os.WriteFile(at, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func TestWhoHoldsAPlaceIsFoundBehindLinks(t *testing.T) {
	m := build(t, map[string]string{
		"/usr/bin/mailchute":      "this program",
		"/opt/copy/mailchute":     "another copy",
		"/usr/sbin/exim4":         "exim",
		"/usr/sbin/sendmail":      "-> ../bin/mailchute",
		"/usr/lib/sendmail":       "-> ../sbin/exim4",
		"/usr/bin/mailq":          "-> /nowhere",
		"/usr/bin/newaliases":     "-> /etc/alternatives/mailq",
		"/usr/local/bin/sendmail": "-> ../../../opt/copy/mailchute",
	})
	self, err := os.Stat(m.at("/usr/bin/mailchute"))
	if err != nil {
		t.Fatal(err)
	}
	m.Self = self
	for _, want := range []Holder{
		{Path: "/usr/sbin/sendmail", Target: "/usr/bin/mailchute", Ours: true},
		{Path: "/usr/lib/sendmail", Target: "/usr/sbin/exim4"},
		{Path: "/usr/bin/mailq"},
		{Path: "/usr/bin/newaliases", Chosen: true},
		{Path: "/usr/local/bin/sendmail", Target: "/opt/copy/mailchute", Ours: true},
		{Path: "/usr/bin/nothing", Missing: true},
	} {
		if d := cmp.Diff(want, m.Holder(want.Path)); d != "" {
			t.Error(d)
		}
	}
}

func TestDiversionsAreRead(t *testing.T) {
	m := build(t, map[string]string{"/var/lib/dpkg/diversions": "/bin/sh\n/bin/sh.distrib\ndash\n/usr/sbin/sendmail\n/usr/sbin/sendmail.real\nlocal\n"})
	if to, by, found := m.Diverted("/usr/sbin/sendmail"); to != "/usr/sbin/sendmail.real" || by != "local" || !found {
		t.Error(to, by, found)
	}
	if _, _, found := m.Diverted("/usr/bin/mailq"); found {
		t.Error("nobody has moved that away")
	}
}

func TestConfinementIsSeen(t *testing.T) {
	m := build(t, map[string]string{
		"/sys/module/apparmor/parameters/enabled":     "Y\n",
		"/etc/apparmor.d/usr.sbin.web":                "  /usr/sbin/sendmail Px,\n",
		"/etc/apparmor.d/other":                       "nothing",
		"/sys/fs/selinux/enforce":                     "1",
		"/sys/fs/selinux/booleans/httpd_can_sendmail": "0 0",
	})
	want := Confinement{AppArmor: true, Profiles: []string{"usr.sbin.web"}, SELinux: true}
	if d := cmp.Diff(want, m.Confinement()); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(Confinement{}, build(t, nil).Confinement()); d != "" {
		t.Error(d)
	}
}

func TestAFileIsPublicOnlyWhenAllDirectoriesAboveItAre(t *testing.T) {
	m := build(t, map[string]string{"/etc/mailchute/a": "x", "/etc/hidden/b": "x", "/etc/mailchute/link": "-> a"})
	if !m.IsPublic("/etc/mailchute/a") {
		t.Error("everybody can read it")
	}
	if err := os.Chmod(m.at("/etc/hidden"), 0o700); err != nil {
		t.Fatal(err)
	}
	if m.IsPublic("/etc/hidden/b") {
		t.Error("its directory hides it")
	}
	if err := os.Chmod(m.at("/etc/mailchute/a"), 0o640); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/etc/mailchute/a", "/etc/mailchute/link", "/etc/nothing"} {
		if m.IsPublic(path) {
			t.Errorf("%s is not for everybody", path)
		}
	}
}

func TestTimersCountWhereSystemdIs(t *testing.T) {
	timer := "/etc/systemd/system/timers.target.wants/mailchute-queue.timer"
	if build(t, map[string]string{timer: ""}).HasTimer("mailchute-queue.timer") {
		t.Error("there is no systemd")
	}
	m := build(t, map[string]string{timer: "", "/run/systemd/system/x": ""})
	if !m.HasTimer("mailchute-queue.timer") || m.HasTimer("other.timer") {
		t.Error("the timer is enabled, the other is not")
	}
}
