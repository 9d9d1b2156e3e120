package serve

import (
	"golang.org/x/sys/unix"
)

// peerUID is the user id at the other end of a Unix socket, unix(7).
func peerUID(fd int) (int, error) {
	c, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return -1, err
	}
	return int(c.Uid), nil
}
