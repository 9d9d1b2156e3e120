package main

import (
	"fmt"
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
)

// openTerminal gives both ends of a pseudo terminal.
func openTerminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { person.Close() })
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { program.Close() })
	return person, program
}

// dialogue answers each question when it comes, and gives all that was shown.
func dialogue(t *testing.T, person *os.File, lines ...string) string {
	t.Helper()
	var shown strings.Builder
	buf := make([]byte, 4096)
	for _, line := range lines {
		question, answer, _ := strings.Cut(line, " => ")
		before := shown.Len()
		for !strings.Contains(shown.String()[before:], question) {
			n, err := person.Read(buf)
			if err != nil {
				t.Fatalf("no question %q: %v\n%s", question, err, shown.String())
			}
			shown.Write(buf[:n])
		}
		if _, err := person.WriteString(answer); err != nil {
			t.Fatal(err)
		}
	}
	for { // a terminal that nobody holds any more is an error to read from
		n, err := person.Read(buf)
		shown.Write(buf[:n])
		if err != nil {
			return shown.String()
		}
	}
}

// initOnTerminal runs init with a terminal on all three descriptors.
func initOnTerminal(t *testing.T, dir string, args ...string) (*exec.Cmd, *os.File) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "mailchute") // the test's TestMain looks at the name
	if err := os.Symlink(self, name); err != nil {
		t.Fatal(err)
	}
	person, program := openTerminal(t)
	keepOutput(t, program)
	cmd := exec.Command(name, append([]string{"init", "-C", filepath.Join(dir, "new.toml"), "--user-level"}, args...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = program, program, program
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_STATE_HOME="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	program.Close()
	// A deadline for the whole dialogue: a question that never comes must not
	// hang the test.
	timer := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
	t.Cleanup(func() { timer.Stop() })
	return cmd, person
}

// keepOutput has a terminal not throw away at Ctrl-C what was written to it: the signal
// goes out first, so that what the program says to it may be thrown away with it.
func keepOutput(t *testing.T, terminal *os.File) {
	t.Helper()
	state, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	if err == nil {
		state.Lflag |= unix.NOFLSH
		err = unix.IoctlSetTermios(int(terminal.Fd()), unix.TCSETS, state)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestThePasswordIsNotShownOnTheTerminal(t *testing.T) {
	p, err := NewPeer("EHLO => 250-peer.example\\n250-AUTH PLAIN\\n250 8BITMIME\nAUTH => 235 2.7.0 welcome\n")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	dir := t.TempDir()
	cmd, person := initOnTerminal(t, dir, "--smarthost", "smtp+plain://"+p.Addr())
	shown := dialogue(t, person, "send as: => me@sender.example\n", "User name [me@sender.example]: => \n",
		"Password => s3cret p\n", "test message to => -\n")
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, shown)
	}
	if strings.Contains(shown, "s3cret") {
		t.Errorf("the terminal shows the password:\n%s", shown)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "password")); err != nil || string(text) != "s3cret p\n" {
		t.Errorf("password file %q, %v", text, err)
	}
}

func TestAnInterruptAtThePasswordGivesTheTerminalBack(t *testing.T) {
	dir := t.TempDir()
	cmd, person := initOnTerminal(t, dir, "--address", "me@sender.example", "--smarthost", "smtp+plain://127.0.0.1:1")
	keep, err := os.OpenFile(ptsOf(t, person), os.O_RDWR|unix.O_NOCTTY, 0) // to look at it when the program has gone
	if err != nil {
		t.Fatal(err)
	}
	defer keep.Close()
	done := make(chan error, 1)
	buf := make([]byte, 4096)
	shown := ""
	for !strings.Contains(shown, "User name") {
		n, err := person.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		shown += string(buf[:n])
	}
	if _, err := person.WriteString("\n"); err != nil {
		t.Fatal(err)
	}
	for !strings.Contains(shown, "Password") {
		n, err := person.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		shown += string(buf[:n])
	}
	servetest.Eventually(t, "the echo is off", func() bool { return !echo(t, keep) })
	go func() { done <- cmd.Wait() }()
	if _, err := person.Write([]byte{3}); err != nil { // Ctrl-C
		t.Fatal(err)
	}
	<-done
	if code := cmd.ProcessState.ExitCode(); code != int(exit.TempFail) {
		t.Errorf("exit status %d", code)
	}
	if !echo(t, keep) {
		t.Error("the terminal does not show what is typed any more")
	}
	if _, err := os.Stat(filepath.Join(dir, "new.toml")); !os.IsNotExist(err) {
		t.Errorf("something was written: %v", err)
	}
}

func TestAnInterruptSaysWhatIsWrittenByThen(t *testing.T) {
	p, err := NewPeer("EHLO => 250-peer.example\\n250-AUTH PLAIN\\n250 8BITMIME\nAUTH => 235 2.7.0 welcome\n")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	tests := []struct {
		name, question, key string
		written             bool
	}{
		{"end of input in front of it", "User name", "\x04", false},
		{"Ctrl-C in front of it", "User name", "\x03", false},
		{"end of input behind it", "test message to", "\x04", true},
		{"Ctrl-C behind it", "test message to", "\x03", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			cmd, person := initOnTerminal(t, dir, "--smarthost", "smtp+plain://"+p.Addr())
			answers := []string{"send as: => me@sender.example\n"}
			if tt.written {
				answers = append(answers, "User name => \n", "Password => s3cret\n")
			}
			shown := dialogue(t, person, append(answers, tt.question+" => "+tt.key)...)
			_ = cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); code != int(exit.TempFail) {
				t.Errorf("exit status %d", code)
			}
			_, err := os.Stat(filepath.Join(dir, "new.toml"))
			if (err == nil) != tt.written || strings.Contains(shown, "nothing was written") == tt.written || strings.Contains(shown, "the configuration was written") != tt.written {
				t.Errorf("written: %v, and it says\n%s", err == nil, shown)
			}
		})
	}
}

func ptsOf(t *testing.T, person *os.File) string {
	t.Helper()
	n, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("/dev/pts/%d", n)
}

func echo(t *testing.T, f *os.File) bool {
	t.Helper()
	state, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return state.Lflag&unix.ECHO != 0
}
