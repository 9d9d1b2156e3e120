//go:build linux || darwin || freebsd

package machine

import "golang.org/x/sys/unix"

// Space is how many octets and how many files more a file system takes; ok is
// false when it does not say. A file system without a fixed number of files takes
// any number.
func Space(dir string) (octets, files uint64, ok bool) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, 0, false
	}
	files = uint64(s.Ffree)
	if s.Files == 0 {
		files = 1 << 40
	}
	return uint64(s.Bavail) * uint64(s.Bsize), files, true
}
