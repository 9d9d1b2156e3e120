package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mailchute/cmd/mailchute/serve/servetest"
)

// TestAConfigurationForTheServerAloneIsNoError: what other users cannot read does not
// keep their mail, so neither check nor login says that it does.
func TestAConfigurationForTheServerAloneIsNoError(t *testing.T) {
	needRoot(t)
	s := serveWith(t, "", "")
	for dir := s.Dir; dir != os.TempDir(); dir = filepath.Dir(dir) {
		servetest.NoError(t, os.Chmod(dir, 0o755))
	}
	program := programAs(t, openDir(t), "mailchute")
	const setting = `mount -t tmpfs none /etc && mount -t tmpfs none /run && mkdir /etc/mailchute /run/mailchute &&
		echo 'smarthost = "smtp.example.org"' >/etc/mailchute/mailchute.toml && chmod 600 /etc/mailchute/mailchute.toml &&
		touch /run/mailchute/submit.sock && mount --bind "$SOCKET" /run/mailchute/submit.sock || exit 99
		exec setpriv --reuid=54321 --regid=54321 --clear-groups "$@"`
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"sendmail", "a@example.org"}, ""},
		{[]string{"check"}, "ok       configuration: this user cannot read \"/etc/mailchute/mailchute.toml\" and need not: all mail goes to the local submission server\n"},
		{[]string{"login", "--status"}, "no login is needed: all mail goes to the local submission server\n"},
		{[]string{"login", "--status", "--json"}, "[]\n"},
	} {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), "unshare", append([]string{"-m", "sh", "-c", setting, "sh", program}, tt.args...)...)
			cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "SOCKET=" + s.Socket, "HOME=/nonexistent", "GORACE=atexit_sleep_ms=0"}
			cmd.Stdin = strings.NewReader("Subject: s\n\nx\n")
			out, err := cmd.CombinedOutput()
			if exitCode(err) == 99 {
				t.Skipf("file systems cannot be mounted here: %s", out)
			}
			if err != nil || !strings.HasPrefix(string(out), tt.want) || tt.want == "" && len(out) > 0 {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}
