package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"mailchute/cmd/mailchute/serve/servetest"
)

// from is where the calls of all places come from.
type from struct {
	*served
	dir      string
	sendmail string
	as       string // command that makes an ordinary user
}

// TestCallersInOddPlaces calls sendmail from each place, to a smarthost and to
// serve: the message is sent once, or one line says why not and the status tells.
func TestCallersInOddPlaces(t *testing.T) {
	f := &from{served: serveWith(t, "", ""), dir: openDir(t)}
	f.sendmail = programAs(t, f.dir, "sendmail")
	if os.Getuid() == 0 {
		setpriv, err := exec.LookPath("setpriv")
		if err != nil {
			t.Skip(err)
		}
		f.as = fmt.Sprintf("%s --reuid=%d --regid=%[2]d --clear-groups", setpriv, stranger)
	}
	for dir := f.served.Dir; dir != os.TempDir(); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	f.furnish(t)
	for i, p := range oddPlaces {
		t.Run(p.name, func(t *testing.T) {
			f.probe(t, p)
			for j, way := range []struct{ name, smarthost, ends string }{{"direct", "smtp+plain://" + f.Peer.Addr(), p.direct}, {"served", "unix:" + f.Socket, p.served}} {
				t.Run(way.name, func(t *testing.T) { f.call(t, p, fmt.Sprintf("s%d-%d-", i, j), way.smarthost, way.ends) })
			}
		})
	}
}

// furnish makes what the places speak of.
func (f *from) furnish(t *testing.T) {
	t.Helper()
	script := `cd "$1" && mkdir -p theirs/mailchute trap/mailchute && mkfifo fifo trap/mailchute/mailchute.toml && echo 'smarthost = "evil"' >theirs/mailchute/mailchute.toml &&
		echo 'localhost evil.example' >theirs/aliases && chmod -R go+rX theirs trap && chmod 666 fifo trap/mailchute/*`
	if out, err := exec.Command("sh", "-c", script, "sh", f.dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// probe skips a place that cannot be made here.
func (f *from) probe(t *testing.T, p oddPlace) {
	t.Helper()
	if p.shell == plainly {
		return
	}
	if out, err := f.command(t, p, "/bin/true", "x", nil).CombinedOutput(); err != nil && strings.Contains(p.shell, "unshare") {
		t.Skipf("this place cannot be made here: %v, %s", err, out)
	}
}

// command is a call of program, with -i and a recipient behind it.
func (f *from) command(t *testing.T, p oddPlace, program, subject string, env []string) *exec.Cmd {
	t.Helper()
	home, err := os.MkdirTemp(f.dir, "home")
	if err != nil {
		t.Fatal(err)
	}
	if f.as != "" {
		if err := os.Chown(home, stranger, stranger); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), servetest.Patience)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", p.shell, "sh", program, "-i", "a@example.org")
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TMPDIR=" + os.TempDir(), "D=" + home, "AS=" + f.as, "SUBJECT=" + subject, "GORACE=atexit_sleep_ms=0"}, env...)
	for _, e := range p.env {
		cmd.Env = append(cmd.Env, strings.ReplaceAll(e, "$D", f.dir))
	}
	cmd.Dir = home
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = servetest.Patience
	text := "Subject: " + subject + "\n\nx\n"
	if p.letter == "large" {
		text += strings.Repeat(strings.Repeat("x", 70)+"\n", 40000)
	}
	cmd.Stdin = strings.NewReader(text)
	return cmd
}

const placeConfig = `smarthost = %q
aliases = ""
[identity]
hostname = "box.example"
domain = "box.example"
[log]
to = "none"
`

// call calls sendmail from a place and looks at how it ended.
func (f *from) call(t *testing.T, p oddPlace, subject, smarthost, ends string) {
	config := filepath.Join(f.dir, subject+".toml")
	if err := os.WriteFile(config, fmt.Appendf(nil, placeConfig, smarthost), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := f.command(t, p, f.sendmail, subject, []string{"MAILCHUTE_CONFIG=" + config})
	var said bytes.Buffer
	cmd.Stderr, cmd.Stdout = &said, &said
	err := cmd.Run()
	words := loaderWords.ReplaceAllString(said.String(), "")
	switch ends {
	case sent, waits:
		if err != nil || words != "" {
			t.Fatalf("%v; it said: %s", err, words)
		}
		if ends == waits {
			if out, err := exec.Command("grep", "-rq", subject, cmd.Dir).CombinedOutput(); err != nil {
				t.Errorf("it is not in the queue: %v, %s", err, out)
			}
			break
		}
		servetest.Eventually(t, "the message arrives", func() bool { return f.copies(subject) > 0 })
		if p.shell == plainly {
			f.isNotForged(t, subject)
		}
	default:
		status, pattern, _ := strings.Cut(ends, " ")
		if fmt.Sprint(exitCode(err)) != status || !regexp.MustCompile(`^mailchute: `+pattern+`\n$`).MatchString(words) {
			t.Errorf("%v, want status %s; it said: %s", err, status, words)
		}
	}
	if n := f.copies(subject); n > 1 || n > 0 && ends != sent {
		t.Errorf("%d copies", n)
	}
}

// loaderWords is what the system's loader says of LD_PRELOAD, and the race detector
// of a missing /proc.
var loaderWords = regexp.MustCompile(`(?m)^(ERROR: ld\.so: |==[0-9]+==WARNING: ).*\n`)

// copies counts the messages with a subject, or with a full name that says it.
func (f *from) copies(subject string) (n int) {
	for _, m := range f.Peer.Messages() {
		if strings.Contains(m.Text, subject) {
			n++
		}
	}
	return n
}

// isNotForged looks for what the variables wanted to be in the message.
func (f *from) isNotForged(t *testing.T, subject string) {
	t.Helper()
	for _, m := range f.Peer.Messages() {
		if strings.Contains(m.Text, subject) && (strings.Contains(m.Text, "evil") || f.as != "" && strings.Contains(m.Sender+m.Text, "root@")) {
			t.Errorf("from %s\n%s", m.Sender, m.Text)
		}
	}
}
