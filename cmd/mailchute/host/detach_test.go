package host

import (
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// A caller's lock or pipe must not stay open in a queue run that outlives both.
func TestWhatTheCallerLeftOpenIsNotPassedOn(t *testing.T) {
	var pipe [2]int
	if err := syscall.Pipe(pipe[:]); err != nil { // as a shell's 9>lock: open across exec
		t.Fatal(err)
	}
	defer syscall.Close(pipe[0])
	defer syscall.Close(pipe[1])
	leaveBehind()
	for _, fd := range pipe {
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
			t.Errorf("descriptor %d: flags %#x, %v", fd, flags, err)
		}
	}
	if flags, err := unix.FcntlInt(2, unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC != 0 {
		t.Errorf("standard error: flags %#x, %v", flags, err)
	}
}
