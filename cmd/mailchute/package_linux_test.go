package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestAPackagesProgramInstallsNothing: the package has put all in place, and what
// install would add in /usr/local would outlive it.
func TestAPackagesProgramInstallsNothing(t *testing.T) {
	needRoot(t)
	program := programAs(t, openDir(t), "mailchute")
	const setting = `for dir in /usr/sbin /usr/local /run; do mount -t tmpfs none $dir || exit 99; done
		cp "$1" /usr/sbin/mailchute && ln -s mailchute /usr/sbin/sendmail && mkdir /run/bin || exit 99
		printf '#!/bin/sh\ncase $2 in /usr/sbin/*) echo "pack: $2";; *) exit 1;; esac\n' >/run/bin/dpkg-query && chmod 755 /run/bin/dpkg-query
		mkdir -p /usr/local/share/man/man8 && /usr/sbin/mailchute install --prefix /run/root >/run/log || { cat /run/log; exit 98; }
		cp /run/root/usr/local/share/man/man8/sendmail.8 /usr/local/share/man/man8/
		export PATH=/run/bin:$PATH; /usr/sbin/mailchute "$2" --dry-run`
	for command, want := range map[string]string{
		"install":   "nothing to do: this program is of the package pack, which puts all in place itself\n",
		"uninstall": "remove   /usr/local/share/man/man8/sendmail.8\n",
	} {
		t.Run(command, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), "unshare", "-m", "sh", "-c", setting, "sh", program, command)
			cmd.Env = []string{"PATH=/usr/sbin:" + os.Getenv("PATH"), "HOME=/root", "GORACE=atexit_sleep_ms=0"}
			out, err := cmd.CombinedOutput()
			if exitCode(err) == 99 {
				t.Skipf("file systems cannot be mounted here: %s", out)
			}
			if err != nil || !strings.HasSuffix(string(out), want) {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}
