package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"mailchute/cmd/mailchute/exit"
)

// stranger is a user id without a passwd entry, and neighbour is another.
const (
	stranger  = 54321
	neighbour = 54322
)

// as makes cmd a process of another user.
func as(uid uint32, cmd *exec.Cmd) *exec.Cmd {
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	return cmd
}

// needRoot skips what takes the place of other users.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can become somebody else")
	}
}

// openDir is a directory that every user can look into.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "mailchute-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// programAs puts a copy of this program under a name into dir.
func programAs(t *testing.T, dir, name string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return copyFile(t, self, filepath.Join(dir, name))
}

// copyFile lets another process make the copy: what is being started beside us holds
// our descriptors for a moment, and a program that is open for writing cannot be run
// (golang.org/issue/22315).
func copyFile(t *testing.T, from, to string) string {
	t.Helper()
	if out, err := exec.Command("cp", "--", from, to).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := os.Chmod(to, 0o755); err != nil {
		t.Fatal(err)
	}
	return to
}

func TestASetUIDBitGivesNothing(t *testing.T) {
	needRoot(t)
	dir := openDir(t)
	id := copyFile(t, "/usr/bin/id", filepath.Join(dir, "id"))
	sendmail := programAs(t, dir, "sendmail")
	config := filepath.Join(dir, "mailchute.toml")
	if err := os.WriteFile(config, []byte("root's only line\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, bit := range []os.FileMode{os.ModeSetuid, os.ModeSetgid, os.ModeSetuid | os.ModeSetgid} {
		for _, name := range []string{id, sendmail} {
			if err := os.Chmod(name, 0o755|bit); err != nil {
				t.Fatal(err)
			}
		}
		if out, _ := as(stranger, exec.Command(id)).CombinedOutput(); !strings.Contains(string(out), "=0(root)") {
			t.Skipf("the bit means nothing in %s: %s", dir, out)
		}
		for _, mode := range []os.FileMode{0o600, 0o640} {
			if err := os.Chmod(config, mode); err != nil {
				t.Fatal(err)
			}
			cmd := as(stranger, exec.Command(sendmail, "a@b.example"))
			cmd.Env = []string{"MAILCHUTE_CONFIG=" + config}
			out, err := cmd.CombinedOutput()
			if exitCode(err) != int(exit.Config) || !strings.Contains(string(out), "permission denied") {
				t.Errorf("%v: %v, %s", bit, err, out)
			}
		}
	}
}
