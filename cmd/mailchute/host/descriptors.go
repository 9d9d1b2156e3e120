package host

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// fewest is how many descriptors a send needs besides the standard ones: two to
// wait for the network with, a socket, and two files.
const fewest = 5

// Descriptors is how many this process can have open.
func Descriptors() uint64 {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 1024 // the least that systems give
	}
	return uint64(limit.Cur)
}

// CheckDescriptors tells whether so many can be opened. Where they cannot, the
// runtime would end the program without a word that a caller could understand.
func CheckDescriptors() error {
	for i := range fewest {
		fd, err := unix.FcntlInt(0, unix.F_DUPFD_CLOEXEC, 3)
		if errors.Is(err, unix.EINVAL) { // the limit is 3 or less
			err = unix.EMFILE
		}
		if errors.Is(err, unix.EMFILE) {
			return fmt.Errorf("%d descriptors are free, and %d are needed: %w", i, fewest, err)
		}
		if err != nil {
			return nil // another limit than this
		}
		defer unix.Close(fd)
	}
	return nil
}
