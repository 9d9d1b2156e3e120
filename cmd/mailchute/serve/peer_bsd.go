//go:build freebsd || darwin

package serve

import "golang.org/x/sys/unix"

// solLocal is SOL_LOCAL, the level of options of Unix sockets.
const solLocal = 0

// peerUID is the user id at the other end of a Unix socket, unix(4).
func peerUID(fd int) (int, error) {
	c, err := unix.GetsockoptXucred(fd, solLocal, unix.LOCAL_PEERCRED)
	if err != nil {
		return -1, err
	}
	return int(c.Uid), nil
}
