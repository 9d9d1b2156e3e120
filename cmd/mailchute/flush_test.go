package main

import (
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mailchute/cmd/mailchute/post"
	"mailchute/cmd/mailchute/sendmail"
	"mailchute/inject"
)

// A caller's lock or pipe must not stay open in a queue run that outlives both.
func TestWhatTheCallerLeftOpenIsNotPassedOn(t *testing.T) {
	var pipe [2]int
	if err := syscall.Pipe(pipe[:]); err != nil { // as a shell's 9>lock: open across exec
		t.Fatal(err)
	}
	defer syscall.Close(pipe[0])
	defer syscall.Close(pipe[1])
	post.LeaveBehind()
	for _, fd := range pipe {
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
			t.Errorf("descriptor %d: flags %#x, %v", fd, flags, err)
		}
	}
	if flags, err := unix.FcntlInt(2, unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC != 0 {
		t.Errorf("standard error: flags %#x, %v", flags, err)
	}
}

func TestRunsInTheBackgroundAreThoseThatWereAskedFor(t *testing.T) {
	for _, want := range []inject.Runner{
		{Every: 15 * time.Minute},
		{Every: 90 * time.Second, ID: "36", Recipient: "@x.example", Sender: "f"},
	} {
		a, err := inject.ParseArgs(sendmail.RunnerArgs(want))
		if err != nil {
			t.Fatal(err)
		}
		want.Foreground = true
		if a.Runner != want || a.Mode != inject.Flush {
			t.Errorf("%+v becomes %+v", want, a.Runner)
		}
	}
}
