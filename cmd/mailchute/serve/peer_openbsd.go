package serve

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// peerUID is the user id at the other end of a Unix socket, getsockopt(2). The
// kernel gives a struct sockpeercred of 12 octets, the user id first; of the
// functions at hand, the one for struct ipv6_mreq asks for plain octets and has
// room for them.
func peerUID(fd int) (int, error) {
	c, err := unix.GetsockoptIPv6Mreq(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return -1, err
	}
	return int(binary.NativeEndian.Uint32(c.Multiaddr[:])), nil
}
