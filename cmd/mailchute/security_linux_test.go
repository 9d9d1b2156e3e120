package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"mailchute/cmd/mailchute/serve/servetest"
	"mailchute/relay/smtp/smtptest"
)

const (
	combination = "hunter22hunter22"
	confided    = "only for you, 4711"
)

// strongroom is a server process with a password, and a message of stranger's in
// its queue.
type strongroom struct {
	*testing.T
	dir, socket, program string
	pid                  int
	peer                 *smtptest.Server
	said                 *os.File // standard error of the server
}

// newStrongroom starts the server as a user.
func newStrongroom(t *testing.T, uid uint32) *strongroom {
	t.Helper()
	needRoot(t)
	r := &strongroom{T: t, dir: openDir(t)}
	r.program, r.socket = programAs(t, r.dir, "mailchute"), filepath.Join(r.dir, "submit.sock")
	r.peer = smarthost(t)
	r.peer.Keywords = "8BITMIME,AUTH PLAIN"
	r.peer.Say("AUTH", "235 2.7.0 welcome")
	r.peer.Say("RCPT TO:<later", "450 4.2.0 later")
	own := filepath.Join(r.dir, "own")
	config := filepath.Join(own, "serve.toml")
	text := fmt.Sprintf("user = \"alerts\"\npassword = %q\n", combination) +
		fmt.Sprintf(servetest.Config, r.peer.Addr(), filepath.Join(own, "queue"), filepath.Join(own, "log"), "unix:"+r.socket, "127.0.0.1:0", fmt.Sprintf("users.uid%d = [\"shop@box.example\"]\n", neighbour))
	for _, err := range []error{os.Mkdir(own, 0o755), os.WriteFile(config, []byte(text), 0o600), os.Chown(own, int(uid), int(uid)), os.Chown(config, int(uid), int(uid)), os.Chmod(r.dir, 0o777)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	cmd := as(uid, exec.Command(r.program, "serve", "-C", config))
	cmd.Env = []string{"HOME=" + own, "MAILCHUTE_TEST_SECRET=" + combination, "GORACE=atexit_sleep_ms=0"}
	var err error
	if r.said, err = os.CreateTemp(t.TempDir(), "stderr"); err == nil {
		defer r.said.Close()
		cmd.Stderr = r.said
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	r.pid = cmd.Process.Pid
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	servetest.Eventually(t, "the server listens", func() bool {
		c, err := net.Dial("unix", r.socket)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	caller := fmt.Sprintf("smarthost = %q\naliases = \"\"\n[identity]\nhostname = \"box.example\"\ndomain = \"box.example\"\n[log]\nto = \"none\"\n", "unix:"+r.socket)
	if err := os.WriteFile(filepath.Join(r.dir, "caller.toml"), []byte(caller), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := r.sendmail(stranger, "Subject: private\n\n"+confided+"\n", nil, "later@example.org"); err != nil || out != "" {
		t.Fatalf("%v, %s", err, out)
	}
	servetest.Eventually(t, "the message waits in the queue", func() bool { return r.peer.Told("RCPT TO:<later") > 0 })
	return r
}

// sendmail is a call by a user.
func (r *strongroom) sendmail(uid uint32, text string, env []string, args ...string) (string, error) {
	cmd := as(uid, exec.Command(r.program, append([]string{"sendmail"}, args...)...))
	cmd.Env = append([]string{"MAILCHUTE_CONFIG=" + filepath.Join(r.dir, "caller.toml"), "GORACE=atexit_sleep_ms=0"}, env...)
	cmd.Stdin = strings.NewReader(text)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// say speaks to the socket as a user: all lines at once, and gives all answers.
func (r *strongroom) say(uid uint32, lines ...string) string {
	r.Helper()
	c := dialAs(r.T, uid, r.socket)
	defer c.Close()
	fmt.Fprintf(c, "%s\r\n", strings.Join(lines, "\r\n"))
	answers, err := io.ReadAll(c)
	if err != nil {
		r.Fatal(err)
	}
	return string(answers)
}

// dialAs connects as another user: the kernel looks at the thread that does it.
func dialAs(t *testing.T, uid uint32, path string) net.Conn {
	t.Helper()
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	const same = ^uintptr(0)
	runtime.LockOSThread()
	_, _, be := unix.RawSyscall(unix.SYS_SETRESUID, same, uintptr(uid), same)
	err = unix.Connect(fd, &unix.SockaddrUnix{Name: path})
	_, _, back := unix.RawSyscall(unix.SYS_SETRESUID, same, 0, same)
	if be != 0 || back != 0 || err != nil { // and the thread ends with the test
		t.Fatal(be, back, err)
	}
	runtime.UnlockOSThread()
	file := os.NewFile(uintptr(fd), path)
	defer file.Close()
	c, err := net.FileConn(file)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestAUserCannotReadWhatIsNotHis: the password and another's mail lie in files, in
// the process and behind the socket.
func TestAUserCannotReadWhatIsNotHis(t *testing.T) {
	const server = 54320
	r := newStrongroom(t, server)
	for _, uid := range []uint32{stranger, neighbour} {
		look := fmt.Sprintf(`cd %s && find . -type f ! -name mailchute -exec cat {} + ; ls -R own; for f in environ cmdline mem maps auxv stack fd/* map_files/* cwd root task/*/environ; do cat /proc/%d/$f; done; cat /proc/%[2]d/status; ps -fp %[2]d`, r.dir, r.pid)
		out, _ := as(uid, exec.Command("/bin/sh", "-c", look)).CombinedOutput()
		r.holdsNothing(fmt.Sprintf("what user %d finds", uid), out)
	}
	// The server's own user reads his files, of course; but not the memory.
	out, _ := as(server, exec.Command("/bin/sh", "-c", fmt.Sprintf(`cat /proc/%d/environ /proc/%[1]d/mem /proc/%[1]d/maps`, r.pid))).CombinedOutput()
	if n := bytes.Count(out, []byte("Permission denied")); n != 3 {
		t.Errorf("the server's user reads of the process: %q", out)
	}
	if limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", r.pid)); err != nil || !strings.Contains(string(limits), "Max core file size        0                    0 ") {
		t.Errorf("%v, %s", err, limits)
	}

	answers := r.say(neighbour, "EHLO x", "HELP", "VRFY later@example.org", "EXPN later", "AUTH PLAIN", "STARTTLS", "XCLIENT NAME=x LOGIN=root", "XFORWARD ADDR=1.2.3.4",
		"DEBUG", "ETRN example.org", "MAIL FROM:<shop@box.example>", "RCPT TO:<later@example.org>", "DATA", "Subject: mine", "", "x", ".", "QUIT")
	r.holdsNothing("what the server says", []byte(answers))
	for _, args := range [][]string{{"-v", "b@example.org"}, {"-bp"}, {"-bv", "b@example.org"}, {"--dry-run", "b@example.org"}} {
		out, _ := r.sendmail(neighbour, "Subject: s\n\nx\n", nil, args...)
		r.holdsNothing(fmt.Sprint(args), []byte(out))
	}
	said, err := os.ReadFile(r.said.Name())
	if err != nil {
		t.Error(err)
	}
	r.holdsNothing("standard error of the server", said)
	for _, glob := range []string{"own/log", "own/queue/*/*", "own/queue/*"} {
		files, _ := filepath.Glob(filepath.Join(r.dir, glob))
		for _, file := range files {
			if text, err := os.ReadFile(file); err == nil && bytes.Contains(text, []byte(combination)) {
				t.Errorf("the password is in %s", file)
			}
		}
	}
}

// holdsNothing looks for the secrets in an output.
func (r *strongroom) holdsNothing(where string, out []byte) {
	r.Helper()
	for _, secret := range []string{combination, "AGFsZXJ0cwBodW50ZXIyMmh1bnRlcjIy", "aHVudGVyMjJodW50ZXIyMg", confided} {
		if bytes.Contains(out, []byte(secret)) {
			r.Errorf("%s holds %q:\n%.2000s", where, secret, out)
		}
	}
}

// TestAUserCannotSendAsAnother over the socket: whatever he says, the message tells
// who he is, or is refused.
func TestAUserCannotSendAsAnother(t *testing.T) {
	r := newStrongroom(t, 54320)
	me := fmt.Sprintf("uid%d@box.example", stranger)
	for i, c := range []struct {
		name   string
		uid    uint32
		mail   []string // commands up to and with MAIL
		header string
		sender string // of the message that arrives; "" for none
		tells  string // Sender that it must have
	}{
		{"another's reverse-path is not believed", stranger, []string{"EHLO x", "MAIL FROM:<boss@box.example>"}, "From: boss@box.example", me, me},
		{"nor root's", stranger, []string{"EHLO x", "MAIL FROM:<root>"}, "From: root", me, me},
		{"nor the null one", stranger, []string{"EHLO x", "MAIL FROM:<>"}, "From: boss@box.example", me, me},
		{"a Sender is taken out", stranger, []string{"EHLO x", "MAIL FROM:<" + me + ">"}, "From: boss@box.example\r\nSender: boss@box.example", me, me},
		{"of those that come again, too", stranger, []string{"EHLO x", "MAIL FROM:<" + me + ">"}, "From: boss@box.example\r\nSender: a@box.example\r\nsender : boss@box.example", me, me},
		{"AUTH= is no parameter", stranger, []string{"EHLO x", "MAIL FROM:<boss@box.example> AUTH=boss@box.example"}, "From: boss@box.example", "", ""},
		{"XCLIENT is no command", stranger, []string{"EHLO x", "XCLIENT LOGIN=root", "MAIL FROM:<boss@box.example>"}, "From: boss@box.example", me, me},
		{"nor XFORWARD, nor AUTH", stranger, []string{"EHLO x", "XFORWARD IDENT=root", "AUTH EXTERNAL cm9vdA==", "MAIL FROM:<boss@box.example>"}, "From: boss@box.example", me, me},
		{"EHLO root does not make one root", stranger, []string{"EHLO root", "MAIL FROM:<boss@box.example>"}, "From: boss@box.example\r\nReceived: from root (uid 0) by box.example", me, me},
		{"who has rules may use what they name", neighbour, []string{"EHLO x", "MAIL FROM:<shop@box.example>"}, "From: shop@box.example", "shop@box.example", fmt.Sprintf("uid%d@box.example", neighbour)},
		{"and is refused the rest", neighbour, []string{"EHLO x", "MAIL FROM:<boss@box.example>"}, "From: boss@box.example", "", ""},
		{"another's rules are not his", stranger, []string{"EHLO x", "MAIL FROM:<shop@box.example>"}, "From: shop@box.example", me, me},
	} {
		t.Run(c.name, func(t *testing.T) {
			subject := fmt.Sprintf("Subject: s%d-", i)
			lines := append(c.mail, "RCPT TO:<b@example.org>", "DATA", c.header, subject, "", "x", ".", "QUIT")
			if c.sender == "" { // without a transaction nothing may follow that looks like one
				lines = append(c.mail, "RCPT TO:<b@example.org>", "DATA", "QUIT")
			}
			r.judge(t, subject, r.say(c.uid, lines...), c.sender, c.tells)
		})
	}
	for i, args := range [][]string{{"-f", "boss@box.example"}, {"-r", "root"}, {"-F", "Boss <boss@box.example>"}, {"-f", "<>"}} {
		t.Run(fmt.Sprint(args), func(t *testing.T) {
			subject := fmt.Sprintf("Subject: a%d-", i)
			env := []string{"USER=root", "LOGNAME=root", "SUDO_USER=root", "SUDO_UID=0", "NAME=Boss <boss@box.example>"}
			out, err := r.sendmail(stranger, "From: boss@box.example\n"+subject+"\n\nx\n", env, append(args, "b@example.org")...)
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			r.judge(t, subject, "250", me, me)
		})
	}
}

// judge looks at what became of a message.
func (r *strongroom) judge(t *testing.T, subject, answers, sender, tells string) {
	t.Helper()
	find := func() *smtptest.Message {
		for _, m := range r.peer.Messages() {
			if strings.Contains(m.Text, subject) {
				return &m
			}
		}
		return nil
	}
	if sender == "" {
		if strings.Contains(answers, "queued as") || !strings.Contains(answers, "\n5") {
			t.Errorf("it was taken: %s", answers)
		}
		return
	}
	servetest.Eventually(t, "the message arrives; the server said: "+answers, func() bool { return find() != nil })
	m := find()
	header, _, _ := strings.Cut(m.Text, "\r\n\r\n")
	if m.Sender != sender || strings.Count(strings.ToLower(header), "\nsender") != 1 || !strings.Contains(header, "\r\nSender: "+tells) {
		t.Errorf("from %q, want %q, and Sender %q in\n%s", m.Sender, sender, tells, header)
	}
	if first, _, _ := strings.Cut(header, ";"); !strings.Contains(first, "(uid "+strings.TrimSuffix(strings.TrimPrefix(tells, "uid"), "@box.example")+")") {
		t.Errorf("the trace does not tell the user: %s", first)
	}
}
