package post

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// StartDetached runs this program in a session of its own, with nothing to read
// from and nowhere to write to.
func StartDetached(args []string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	LeaveBehind()
	cmd := exec.Command(self, args...)
	cmd.Args[0] = "mailchute" // a copy of this program may be called sendmail, and would take args for recipients
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("cannot start %s: %w", self, err)
	}
	return cmd.Process.Release()
}

// LeaveBehind keeps from the processes that outlive us what our caller left open
// in us: a lock would stay held, and who reads a pipe to its end would wait.
func LeaveBehind() {
	open, _ := os.ReadDir("/dev/fd")
	for _, entry := range open {
		if fd, err := strconv.Atoi(entry.Name()); err == nil && fd > 2 {
			syscall.CloseOnExec(fd)
		}
	}
}
