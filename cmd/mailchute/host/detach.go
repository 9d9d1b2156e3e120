package host

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// Detached is this program with other arguments, in a session of its own, with
// nothing to read from and nowhere to write to. It is not started.
func Detached(args ...string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, args...)
	cmd.Args[0] = "mailchute" // the file may be called sendmail, which would take args for recipients
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd, nil
}

// StartDetached leaves a Detached program behind.
func StartDetached(args ...string) error {
	cmd, err := Detached(args...)
	if err != nil {
		return err
	}
	leaveBehind()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("cannot start %s: %w", cmd.Path, err)
	}
	return cmd.Process.Release()
}

// leaveBehind keeps from the processes that outlive us what our caller left open
// in us: a lock would stay held, and who reads a pipe to its end would wait.
func leaveBehind() {
	open, _ := os.ReadDir("/dev/fd")
	for _, entry := range open {
		if fd, err := strconv.Atoi(entry.Name()); err == nil && fd > 2 {
			syscall.CloseOnExec(fd)
		}
	}
}
