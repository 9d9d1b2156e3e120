package serve

import (
	"golang.org/x/sys/unix"
)

// undumpable shuts /proc/PID/mem, /proc/PID/environ and ptrace to all but root,
// prctl(2). Commands that are run start with a clean slate.
func undumpable() { _ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) }
