package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"mailchute/cmd/mailchute/serve/servetest"
)

// password is what only the server may know.
const password = "correct-horse"

// withPassword is an account of the server that has it.
const withPassword = "[account.work]\nmatch = [\"*@work.example\"]\nsmarthost = \"smtp+plain://127.0.0.1:1\"\nuser = \"me\"\npassword = \"" + password + "\"\n"

// person runs this program as another user of the machine, for whom everything goes
// to the server s.
type person struct {
	t    *testing.T
	uid  uint32
	name string // of the program
	home string
}

// people makes some, each with a home and a configuration of his own.
func people(t *testing.T, s *served, uids ...uint32) (all []*person) {
	t.Helper()
	needRoot(t)
	dir := openDir(t)
	for _, d := range []string{s.Dir, filepath.Dir(s.Dir)} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	name := programAs(t, dir, "mailchute")
	for _, uid := range uids {
		u := &person{t, uid, name, t.TempDir()}
		text := "smarthost = \"unix:" + s.Socket + "\"\naliases = \"\"\nidentity.hostname = \"box.example\"\n[log]\nto = \"none\"\n"
		if err := os.WriteFile(filepath.Join(u.home, "mailchute.toml"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(u.home, int(uid), int(uid)); err != nil {
			t.Fatal(err)
		}
		all = append(all, u)
	}
	return all
}

// run gives what the program says and its status.
func (u *person) run(stdin string, args ...string) (stdout, stderr string, status int) {
	u.t.Helper()
	cmd := exec.Command(u.name, args...)
	cmd.Dir, cmd.Stdin = "/", strings.NewReader(stdin)
	cmd.Env = []string{"HOME=" + u.home, "XDG_STATE_HOME=" + u.home + "/state", "MAILCHUTE_CONFIG=" + u.home + "/mailchute.toml", "USER=root", "LOGNAME=root", "GORACE=atexit_sleep_ms=0"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: u.uid, Gid: u.uid}}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		u.t.Fatal(err)
	}
	if strings.Contains(out.String()+errs.String(), password) {
		u.t.Errorf("%q shows the password", args)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// submit sends a message and gives its id in the server's queue.
func (u *person) submit(s *served, subject, to string) string {
	u.t.Helper()
	known := s.Ids()
	if out, words, status := u.run("Subject: "+subject+"\n\nbody of "+subject+"\n", "sendmail", to); status != 0 {
		u.t.Fatalf("%d, %s%s", status, out, words)
	}
	for id := range s.Ids() {
		if !known[id] {
			return id
		}
	}
	u.t.Fatal("the message is not in the queue")
	return ""
}

// TestUsersHandleTheirOwnMailThroughTheSocket is the promise of the extension with
// real users: one sees and touches what he submitted, nothing of what others did,
// and cannot tell whether it is there.
func TestUsersHandleTheirOwnMailThroughTheSocket(t *testing.T) {
	s := serveWith(t, "RCPT TO:< => 450 4.2.0 later\n", withPassword)
	all := people(t, s, 41001, 41002, 0)
	joe, eve, root := all[0], all[1], all[2]
	id := joe.submit(s, "secret plans", "b@example.com")
	own := eve.submit(s, "gossip", "c@example.com")

	for _, args := range [][]string{{"queue", "list"}, {"queue", "list", "--json"}, {"sendmail", "-bp"}, {"queue", "list", "--sender", "uid41001"}} {
		out, words, status := joe.run("", args...)
		if !strings.Contains(out, id) || strings.Contains(out+words, own) || status != 0 || words != "" {
			t.Errorf("joe: %q: %d, %s%s", args, status, out, words)
		}
		out, words, status = root.run("", args...)
		if !strings.Contains(out, id) || status != 0 || words != "" {
			t.Errorf("root: %q: %d, %s%s", args, status, out, words)
		}
		if out, words, _ := eve.run("", args...); strings.Contains(out+words, id) || strings.Contains(out+words, "plans") || strings.Contains(out+words, "41001") {
			t.Errorf("eve: %q: %s%s", args, out, words)
		}
	}

	for _, args := range [][]string{{"show"}, {"show", "--json"}, {"retry"}, {"hold"}, {"release"}, {"remove"}} {
		ask := func(id string) string {
			out, words, status := eve.run("", append(append([]string{"queue"}, args...), id)...)
			if status != 69 {
				t.Errorf("eve: %q: status %d", args, status)
			}
			return strings.ReplaceAll(out+words, id, "ID")
		}
		if theirs, absent := ask(id), ask("00000000000000"); theirs != absent || !strings.Contains(theirs, "no such message") {
			t.Errorf("eve: %q: of joe's message %q, of none %q", args, theirs, absent)
		}
	}

	if out, words, status := joe.run("", "queue", "show", id); status != 0 || !strings.Contains(out, "\nSubject: secret plans\n") || !strings.HasSuffix(out, "\nbody of secret plans\r\n") || words != "" {
		t.Errorf("%d, %q, %s", status, out, words)
	}
	if out, _, status := joe.run("", "queue", "show", "--json", id); status != 0 || !strings.Contains(out, `"recipient": "b@example.com"`) {
		t.Errorf("%d, %q", status, out)
	}
	for _, step := range [][]string{{"retry", id}, {"hold", id}, {"release", id}, {"flush"}, {"remove", id}} {
		if out, words, status := joe.run("", append([]string{"queue"}, step...)...); status != 0 || out+words != "" {
			servetest.Eventually(t, "it is not busy any more: "+out+words, func() bool {
				_, words, status = joe.run("", append([]string{"queue"}, step...)...)
				return status == 0 && words == ""
			})
		}
	}
	if got := s.Ids(); got[id] || !got[own] {
		t.Errorf("in the queue is %v", got)
	}
}
