package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/serve/servetest"
	"mailchute/relay/smtp/smtptest"
)

// program is this test binary under the name mailchute, which makes it that
// program, and a configuration for its server.
func program(t *testing.T, p *smtptest.Server) (name, config, socket string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	name, config, socket = filepath.Join(dir, "mailchute"), filepath.Join(dir, "serve.toml"), filepath.Join(dir, "submit.sock")
	if err := os.Symlink(self, name); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf(servetest.Config, p.Addr(), filepath.Join(dir, "queue"), filepath.Join(dir, "log"), "unix:"+socket, "127.0.0.1:0", `users.loopback = ["*@box.example"]`)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name, config, socket
}

// greeting connects, and quits.
func greeting(t *testing.T, socket string) string {
	t.Helper()
	c, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(c, "QUIT\r\n")
	return line
}

func TestASocketOfSystemdIsServed(t *testing.T) {
	name, config, _ := program(t, smarthost(t))
	path := filepath.Join(t.TempDir(), "given.sock")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	file, err := l.File()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/bin/sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" serve -C "$1"`, name, config)
	cmd.ExtraFiles = []*os.File{file}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	l.Close()
	file.Close()
	if line := greeting(t, path); !strings.HasPrefix(line, "220 box.example ") { // whoever comes early waits in the socket
		t.Error(line)
	}
	cmd.Process.Signal(syscall.SIGTERM)
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the socket is systemd's: %v", err)
	}
}

func TestTheServiceManagerHearsHowTheServerFares(t *testing.T) {
	name, config, socket := program(t, smarthost(t))
	path := filepath.Join(t.TempDir(), "notify")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	servetest.NoError(t, err)
	defer l.Close()
	cmd := exec.Command(name, "serve", "-C", config)
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+path, "WATCHDOG_USEC=20000")
	cmd.Stderr = os.Stderr
	servetest.NoError(t, cmd.Start())
	defer cmd.Process.Kill()
	buf := make([]byte, 1000)
	hear := func(want string) {
		t.Helper()
		l.SetReadDeadline(time.Now().Add(servetest.Patience))
		for {
			n, err := l.Read(buf)
			if err != nil {
				t.Fatalf("no %s: %v", want, err)
			}
			if strings.HasPrefix(string(buf[:n]), want) {
				return
			}
		}
	}
	hear("READY=1\nSTATUS=0 sessions, 0 messages wait")
	hear("WATCHDOG=1\nSTATUS=")
	c, err := net.Dial("unix", socket)
	servetest.NoError(t, err)
	defer c.Close()
	hear("WATCHDOG=1\nSTATUS=1 sessions")
	servetest.NoError(t, cmd.Process.Signal(syscall.SIGHUP))
	hear("RELOADING=1\nMONOTONIC_USEC=")
	hear("READY=1\n")
	hear("WATCHDOG=1\n")
	servetest.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	hear("STOPPING=1\n")
	servetest.NoError(t, cmd.Wait())
}

// TestSocketsOfSystemdAreKnownByName: one is for mail and one for metrics.
func TestSocketsOfSystemdAreKnownByName(t *testing.T) {
	name, config, _ := program(t, smarthost(t))
	dir := t.TempDir()
	cmd := exec.Command("/bin/sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=mailchute.socket:metrics exec "$0" serve -C "$1"`, name, config)
	for _, path := range []string{"mail", "metrics"} {
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, path), Net: "unix"})
		servetest.NoError(t, err)
		l.SetUnlinkOnClose(false)
		file, err := l.File()
		servetest.NoError(t, err)
		cmd.ExtraFiles = append(cmd.ExtraFiles, file)
		l.Close()
		defer file.Close()
	}
	cmd.Stderr = os.Stderr
	servetest.NoError(t, cmd.Start())
	if line := greeting(t, filepath.Join(dir, "mail")); !strings.HasPrefix(line, "220 ") {
		t.Error(line)
	}
	if page := servetest.Scrape(filepath.Join(dir, "metrics")); !strings.Contains(page, "\nmailchute_sessions_total{socket=\"unix\"} 1\n") {
		t.Error(page)
	}
	cmd.Process.Signal(syscall.SIGTERM)
	servetest.NoError(t, cmd.Wait())
}

func TestASmarthostThatIsASocketOfSystemdIsRefused(t *testing.T) {
	name, config, _ := program(t, smarthost(t))
	path := filepath.Join(t.TempDir(), "given.sock")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	servetest.NoError(t, err)
	defer l.Close()
	file, err := l.File()
	servetest.NoError(t, err)
	defer file.Close()
	servetest.NoError(t, os.WriteFile(config, []byte(fmt.Sprintf("smarthost = [\"smtp.example.org\", \"unix:%s\"]\n[queue]\ndir = %q\n[identity]\nhostname = \"box.example\"\ndomain = \"box.example\"\n", path, path+".queue")), 0o600))
	cmd := exec.Command("/bin/sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" serve -C "$1"`, name, config)
	cmd.ExtraFiles = []*os.File{file}
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != int(exit.Config) || !strings.Contains(string(out), "serve itself listens on") {
		t.Errorf("%v: %s", err, out)
	}
}

// listener is the process at the other end of a Unix socket.
func listener(t *testing.T, socket string) int {
	t.Helper()
	c, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	raw, err := c.(*net.UnixConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	pid := 0
	raw.Control(func(fd uintptr) {
		if cred, e := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); e == nil {
			pid = int(cred.Pid)
		}
	})
	if pid == 0 {
		t.Fatal("nobody listens")
	}
	return pid
}

// longDir is a directory with a long name.
func longDir(t *testing.T) string {
	dir := filepath.Join(t.TempDir(), strings.Repeat("x", 100))
	servetest.NoError(t, os.Mkdir(dir, 0o700))
	return dir
}

func TestABackgroundServerIsReadyWhenItsParentEnds(t *testing.T) {
	name, config, socket := program(t, smarthost(t))
	start := exec.Command(name, "-bd", "-C", config)
	start.Env = append(os.Environ(), "TMPDIR="+longDir(t)) // too long for the name of a socket
	out, err := start.CombinedOutput()
	pid := listener(t, socket)
	defer syscall.Kill(pid, syscall.SIGKILL)
	if err != nil || len(out) > 0 {
		t.Fatalf("%v, %q", err, out)
	}
	if out, err := exec.Command(name, "-bd", "-C", config).CombinedOutput(); err == nil || !strings.Contains(string(out), "listening there already") {
		t.Errorf("a second one: %v, %q", err, out)
	}
	syscall.Kill(pid, syscall.SIGTERM)
	servetest.Eventually(t, "the server is gone", func() bool {
		state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		return err != nil || strings.Contains(string(state), ") Z ") // nobody waits for it in a container without an init
	})
	if _, err := os.Stat(socket); err == nil {
		t.Error("the socket is still there")
	}
}

// TestNothingIsLostWhenTheServerIsKilled: what got 250 is sent by the next server.
func TestNothingIsLostWhenTheServerIsKilled(t *testing.T) {
	p := smarthost(t)
	name, config, socket := program(t, p)
	want := map[string]bool{}
	const rounds = 4
	for round := range rounds {
		cmd := exec.Command(name, "serve", "-C", config)
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		servetest.Eventually(t, "the server listens", func() bool {
			c, err := net.Dial("unix", socket)
			if err == nil {
				c.Close()
			}
			return err == nil
		})
		if round < rounds-1 {
			time.AfterFunc(time.Duration(40*(round+1))*time.Millisecond, func() { cmd.Process.Kill() })
		}
		for i := range 40 {
			subject := fmt.Sprintf("Subject: %d-%d", round, i)
			if submitted(socket, subject) {
				want[subject] = true
			}
		}
		if round == rounds-1 {
			waitForSubjects(t, p, want)
		}
		cmd.Process.Kill()
		cmd.Wait()
	}
	if len(want) == 0 {
		t.Error("nothing was submitted")
	}
}

// TestALogThatNobodyReadsStopsNothing: standard error is a pipe whose reader sleeps, as
// a container's may.
func TestALogThatNobodyReadsStopsNothing(t *testing.T) {
	p := smarthost(t)
	name, config, socket := program(t, p)
	text, err := os.ReadFile(config)
	servetest.NoError(t, err)
	log := fmt.Sprintf("%q", filepath.Join(filepath.Dir(config), "log"))
	servetest.NoError(t, os.WriteFile(config, bytes.Replace(text, []byte(log), []byte(`"stderr"`), 1), 0o600))
	var pipe [2]int
	servetest.NoError(t, syscall.Pipe2(pipe[:], syscall.O_CLOEXEC|syscall.O_NONBLOCK))
	reader := os.NewFile(uintptr(pipe[0]), "reader")
	defer reader.Close()
	for err == nil { // full from the start
		_, err = syscall.Write(pipe[1], make([]byte, 4096))
	}
	servetest.NoError(t, syscall.SetNonblock(pipe[1], false))
	cmd := exec.Command(name, "serve", "-C", config)
	cmd.Stderr = os.NewFile(uintptr(pipe[1]), "writer")
	servetest.NoError(t, cmd.Start())
	defer cmd.Process.Kill()
	servetest.Eventually(t, "the server listens", func() bool {
		c, err := net.Dial("unix", socket)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	want := map[string]bool{}
	for i := range 5 {
		subject := fmt.Sprintf("Subject: %d", i)
		if want[subject] = submitted(socket, subject); !want[subject] {
			t.Fatal("nothing is taken any more")
		}
	}
	waitForSubjects(t, p, want)
	servetest.NoError(t, os.WriteFile(config, []byte("wrong = 1\n"), 0o600))
	servetest.NoError(t, cmd.Process.Signal(syscall.SIGHUP)) // there is something to complain of
	servetest.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	servetest.NoError(t, cmd.Wait())
}

// submitted tells whether the server said 250 to a message.
func submitted(socket, subject string) bool {
	c, err := net.Dial("unix", socket)
	if err != nil {
		return false
	}
	defer c.Close()
	fmt.Fprintf(c, "HELO x\r\nMAIL FROM:<a@box.example>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n%s\r\n\r\nx\r\n.\r\nQUIT\r\n", subject)
	answer, _ := io.ReadAll(c)
	return strings.Contains(string(answer), "250 2.0.0 queued as")
}

func waitForSubjects(t *testing.T, p *smtptest.Server, want map[string]bool) {
	t.Helper()
	var missing []string
	for end := time.Now().Add(servetest.Patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		var all strings.Builder
		for _, m := range p.Messages() {
			all.WriteString(m.Text)
		}
		missing = nil
		for subject := range want {
			if !strings.Contains(all.String(), subject+"\r\n") {
				missing = append(missing, subject)
			}
		}
		if len(missing) == 0 {
			return
		}
	}
	t.Errorf("%d of %d messages were lost: %q", len(missing), len(want), missing)
}
