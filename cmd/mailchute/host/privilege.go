package host

import (
	"fmt"
	"os"
	"syscall"
)

// BecomeOwner makes a directory the working directory and turns root, for good,
// into the user who owns it.
func BecomeOwner(dir string) error {
	if err := os.Chdir(dir); err != nil {
		return err
	}
	info, err := os.Stat(".")
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || owner.Uid == 0 {
		return nil
	}
	if err := syscall.Setgroups([]int{int(owner.Gid)}); err != nil {
		return err
	}
	if err := syscall.Setregid(int(owner.Gid), int(owner.Gid)); err != nil {
		return err
	}
	return syscall.Setreuid(int(owner.Uid), int(owner.Uid))
}

// DropPrivileges gives up what the process may beyond its caller: a set-uid or
// set-gid bit on this program gives nothing, nor does a set-uid program that runs
// us in the middle of its work. The environment is the caller's, and it names the
// configuration, with its commands and files.
func DropPrivileges() error {
	uid, gid := os.Getuid(), os.Getgid()
	if os.Geteuid() == uid && os.Getegid() == gid {
		return nil
	}
	if err := syscall.Setregid(gid, gid); err != nil {
		return fmt.Errorf("cannot give up the privileges of group %d: %w", os.Getegid(), err)
	}
	if err := syscall.Setreuid(uid, uid); err != nil { // with the saved id, setreuid(2)
		return fmt.Errorf("cannot give up the privileges of user %d: %w", os.Geteuid(), err)
	}
	return nil
}
