package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestNothingIsLostWhenTheDiskFails lets system calls fail that write: one of
// them, or all from one on, for want of space or because the disk is broken. What
// was accepted with status 0 is delivered, and what was not left nothing behind
// that is. By hand each call fails in each way:
//
//	MAILCHUTE_KILL=all go test -run DiskFails -v -timeout 1h ./cmd/mailchute
func TestNothingIsLostWhenTheDiskFails(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("strace is needed, which makes system calls fail")
	}
	all := os.Getenv("MAILCHUTE_KILL") == "all"
	faults, number := 0, 0
	for i := range scenes {
		for _, calls := range []string{"write,pwrite64", "fsync,fdatasync", "renameat,renameat2", "openat,mkdirat,utimensat"} {
			for _, errno := range []string{"ENOSPC", "EIO"} {
				for _, more := range []string{"", "+"} {
					number++
					f := fault{&scenes[i], calls, errno, more}
					for n := 1; all && f.strike(t, n); n++ {
						faults++
					}
					if !all && number%3 == 0 && f.strike(t, 1+number%7) {
						faults++
					}
				}
			}
		}
	}
	t.Logf("%d faults, no message lost", faults)
	if faults < 10 {
		t.Errorf("only %d faults", faults)
	}
}

// fault is system calls that fail in a scene.
type fault struct {
	scene *scene
	calls string
	errno string
	more  string // "+": not one call fails, but all from it on
}

// strike lets the n-th call of a thread fail, and tells whether there was one.
func (f fault) strike(t *testing.T, n int) (hit bool) {
	t.Helper()
	s := newStage(t, f.scene)
	defer s.end()
	status, said, hit := s.faulty(f.scene, f.calls, fmt.Sprintf("%s:when=%d%s", f.errno, n, f.more))
	s.judge(f.scene, fmt.Sprintf("%s, %s fails with %s at call %d%s", f.scene.name, f.calls, f.errno, n, f.more), status, said)
	return hit
}

// faulty runs the scene under strace, which makes calls fail, and tells whether
// one did.
func (s *stage) faulty(sc *scene, calls, how string) (status int, said string, hit bool) {
	s.Helper()
	trace := filepath.Join(s.dir, "trace")
	args := append([]string{"strace", "-f", "--seccomp-bpf", "-qq", "-o", trace, "-e", "trace=" + calls, "-e", "signal=none", "-e", "inject=" + calls + ":error=" + how}, sc.args...)
	cmd := s.command(args...)
	var out strings.Builder
	cmd.Stderr = &out
	status = exitCode(cmd.Run())
	if strings.Contains(out.String(), "PTRACE") {
		s.Skipf("strace cannot trace here: %s", out.String())
	}
	text, err := os.ReadFile(trace)
	if err != nil {
		s.Fatal(err)
	}
	return status, out.String(), bytes.Contains(text, []byte("(INJECTED)"))
}
