package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"mailchute/cmd/mailchute/serve/servetest"
)

// daemon is a real server, in a process of its own.
type daemon struct {
	t            testing.TB
	binary, dir  string
	socket, port string
	cmd          *exec.Cmd
	stderr       bytes.Buffer
}

// loadBinary is the binary under test: this one, which is also that program, or in
// full size the one that is released.
func loadBinary(t testing.TB, dir string) string {
	t.Helper()
	if name := os.Getenv("MAILCHUTE_LOAD_BINARY"); name != "" {
		return name
	}
	name := filepath.Join(dir, "mailchute")
	if fullLoad() {
		build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", name, ".")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return name
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, name); err != nil {
		t.Fatal(err)
	}
	return name
}

func newDaemon(t testing.TB, smarthost string) *daemon {
	t.Helper()
	dir := t.TempDir()
	d := &daemon{t: t, dir: dir, binary: loadBinary(t, dir), socket: filepath.Join(dir, "submit.sock"), port: freePort(t)}
	text := fmt.Sprintf(servetest.Config, smarthost, filepath.Join(dir, "queue"), filepath.Join(dir, "log"), "unix:"+d.socket, "127.0.0.1:0", `users.loopback = ["*@box.example"]`)
	text = string(bytes.Replace([]byte(text), []byte("127.0.0.1:0"), []byte(d.port), 1))
	if err := os.WriteFile(filepath.Join(dir, "serve.toml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	d.start()
	t.Cleanup(func() {
		if d.cmd != nil {
			d.kill()
		}
		if t.Failed() {
			t.Logf("standard error: %s", d.stderr.String())
		}
	})
	return d
}

// start starts the server and waits until it is ready.
func (d *daemon) start() {
	d.t.Helper()
	ready, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(d.dir, "ready"), Net: "unixgram"})
	if err != nil {
		d.t.Fatal(err)
	}
	defer os.Remove(filepath.Join(d.dir, "ready"))
	defer ready.Close()
	d.cmd = exec.Command(d.binary, "serve", "-C", filepath.Join(d.dir, "serve.toml"))
	d.cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+filepath.Join(d.dir, "ready"))
	d.cmd.Stderr = &d.stderr
	if err := d.cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	ready.SetReadDeadline(time.Now().Add(time.Minute))
	if _, err := ready.Read(make([]byte, 64)); err != nil {
		d.t.Fatalf("serve does not get ready: %v\n%s", err, d.stderr.String())
	}
}

// kill ends the server as a crash does.
func (d *daemon) kill() {
	d.cmd.Process.Signal(syscall.SIGKILL)
	d.cmd.Wait()
	d.cmd = nil
}

// waiting is how many messages are in the queue.
func (d *daemon) waiting() int {
	names, err := os.ReadDir(filepath.Join(d.dir, "queue", "message"))
	if err != nil {
		d.t.Error(err)
	}
	n := 0
	for _, name := range names {
		if name.Name()[0] != '.' { // what a crash cut off
			n++
		}
	}
	return n
}

// peakOf is the most memory that a process had, in KiB.
func peakOf(pid int) int { return numberIn(fmt.Sprintf("/proc/%d/status", pid), "VmHWM") }

// numberIn is a number in a file of lines such as those of /proc/PID/status.
func numberIn(file, name string) int {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(text) {
		if key, value, ok := bytes.Cut(line, []byte(":")); ok && string(key) == name {
			n, _ := strconv.Atoi(string(bytes.Fields(value)[0]))
			return n
		}
	}
	return 0
}

// processorOf is the processor time that a process has used.
func processorOf(pid int) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	const user, system, tick = 11, 12, 10 * time.Millisecond // proc(5), counted from the state; USER_HZ is 100
	u, _ := strconv.Atoi(string(fields[user]))
	k, _ := strconv.Atoi(string(fields[system]))
	return time.Duration(u+k) * tick
}
