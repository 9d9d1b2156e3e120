package install

import (
	"errors"
	"strings"
	"testing"
)

func TestAPackagesFileIsLeftAlone(t *testing.T) {
	root := t.TempDir()
	write(t, root+"/usr/sbin/sendmail", "postfix's")
	i := &Installer{Root: root, Owner: func(path string) string {
		if path == "/usr/sbin/sendmail" {
			return "postfix"
		}
		return ""
	}}
	_, err := i.Install(items)
	var refused *RefusedError
	if !errors.As(err, &refused) || refused.Package != "postfix" {
		t.Errorf("error %v", err)
	}
	i.Force = true
	steps, err := i.Install(items)
	do(t, steps, err)
	if files := tree(t, root); files["/usr/sbin/sendmail.before-mailchute"] != "postfix's" {
		t.Errorf("not kept: %v", files)
	}
	i.Force = false
	steps, err = i.Uninstall(items)
	do(t, steps, err)
	if files := tree(t, root); len(files) != 1 || files["/usr/sbin/sendmail"] != "postfix's" {
		t.Errorf("not given back: %v", files)
	}
}

func TestWhatAPackageInstalledStays(t *testing.T) {
	root := t.TempDir()
	i := &Installer{Root: root}
	steps, err := i.Install(items)
	do(t, steps, err)
	i.Owner = func(string) string { return "mailchute" }
	if steps, err := i.Uninstall(items); !errors.As(err, new(*RefusedError)) || len(steps) != 0 {
		t.Errorf("%d steps, %v", len(steps), err)
	}
}

func TestWhatIsNoPackagesIsTakenAwayBesideAPackage(t *testing.T) {
	root := t.TempDir()
	i := &Installer{Root: root}
	steps, err := i.Install(items)
	do(t, steps, err)
	i.Owner = func(path string) string {
		if strings.HasPrefix(path, "/usr/local/share/") {
			return ""
		}
		return "mailchute"
	}
	steps, err = i.Uninstall(items)
	do(t, steps, err)
	files := tree(t, root)
	if files["/usr/local/share/man/man1/mailchute.1"] != "" || files["/usr/sbin/sendmail"] == "" || files["/usr/local/bin/mailchute"] == "" {
		t.Errorf("left: %v", files)
	}
	if steps, err := i.Uninstall(items); !errors.As(err, new(*RefusedError)) || len(steps) != 0 {
		t.Errorf("and again: %d steps, %v", len(steps), err)
	}
}

func TestDpkgTellsWhoseAFileIs(t *testing.T) {
	const path = "/usr/sbin/sendmail"
	tests := []struct{ name, out, want string }{
		{"one package", "postfix: /usr/sbin/sendmail\n", "postfix"},
		{"a package with its architecture", "dma:amd64: /usr/sbin/sendmail\n", "dma:amd64"},
		{"several", "a, b: /usr/sbin/sendmail\n", "a"},
		{"another path that the pattern found", "dma: /usr/sbin/sendmail.dma\n", ""},
		{"the administrator has diverted it", "local diversion from: /usr/sbin/sendmail\nlocal diversion to: /usr/sbin/sendmail.distrib\npostfix: /usr/sbin/sendmail\n", ""},
		{"a package has diverted it, and has the place", "diversion by hold from: /usr/sbin/sendmail\ndiversion by hold to: /usr/sbin/sendmail.real\npostfix: /usr/sbin/sendmail\n", "hold"},
		{"nothing", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := dpkgOwner(tt.out, path); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}
