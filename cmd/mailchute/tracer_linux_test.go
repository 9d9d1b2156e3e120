package main

import (
	"os/exec"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// counted tells whether a system call counts: those that change something
// outside of the process, or tell it of the outside.
func counted(nr uint64) bool {
	switch nr {
	case unix.SYS_OPENAT, unix.SYS_CLOSE, unix.SYS_READ, unix.SYS_PREAD64, unix.SYS_WRITE, unix.SYS_PWRITE64, unix.SYS_WRITEV,
		unix.SYS_SENDTO, unix.SYS_SENDMSG, unix.SYS_RECVFROM, unix.SYS_RECVMSG, unix.SYS_CONNECT, unix.SYS_SENDFILE, unix.SYS_COPY_FILE_RANGE,
		unix.SYS_FSYNC, unix.SYS_FDATASYNC, unix.SYS_RENAMEAT, unix.SYS_RENAMEAT2, unix.SYS_UNLINKAT, unix.SYS_MKDIRAT, unix.SYS_LINKAT,
		unix.SYS_UTIMENSAT, unix.SYS_FTRUNCATE, unix.SYS_FLOCK, unix.SYS_FCHMOD, unix.SYS_FCHOWN, unix.SYS_FCHOWNAT:
		return true
	}
	return false
}

// runTraced runs a command, all its threads, and kills it when it comes back from
// its n-th system call that counts. killed is false when it ended before.
func runTraced(cmd *exec.Cmd, n int) (status int, killed bool, err error) {
	runtime.LockOSThread() // ptrace(2) is for one thread
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true, Setpgid: true}
	if err := cmd.Start(); err != nil {
		return -1, false, err
	}
	pid := cmd.Process.Pid
	defer cmd.Process.Release()
	var ws syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &ws, syscall.WALL, nil); err != nil { // stopped at execve
		return -1, false, err
	}
	const traceSysGood, exitKill = 1, 0x100000
	if err := syscall.PtraceSetOptions(pid, traceSysGood|exitKill|syscall.PTRACE_O_TRACECLONE); err != nil {
		return -1, false, err
	}
	t := tracee{pid: pid, last: n, inside: map[int]uint64{}}
	if err := syscall.PtraceSyscall(pid, 0); err != nil {
		return -1, false, err
	}
	for {
		tid, err := syscall.Wait4(-pid, &ws, syscall.WALL, nil)
		switch {
		case err == syscall.EINTR:
		case err != nil:
			return -1, t.killed, err
		case !ws.Stopped():
			if tid == pid {
				return ws.ExitStatus(), t.killed, nil
			}
		default:
			t.goOn(tid, ws)
		}
	}
}

// tracee is a process that is being watched.
type tracee struct {
	pid    int
	last   int            // the call after which it is killed
	calls  int            // that counted, so far
	inside map[int]uint64 // the call in which a thread is
	killed bool
}

// goOn looks at why a thread has stopped and lets it go on.
func (t *tracee) goOn(tid int, ws syscall.WaitStatus) {
	deliver := 0
	switch sig := ws.StopSignal(); {
	case sig == syscall.SIGTRAP|0x80:
		if t.step(tid); t.calls == t.last && !t.killed {
			t.killed = true
			syscall.Kill(t.pid, syscall.SIGKILL)
			return
		}
	case sig != syscall.SIGTRAP && sig != syscall.SIGSTOP: // SIGSTOP begins a thread
		deliver = int(sig)
	}
	syscall.PtraceSyscall(tid, deliver) // an error says that it is dead
}

// step counts a call when it ends.
func (t *tracee) step(tid int) {
	const getSyscallInfo, entry, exit = 0x420e, 1, 2 // PTRACE_GET_SYSCALL_INFO and its values of op
	var info struct {
		op   uint8
		_    [3]uint8
		arch uint32
		ip   uint64
		sp   uint64
		nr   uint64 // at entry
		args [6]uint64
	}
	if _, _, errno := unix.Syscall6(unix.SYS_PTRACE, getSyscallInfo, uintptr(tid), unsafe.Sizeof(info), uintptr(unsafe.Pointer(&info)), 0, 0); errno != 0 {
		return
	}
	switch info.op {
	case entry:
		t.inside[tid] = info.nr
	case exit:
		if counted(t.inside[tid]) {
			t.calls++
		}
	}
}
